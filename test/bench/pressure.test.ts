import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { emptyResults, formatPressureReport } from './pressureReport.ts';
import { SHORT_PRESSURE_RUN } from './pressureBenchmark.ts';

const run = promisify(execFile);

/** The first cells of the row of a report that begins with `name`. */
function findRow(report: string, name: string): string[] {
  const row = report.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? '';
  return row.split('|').map((cell) => cell.trim());
}

test('a short run of the benchmark of reads under pressure measures every figure', { timeout: 180_000 }, async () => {
  const outputFolder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const { stdout } = await run(process.execPath, [
      'test/bench/main.ts',
      'pressure',
      '--short',
      '--out',
      outputFolder,
    ]);
    expect(stdout).toContain('Nothing failed: yes. No 429: yes.');
    for (const rows of ['livestreams in look-ups', 'livestreams in the list', 'sessions in the list', 'mutations'])
      expect(Number(findRow(stdout, rows)[2])).toBeGreaterThan(0);
    expect(await readFile(join(outputFolder, 'pressure.md'), 'utf8')).toBe(stdout);
  } finally {
    await rm(outputFolder, { recursive: true });
  }
});

test('the report of a run under pressure says what failed, and that a row was too old', () => {
  const results = {
    ...emptyResults(),
    operations: 10,
    received: 4,
    rejected: 1,
    failures: new Map([['RATE_LIMITED', 2]]),
  };
  results.agesMs = { lookedUp: [1000, 2000], listed: [15_000], sessions: [15_001] };
  const report = formatPressureReport(SHORT_PRESSURE_RUN, results);
  expect(report).toContain('Failures: 2 × RATE_LIMITED.');
  expect(findRow(report, 'livestreams in look-ups').slice(2, 5)).toEqual(['1', '2', '2']);
  expect(report).toContain('Nothing failed: NO. No 429: NO. Nothing older than 15 s: NO.');
});
