import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** The cells of the row that begins with these. */
function rowOf(report: string, query: string, party: string): string[] {
  const line = report.split('\n').find((text) => text.startsWith(`| ${query} | ${party} |`)) ?? '';
  return line.split('|').map((cell) => cell.trim());
}

describe('the benchmark', () => {
  test('compares the gateway with those that need no packages of their own', { timeout: 180_000 }, async () => {
    const out = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const parties = ['--only', 'ours,naive,floor'];
      const { stdout } = await run(process.execPath, ['test/bench/main.ts', '--short', ...parties, '--out', out]);
      for (const [query, requests] of [
        ['typename', '0'],
        ['meeting', '2'],
        ['fifty', '51'],
      ] as const) {
        expect(rowOf(stdout, query, 'naive')[4]).toBe(requests);
        expect(rowOf(stdout, query, 'floor')[4]).toBe(requests);
        expect(Number(rowOf(stdout, query, 'ours (cold)')[4])).toBeLessThanOrEqual(Number(requests));
        expect(Number(rowOf(stdout, query, 'ours (warm)')[4])).toBeLessThanOrEqual(Number(requests));
      }
      expect(await readFile(join(out, 'bench.md'), 'utf8')).toBe(stdout.slice(0, -1));
      expect(await readFile(join(out, 'bench.svg'), 'utf8')).toContain('naive</text>');
    } finally {
      await rm(out, { recursive: true });
    }
  });

  test('names the parties that there are when asked for one that is not', async () => {
    const failed = run(process.execPath, ['test/bench/main.ts', '--only', 'nobody']);
    await expect(failed).rejects.toThrow('--only: "nobody" is none of ours, naive, apollo, hive, mercurius, floor.');
  });
});
