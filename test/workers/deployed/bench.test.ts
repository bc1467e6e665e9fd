import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { cleanUpAfterTest } from '../../support/cleanup.ts';

const run = promisify(execFile);

/** Runs a short benchmark and returns its report. */
async function runShort(benchmark: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  cleanUpAfterTest(async () => rm(folder, { recursive: true }));
  const { stdout } = await run(process.execPath, ['test/bench/main.ts', benchmark, '--short', '--out', folder]);
  expect(await readFile(join(folder, `${benchmark}.md`), 'utf8')).toBe(stdout);
  return stdout;
}

/** The cells of the row that begins with `names`. */
function findRow(report: string, ...names: string[]): string[] {
  const row = report.split('\n').find((line) => line.startsWith(`| ${names.join(' | ')} |`)) ?? '';
  return row.split('|').map((cell) => cell.trim());
}

describe('a short run of the benchmark', () => {
  it('of workerd and Node.js measures every query on both', { timeout: 180_000 }, async () => {
    const report = await runShort('workers');
    for (const query of ['typename', 'meeting', 'fifty'])
      for (const mode of ['cold', 'warm']) {
        const [nodeMs, workerMs] = findRow(report, query, mode).slice(-3);
        expect(Number(nodeMs)).toBeGreaterThan(0);
        expect(Number(workerMs)).toBeGreaterThan(0);
      }
    expect(report).toContain('within Cloudflare’s limit');
    expect(report).toMatch(/The script has [\d,]+ KiB, gzipped [\d,]+ KiB\./);
  });

  it('of viewers keeps every promise, also when the Worker is restarted', { timeout: 180_000 }, async () => {
    const report = await runShort('viewers');
    expect(report).not.toContain('Broken');
    for (const source of ['mutations', 'webhooks', 'polling'])
      expect(Number(findRow(report, source)[2])).toBeGreaterThan(0);
  });
});
