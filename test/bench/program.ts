import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { numberAt } from './json.ts';

/** A server in a process of its own. */
export interface Program {
  /** Where it listens, without a path. */
  origin: string;
  usage(): Promise<Usage>;
  end: () => Promise<void>;
}

/** What a process has used since its start. */
export interface Usage {
  /** Of all its threads, in user and in system mode. */
  cpuMicroseconds: number;
  residentBytes: number;
}

const PRELOAD = new URL('preload.ts', import.meta.url).href;
/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How long a program may take until it says where it listens: a gateway that composes a schema first takes long on a busy machine. */
const START_TIME_MS = 300_000;

/** Starts a TypeScript file of the project; resolves once it has printed the address that it listens at. */
export async function startProgram(file: string, env: Record<string, string>): Promise<Program> {
  const child = spawn(process.execPath, ['--import', PRELOAD, file], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    return { origin: await readOrigin(child, file), usage: async () => usageOf(child), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Where a program listens, once it has printed that. */
export async function readOrigin(child: ChildProcess, file: string): Promise<string> {
  let printed = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${file} ${why}: ${printed.slice(-2000)}`));
    const timer = setTimeout(() => fail('did not say where it listens'), START_TIME_MS);
    child.once('exit', () => fail('ended'));
    const look = (chunk: Buffer): void => {
      // What comes later is read and dropped: a pipe that nobody empties would stop the program.
      if (printed.length < 100_000) printed += chunk.toString();
      const origin = /(http:\/\/[\w.[\]:]+:\d+)\S*\s/.exec(printed)?.[1];
      if (origin === undefined) return;
      clearTimeout(timer);
      resolve(origin);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
  });
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  child.send('usage');
  const message = await promise;
  return {
    cpuMicroseconds: numberAt(message, 'cpuMicroseconds'),
    residentBytes: numberAt(message, 'residentBytes'),
  };
}
