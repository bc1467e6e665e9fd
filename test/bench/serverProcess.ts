import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { numberAt } from './jsonPath.ts';

/** A server that runs in its own process. */
export interface ServerProcess {
  /** URL without a path. */
  origin: string;
  usage(): Promise<ProcessUsage>;
  stop: () => Promise<void>;
}

/** Resources that a process has used since its start. */
export interface ProcessUsage {
  /** User and system time of all threads. */
  cpuMicroseconds: number;
  /** Allocated on V8's heap; buffers are elsewhere. */
  allocatedBytes: number;
  residentBytes: number;
}

const PRELOAD = new URL('reportUsage.ts', import.meta.url).href;
/** The project's root folder. */
export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Generous, because gateways that compose a schema start slowly on a busy machine. */
const START_TIMEOUT_MS = 300_000;

/** Runs a TypeScript file of the project. Resolves when the program has printed its URL. */
export async function startServerProcess(file: string, env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--import', PRELOAD, file], {
    cwd: PROJECT_ROOT,
    env: {
      PATH: process.env['PATH'],
      // Tests set it, to start faster.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      NODE_ENV: 'production',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    return { origin: await waitForOrigin(child, file), usage: async () => requestUsage(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves with the origin of the first URL that the process prints. Rejects if the process exits or the start times out. */
export async function waitForOrigin(child: ChildProcess, name: string): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (problem: string) => reject(new Error(`${name} ${problem}: ${output.slice(-2000)}`));
    const timer = setTimeout(() => fail('did not print its URL in time'), START_TIMEOUT_MS);
    child.once('exit', () => fail('exited'));
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      const origin = /(http:\/\/[\w.[\]:]+:\d+)\S*\s/.exec(output)?.[1];
      if (origin === undefined) return;
      clearTimeout(timer);
      // Later output must still be read: a full pipe would block the program.
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', onOutput).resume();
      resolve(origin);
    };
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
  });
}

async function requestUsage(child: ChildProcess): Promise<ProcessUsage> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  child.send('usage');
  const usage = await promise;
  return {
    cpuMicroseconds: numberAt(usage, 'cpuMicroseconds'),
    allocatedBytes: numberAt(usage, 'allocatedBytes'),
    residentBytes: numberAt(usage, 'residentBytes'),
  };
}
