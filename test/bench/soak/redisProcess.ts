import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

import { createRandom } from '../../../src/sandbox/random.ts';

/** A redis-server that stores nothing on disk. */
export interface RedisProcess {
  /** The value for the gateway's `REDIS_URL`. */
  url: string;
  /** Kills the server and starts an empty one on the same port `downMs` later. */
  crash(downMs: number): Promise<void>;
  /** Suspends the server. Its connections stay open. */
  pause(durationMs: number): Promise<void>;
  stop: () => Promise<void>;
}

/** redis-server is missing. The message says how to install it. */
export class RedisNotInstalledError extends Error {
  override readonly name = 'RedisNotInstalledError';
}

/** A shell script that kills redis-server when its standard input closes, and so however this program ends. */
const SUPERVISOR = '"$@" >/dev/null 2>&1 & echo $!; read -r _; kill -9 $!; wait';
/** Below the system's ephemeral ports: an outgoing connection could take one of those while Redis is down. */
const MIN_PORT = 20_000;
const MAX_PORT = 29_999;
const START_TIMEOUT_MS = 10_000;

/** Starts redis-server on a random free port. Throws a `RedisNotInstalledError` if there is no redis-server. */
export async function startRedis(seed: number): Promise<RedisProcess> {
  await checkInstalled();
  const port = await findFreePort(seed);
  let server = await start(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    async crash(downMs) {
      await server.stop();
      await wait(downMs);
      server = await start(port);
    },
    async pause(durationMs) {
      process.kill(server.pid, 'SIGSTOP');
      await wait(durationMs);
      process.kill(server.pid, 'SIGCONT');
    },
    stop: async () => server.stop(),
  };
}

async function checkInstalled(): Promise<void> {
  const child = spawn('redis-server', ['--version'], { stdio: 'ignore' });
  const [code] = await once(child, 'exit').catch(() => [-1]);
  if (code !== 0)
    throw new RedisNotInstalledError('redis-server is not installed. Install it: apt-get install redis-server');
}

async function start(port: number): Promise<{ pid: number; stop: () => Promise<void> }> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const supervisor = spawn('sh', ['-c', SUPERVISOR, 'sh', 'redis-server', ...settings], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(supervisor, 'exit');
  const pid = await readPid(supervisor);
  const stop = async (): Promise<void> => {
    supervisor.stdin.end();
    await exited;
  };
  for (const startedAt = Date.now(); !(await isListening(port)); await wait(50)) {
    if (Date.now() - startedAt < START_TIMEOUT_MS) continue;
    await stop();
    throw new Error(`redis-server did not listen on port ${port} in time.`);
  }
  return { pid, stop };
}

async function readPid({ stdout }: ChildProcessByStdio<Writable, Readable, null>): Promise<number> {
  const lines: unknown[] = await once(stdout, 'data');
  return Number(String(lines[0]));
}

async function findFreePort(seed: number): Promise<number> {
  const random = createRandom(seed);
  for (;;) {
    const port = random.between(MIN_PORT, MAX_PORT);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
