import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** The cells of a server's row for a query. */
function findRow(report: string, query: string, server: string): string[] {
  const row = report.split('\n').find((line) => line.startsWith(`| ${query} | ${server} |`)) ?? '';
  return row.split('|').map((cell) => cell.trim());
}

describe('the benchmark', () => {
  test('compares the gateway with the servers that need no packages of their own', { timeout: 180_000 }, async () => {
    const outputFolder = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const options = ['--short', '--only', 'ours,naive,floor', '--out', outputFolder];
      const { stdout } = await run(process.execPath, ['test/bench/main.ts', ...options]);
      for (const [query, upstreamRequests] of [
        ['typename', '0'],
        ['meeting', '2'],
        ['fifty', '51'],
      ] as const) {
        expect(findRow(stdout, query, 'naive')[4]).toBe(upstreamRequests);
        expect(findRow(stdout, query, 'floor')[4]).toBe(upstreamRequests);
        expect(Number(findRow(stdout, query, 'ours (cold)')[4])).toBeLessThanOrEqual(Number(upstreamRequests));
        expect(Number(findRow(stdout, query, 'ours (warm)')[4])).toBeLessThanOrEqual(Number(upstreamRequests));
      }
      expect(await readFile(join(outputFolder, 'bench.md'), 'utf8')).toBe(stdout.slice(0, -1));
      expect(await readFile(join(outputFolder, 'bench.svg'), 'utf8')).toContain('naive</text>');
    } finally {
      await rm(outputFolder, { recursive: true });
    }
  });

  test('lists the known servers when --only names an unknown one', async () => {
    const result = run(process.execPath, ['test/bench/main.ts', '--only', 'nobody']);
    await expect(result).rejects.toThrow(
      '--only: there is no server "nobody". Choose from ours, naive, apollo, hive, mercurius, mercurius-dispatch, yoga-tuned, floor.',
    );
  });
});
