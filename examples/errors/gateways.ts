import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { createGateway } from '../../src/server/gateway.ts';
import type { Setup } from './setups.ts';

/** A gateway to send requests to. */
export interface RunningGateway {
  /** The URL of GraphQL. */
  url: string;
  /** The origin of its sandbox's control API; null if no sandbox is needed. */
  sandbox: string | null;
  close: () => Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../src/start.ts', import.meta.url));

/** Starts the gateway with its sandbox as `npm start` does, on free ports. Rejects if it ends before it listens. */
export async function startGateway({ settings, files = {} }: Setup): Promise<RunningGateway> {
  const folder = await mkdtemp(path.join(tmpdir(), 'errors-'));
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), JSON.stringify(content));
  const env = { PATH: process.env['PATH'], PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'silent', ...settings };
  const child = spawn(process.execPath, [PROGRAM], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let banner = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    banner += String(chunk);
    const url = /http:\S+\/graphql/.exec(banner)?.[0];
    const sandbox = /the sandbox at (http:\/\/[^/]+)/.exec(banner)?.[1];
    if (url !== undefined && sandbox !== undefined) return { url, sandbox, close };
  }
  await close();
  throw new Error('The gateway did not start.');

  async function close(): Promise<void> {
    child.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
}

/** Starts a gateway with a simulated bug: its HTTP client throws an error that nothing expects. */
export async function startBrokenGateway(): Promise<RunningGateway> {
  const gateway = createGateway({
    upstream: {
      baseUrl: 'http://127.0.0.1',
      accountId: 'account',
      appId: 'app',
      token: 'token',
      attemptTimeoutMs: 1000,
      totalTimeoutMs: 1000,
      requestsPerSecond: 0,
    },
    transport: async () => Promise.reject(new Error('A simulated bug')),
    log: () => {},
    graphiql: false,
  });
  const server = createServer((request, response) => void gateway(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    sandbox: null,
    async close() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
