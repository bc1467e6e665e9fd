import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { afterTest } from './cleanUp.ts';
import { freePort } from '../../support/ports.ts';

/** Debian's path, unless the environment variable names another one. */
const REDIS_SERVER = process.env['REDIS_SERVER'] ?? '/usr/bin/redis-server';

/** A real Redis server on a port of its own, without persistence. */
export interface RedisServer {
  port: number;
  /** Includes the password, if there is one. */
  url: string;
  /** Starts the server again on the same port, without data. */
  start(): Promise<void>;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Suspends the process: connections stay open, but no command is answered. */
  pause(): void;
  resume(): void;
}

export async function startRedis({ password = '' } = {}): Promise<RedisServer> {
  if (!existsSync(REDIS_SERVER)) {
    throw new Error(`${REDIS_SERVER} does not exist. Install redis-server, or set REDIS_SERVER to its path.`);
  }
  const port = await freePort();
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    child = await spawnRedis(port, password);
  }

  async function kill(): Promise<void> {
    const running = child;
    child = null;
    if (running === null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
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
  const authentication = password === '' ? [] : ['--requirepass', password];
  const child = spawn(REDIS_SERVER, [...options, ...authentication], {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes('Ready to accept connections')) resolve();
  });
  child.once('exit', () => reject(new Error(`Redis exited: ${output}`)));
  await promise;
  return child;
}
