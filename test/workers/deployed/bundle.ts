import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as v from 'valibot';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What `wrangler deploy` would upload. */
const FOLDER = pathOf('../dist');
/** What esbuild says of the bundle. */
const METAFILE = `${FOLDER}/metafile.json`;
const WRANGLER = pathOf('../node_modules/.bin/wrangler');

/** Vitest's global setup: builds the Worker as `wrangler deploy` does. */
export default function buildWorker(): void {
  buildInto(FOLDER);
}

/** Builds the Worker, or that of another file, into a folder as `wrangler deploy` does. Returns the path of the script. */
export function buildInto(folder: string, file = pathOf('../../../src/worker.ts')): string {
  const environment = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' };
  const outputs = ['--outdir', folder, '--metafile', `${folder}/metafile.json`];
  execFileSync(process.execPath, [WRANGLER, 'deploy', file, '--dry-run', ...outputs], {
    cwd: pathOf('../../..'),
    env: environment,
    stdio: 'pipe',
  });
  return `${folder}/${basename(file, '.ts')}.js`;
}

const metafileSchema = v.object({
  outputs: v.record(v.string(), v.object({ imports: v.array(v.object({ path: v.string() })) })),
});

/** The modules that the Worker imports from the platform. */
export function readImports(): string[] {
  const { outputs } = v.parse(metafileSchema, JSON.parse(readFileSync(METAFILE, 'utf8')));
  return Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
}

/** The script of the Worker. */
export function readBundle(): string {
  return readFileSync(`${FOLDER}/worker.js`, 'utf8');
}
