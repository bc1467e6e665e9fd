import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What `wrangler deploy` would upload. */
const FOLDER = pathOf('../dist');
const WRANGLER = pathOf('../node_modules/.bin/wrangler');

/** Vitest's global setup: builds the Worker as `wrangler deploy` does. */
export default function buildWorker(): void {
  const environment = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' };
  execFileSync(process.execPath, [WRANGLER, 'deploy', '--dry-run', '--outdir', FOLDER], {
    cwd: pathOf('../../..'),
    env: environment,
    stdio: 'pipe',
  });
}

/** The script of the Worker. */
export function readBundle(): string {
  return readFileSync(`${FOLDER}/worker.js`, 'utf8');
}
