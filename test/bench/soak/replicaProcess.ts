import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { at, numberAt } from '../jsonPath.ts';
import { PROJECT_ROOT, waitForOrigin } from '../serverProcess.ts';
import { increment } from './counters.ts';

/** How a replica is stopped: `SIGTERM` shuts it down gracefully, `SIGKILL` simulates a crash. */
export type StopSignal = 'SIGTERM' | 'SIGKILL';

/** The resources that a process uses after garbage collection. */
export interface ResourceUsage {
  heapBytes: number;
  residentBytes: number;
  /** Open socket descriptors; -1 on systems that do not show them. */
  sockets: number;
  /** The number of resources that keep the event loop alive, by type. */
  resources: Record<string, number>;
}

/** A gateway that runs in its own process. */
export interface ReplicaProcess {
  name: string;
  /** URL without a path. */
  origin: string;
  /** The signal that `stop` has sent, or null if `stop` has not been called. */
  stopSignal(): StopSignal | null;
  /** The number of log lines of level `error` or above, by message. */
  loggedErrors: ReadonlyMap<string, number>;
  measureResources(): Promise<ResourceUsage>;
  /** Resolves when the process has exited: with a description of the problem, or null if it exited as it should. */
  stop(signal: StopSignal): Promise<string | null>;
  /** Resolves with a description if the process exits without a call of `stop`. */
  unexpectedExit: Promise<string>;
}

const PRELOAD = new URL('reportResources.ts', import.meta.url).href;
const DRAIN_TIMEOUT_MS = 60_000;

/** Starts a replica. Resolves when it listens. */
export async function startReplicaProcess(name: string, env: Record<string, string>): Promise<ReplicaProcess> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', PRELOAD, 'src/node.ts'], {
    cwd: PROJECT_ROOT,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  const log = followLog(child);
  let stopSignal: StopSignal | null = null;
  const unexpectedExit = Promise.withResolvers<string>();
  child.once('exit', (code, signal) => {
    if (stopSignal === null) unexpectedExit.resolve(`${name} exited unexpectedly (${code ?? signal}): ${log.tail()}`);
  });
  try {
    return {
      name,
      origin: await waitForOrigin(child, `replica ${name}`),
      stopSignal: () => stopSignal,
      loggedErrors: log.errors,
      measureResources: async () => Promise.race([requestResources(child), unexpectedExit.promise.then(fail)]),
      async stop(signal) {
        stopSignal = signal;
        child.kill(signal);
        const killTimer = setTimeout(() => child.kill('SIGKILL'), DRAIN_TIMEOUT_MS);
        await exited;
        clearTimeout(killTimer);
        const isExpected = signal === 'SIGKILL' || child.exitCode === 0;
        return isExpected
          ? null
          : `${name} exited with ${child.exitCode ?? child.signalCode} after SIGTERM: ${log.tail()}`;
      },
      unexpectedExit: unexpectedExit.promise,
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function fail(message: string): never {
  throw new Error(message);
}

async function requestResources(child: ChildProcess): Promise<ResourceUsage> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  // A process that has exited cannot reply; `unexpectedExit` then rejects the measurement.
  if (child.connected) child.send('measure');
  const usage = await promise;
  const resources = at(usage, 'resources');
  return {
    heapBytes: numberAt(usage, 'heapBytes'),
    residentBytes: numberAt(usage, 'residentBytes'),
    sockets: numberAt(usage, 'sockets'),
    resources: Object.fromEntries(
      Object.keys(resources ?? {}).map((type): [string, number] => [type, numberAt(resources, type)]),
    ),
  };
}

/** Reads all output, because a full pipe would block the replica. Counts logged errors and stores the last lines. */
function followLog(child: ChildProcess): { errors: Map<string, number>; tail: () => string } {
  const errors = new Map<string, number>();
  let tail = '';
  const follow = (stream: ChildProcess['stdout']): void => {
    let partialLine = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      tail = (tail + chunk).slice(-2000);
      const lines = (partialLine + chunk).split('\n');
      partialLine = (lines.pop() ?? '').slice(0, 100_000);
      for (const message of lines.map(parseErrorMessage)) if (message !== null) increment(errors, message);
    });
  };
  follow(child.stdout);
  follow(child.stderr);
  return { errors, tail: () => tail };
}

/** Returns the message of a log line of level `error` or above, or null for any other line. */
function parseErrorMessage(line: string): string | null {
  try {
    const entry: unknown = JSON.parse(line);
    const level = at(entry, 'level');
    const isError = level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
    return isError ? String(at(entry, 'message') ?? at(entry, 'msg')) : null;
  } catch {
    return null;
  }
}
