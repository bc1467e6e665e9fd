import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

import type { BenchOptions } from './options.ts';
import { PROJECT_ROOT } from './serverProcess.ts';

/** The folder with the tools of Cloudflare Workers, and the program that needs them. */
const FOLDER = join(PROJECT_ROOT, 'test/workers');

/** Runs a benchmark on Cloudflare Workers. Returns its report, and whether it has succeeded. */
export async function runWorkersProgram(
  { benchmark, size, minutes }: BenchOptions,
  logProgress: (line: string) => void,
): Promise<{ report: string; hasSucceeded: boolean }> {
  if (!existsSync(join(FOLDER, 'node_modules/miniflare'))) {
    logProgress('installing the tools of Cloudflare Workers');
    await promisify(execFile)('npm', ['ci', '--silent'], { cwd: FOLDER });
  }
  const child = spawn(process.execPath, [join(FOLDER, 'bench/main.ts'), benchmark, size, String(minutes)], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [report] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { report, hasSucceeded: child.exitCode === 0 };
}
