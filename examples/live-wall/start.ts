import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import path from 'node:path';

import type { ViteDevServer } from 'vite';

import { ConfigError, integer, readGroup } from '../../src/config/env.ts';

/*
 * `npm run example`: starts the gateway with its sandbox, and this page, and ends them together. PORT, SANDBOX_PORT and PAGE_PORT
 * set where they listen.
 */

const EXAMPLE = import.meta.dirname;
const ROOT = path.join(EXAMPLE, '../..');
const { PORT = '4000', LOG_LEVEL = 'warn' } = process.env;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

const PORT_RANGE = { min: 0, max: 65_535 };

/** Returns the port of the page. Rejects with a `ConfigError` if a port is invalid, or another program uses that of the page. */
async function readPagePort(): Promise<number> {
  const { pagePort, ...others } = readGroup(process.env, {
    pagePort: integer('PAGE_PORT', 5173, PORT_RANGE),
    port: integer('PORT', 4000, PORT_RANGE),
    sandboxPort: integer('SANDBOX_PORT', 4001, PORT_RANGE),
  });
  if (pagePort !== 0 && Object.values(others).includes(pagePort))
    throw new ConfigError('PAGE_PORT', 'must differ from PORT and SANDBOX_PORT.', '5183');
  const probe = createTcpServer().listen(pagePort, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const problem = reason === 'EADDRINUSE' ? 'another program uses this port' : reason;
    throw new ConfigError('PAGE_PORT', `cannot listen on port ${pagePort}: ${problem}.`, '5183');
  }
  await once(probe.close(), 'close');
  return pagePort;
}

/** Whether the packages that are installed are those of the lock file. */
function isInstalled(): boolean {
  const [installed, locked] = ['node_modules/.package-lock.json', 'package-lock.json'].map((file) =>
    path.join(EXAMPLE, file),
  );
  if (installed === undefined || locked === undefined || !existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(locked).mtimeMs;
}

function npm(...args: string[]): void {
  const { status } = spawnSync('npm', args, { cwd: EXAMPLE, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

try {
  process.env['PAGE_PORT'] = String(await readPagePort());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}
if (!isInstalled()) {
  console.error('Installing the packages of the live wall: this takes up to a minute.');
  npm('ci', '--silent');
}
npm('run', '--silent', 'codegen');

const gateway = spawn(process.execPath, ['src/start.ts'], {
  cwd: ROOT,
  env: { ...process.env, PORT, LOG_LEVEL },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(gateway, 'exit');
let page: ViteDevServer | undefined;
async function end(): Promise<void> {
  gateway.kill('SIGTERM');
  await Promise.all([page?.close(), exited]);
  process.exit();
}
for (const signal of SIGNALS) process.once(signal, () => void end());

const output: unknown[] = await Promise.race([once(gateway.stdout, 'data'), exited]);
const banner = String(output[0]);
// The gateway has said why, and is gone.
if (gateway.exitCode !== null) process.exit(1);
gateway.stdout.pipe(process.stderr);
process.env['GATEWAY'] = /http:\S+(?=\/graphql)/.exec(banner)?.[0];

// The package may have been installed only just now.
const { createServer } = await import('vite');
page = await createServer({ root: EXAMPLE, logLevel: 'warn' });
void exited.then(end);

try {
  await page.listen();
  console.log(`Live wall  ${page.resolvedUrls?.local[0]}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  await end();
}
