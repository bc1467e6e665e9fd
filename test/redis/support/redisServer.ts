import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { afterTest } from './cleanUp.ts';
import { freePort } from './ports.ts';

/** Debian's, unless it is said where another one is. */
const PROGRAM = process.env['REDIS_SERVER'] ?? '/usr/bin/redis-server';

/** A real Redis on a port of its own, which keeps nothing when it ends. */
export interface RedisServer {
  port: number;
  /** With the password, where there is one. */
  url: string;
  /** Again on the same port, and empty. */
  start(): Promise<void>;
  /** At once, as when its machine fails. */
  kill(): Promise<void>;
  /** It is there, and says nothing. */
  pause(): void;
  resume(): void;
}

export async function startRedis({ password = '' } = {}): Promise<RedisServer> {
  if (!existsSync(PROGRAM)) {
    throw new Error(`There is no ${PROGRAM}: install redis-server, or say in REDIS_SERVER where it is.`);
  }
  const port = await freePort();
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    child = await spawnRedis(port, password);
  }

  async function kill(): Promise<void> {
    const dying = child;
    child = null;
    if (dying === null) return;
    const ended = once(dying, 'exit');
    dying.kill('SIGKILL');
    await ended;
  }

  afterTest(kill);
  await start();
  return {
    port,
    url: `redis://${password === '' ? '' : `:${password}@`}127.0.0.1:${port}`,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

async function spawnRedis(port: number, password: string): Promise<ChildProcess> {
  const options = ['--port', String(port), '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'];
  const secret = password === '' ? [] : ['--requirepass', password];
  const child = spawn(PROGRAM, [...options, ...secret], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.includes('Ready to accept connections')) resolve();
  });
  child.once('exit', () => reject(new Error(`Redis has ended: ${printed}`)));
  await promise;
  return child;
}
