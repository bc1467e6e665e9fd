import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { at, numberAt } from '../json.ts';
import { readOrigin, ROOT } from '../program.ts';
import { countUp } from './tally.ts';

/** How a replica is ended: in order, or as a crash would. */
export type Ending = 'SIGTERM' | 'SIGKILL';

/** What a process holds once everything that can be collected is. */
export interface Held {
  heapBytes: number;
  residentBytes: number;
  /** Open socket descriptors; -1 where the system does not show them. */
  sockets: number;
  /** How many of each kind keep its event loop busy. */
  resources: Record<string, number>;
}

/** A gateway in a process of its own. */
export interface Replica {
  name: string;
  /** Where it listens, without a path. */
  origin: string;
  /** How it was told to end; null: it was not. */
  ending(): Ending | null;
  /** Its log lines of the level `error`, by their message. */
  errors: ReadonlyMap<string, number>;
  look(): Promise<Held>;
  /** Resolves once it has ended, with what was wrong with the way it did; null: nothing. */
  end(how: Ending): Promise<string | null>;
  /** Resolves if it ends without having been told to, with its last words. */
  accident: Promise<string>;
}

const PRELOAD = new URL('preload.ts', import.meta.url).href;
/** How long one that drains may take, in milliseconds. */
const MOST_DRAIN_TIME = 60_000;

/** Starts one; resolves once it listens. */
export async function startReplica(name: string, env: Record<string, string>): Promise<Replica> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', PRELOAD, 'src/node.ts'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const log = readLog(child);
  let ending: Ending | null = null;
  const accident = Promise.withResolvers<string>();
  child.once('exit', (code, signal) => {
    if (ending === null) accident.resolve(`${name} ended by itself (${code ?? signal}): ${log.tail()}`);
  });
  try {
    return {
      name,
      origin: await readOrigin(child, `replica ${name}`),
      ending: () => ending,
      errors: log.errors,
      look: async () => Promise.race([lookAt(child), accident.promise.then(fail)]),
      async end(how) {
        ending = how;
        child.kill(how);
        const cutOff = setTimeout(() => child.kill('SIGKILL'), MOST_DRAIN_TIME);
        await exited;
        clearTimeout(cutOff);
        const isInOrder = how === 'SIGKILL' || child.exitCode === 0;
        return isInOrder ? null : `${name} drained with ${child.exitCode ?? child.signalCode}: ${log.tail()}`;
      },
      accident: accident.promise,
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function fail(why: string): never {
  throw new Error(why);
}

async function lookAt(child: ChildProcess): Promise<Held> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  // Whoever has ended cannot be asked: that tells of itself.
  if (child.connected) child.send('look');
  const held = await promise;
  const resources = at(held, 'resources');
  return {
    heapBytes: numberAt(held, 'heapBytes'),
    residentBytes: numberAt(held, 'residentBytes'),
    sockets: numberAt(held, 'sockets'),
    resources: Object.fromEntries(
      Object.keys(resources ?? {}).map((type): [string, number] => [type, numberAt(resources, type)]),
    ),
  };
}

/** Reads all that it says, since a pipe that nobody empties would stop it; keeps the end, and counts the errors. */
function readLog(child: ChildProcess): { errors: Map<string, number>; tail: () => string } {
  const errors = new Map<string, number>();
  let kept = '';
  const read = (stream: ChildProcess['stdout']): void => {
    let line = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      kept = (kept + chunk).slice(-2000);
      const lines = (line + chunk).split('\n');
      line = (lines.pop() ?? '').slice(0, 100_000);
      for (const message of lines.map(errorIn)) if (message !== null) countUp(errors, message);
    });
  };
  read(child.stdout);
  read(child.stderr);
  return { errors, tail: () => kept };
}

/** The message of a log line of the level `error`; null for every other line. */
function errorIn(line: string): string | null {
  try {
    const entry: unknown = JSON.parse(line);
    const level = at(entry, 'level');
    const isError = level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
    return isError ? String(at(entry, 'message') ?? at(entry, 'msg')) : null;
  } catch {
    return null;
  }
}
