import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

import { createRandom } from '../../../src/sandbox/random.ts';

/** A redis-server of its own, which keeps nothing on disk. */
export interface Redis {
  /** In the place of `REDIS_URL`. */
  url: string;
  /** Kills it as a crash would, and starts another, empty, at the same place after a while. */
  crash(downMs: number): Promise<void>;
  /** It stands still for a while, its connections open. */
  pause(milliseconds: number): Promise<void>;
  end: () => Promise<void>;
}

/** A program is missing; the message says what to do. */
export class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

/** Ends what it has started as soon as its input closes, which it does however this program ends. */
const KEEPER = '"$@" >/dev/null 2>&1 & echo $!; read -r _; kill -9 $!; wait';
/** Below those ports that the system gives to outgoing connections: one of them could take it while nothing listens there. */
const PORTS = { from: 20_000, to: 29_999 };
const START_TIME_MS = 10_000;

/** Throws a `NotInstalled` where there is no redis-server. */
export async function startRedis(seed: number): Promise<Redis> {
  await checkInstalled();
  const port = await freePort(seed);
  let server = await start(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    async crash(downMs) {
      await server.end();
      await wait(downMs);
      server = await start(port);
    },
    async pause(milliseconds) {
      process.kill(server.pid, 'SIGSTOP');
      await wait(milliseconds);
      process.kill(server.pid, 'SIGCONT');
    },
    end: async () => server.end(),
  };
}

async function checkInstalled(): Promise<void> {
  const child = spawn('redis-server', ['--version'], { stdio: 'ignore' });
  const [code] = await once(child, 'exit').catch(() => [-1]);
  if (code !== 0) throw new NotInstalled('There is no redis-server here. Install it: apt-get install redis-server');
}

async function start(port: number): Promise<{ pid: number; end: () => Promise<void> }> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', 'redis-server', ...settings], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(keeper, 'exit');
  const pid = await readPid(keeper);
  const end = async (): Promise<void> => {
    keeper.stdin.end();
    await exited;
  };
  for (const began = Date.now(); !(await isListening(port)); await wait(50)) {
    if (Date.now() - began < START_TIME_MS) continue;
    await end();
    throw new Error(`redis-server did not begin to listen on ${port}.`);
  }
  return { pid, end };
}

async function readPid({ stdout }: ChildProcessByStdio<Writable, Readable, null>): Promise<number> {
  const lines: unknown[] = await once(stdout, 'data');
  return Number(String(lines[0]));
}

async function freePort(seed: number): Promise<number> {
  const random = createRandom(seed);
  for (;;) {
    const port = random.between(PORTS.from, PORTS.to);
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
