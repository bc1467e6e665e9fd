import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

import { checkFairness, type FairnessRun, formatFairnessReport } from './fairness/fairnessReport.ts';

const run = promisify(execFile);

const outcomes = (servedMs: number[], refused: [string, number][] = []) => ({ servedMs, refused: new Map(refused) });

/** A run that keeps every promise. */
const PASSING: FairnessRun = {
  replicas: 1,
  quota: { limit: 100, windowSeconds: 10 },
  alone: outcomes([10, 10, 10]),
  beside: outcomes([10, 11, 12]),
  greedy: outcomes([5], [['RATE_LIMITED caller', 7]]),
  peak: 100,
  rejected: 0,
  perWindow: [100, 95],
};

/** What the checks find after a change to the passing run. */
const failuresWith = (change: Partial<FairnessRun>): string[] =>
  checkFairness({ ...PASSING, ...change }).flatMap(({ hasPassed, finding }) => (hasPassed ? [] : [finding]));

describe('the fairness benchmark', () => {
  test('finds nothing if every promise was kept', () => {
    expect(failuresWith({})).toEqual([]);
    expect(formatFairnessReport([PASSING], 'Setup.')).toContain(
      '| 1 | 3 of 3 | 10 ms / 11 ms | 10 ms / 12 ms | 1 of 8 |',
    );
  });

  test.each<[string, Partial<FairnessRun>, string]>([
    ['operations of the polite caller that fail', { beside: outcomes([10], [['RATE_LIMITED', 1]]) }, '50.0 %'],
    ['a polite caller that is slowed down', { beside: outcomes([10, 13]) }, '1.30'],
    ['a window over the quota', { peak: 101 }, '101, 0 rejected'],
    ['a request that upstream rejects', { rejected: 1 }, '100, 1 rejected'],
    ['a budget that is idle while somebody waits', { perWindow: [94, 100] }, '6.0 %'],
    ['that no window was measured', { perWindow: [] }, 'no window'],
    ['another error of the greedy caller', { greedy: outcomes([], [['RATE_LIMITED', 2]]) }, 'RATE_LIMITED'],
    ['a greedy caller that is never held back', { greedy: outcomes([1]) }, 'RATE_LIMITED caller'],
  ])('finds %s', (_what, change, finding) => {
    expect(failuresWith(change)).toEqual([finding]);
  });

  test('runs, and writes its report', { timeout: 180_000 }, async () => {
    const outputFolder = await mkdtemp(join(tmpdir(), 'fairness-'));
    try {
      const { stdout } = await run(process.execPath, [
        'test/bench/main.ts',
        'fairness',
        '--short',
        '--out',
        outputFolder,
      ]);
      expect(await readFile(join(outputFolder, 'fairness.md'), 'utf8')).toBe(stdout);
      expect(stdout).toContain('- Kept: No window has more than 40 requests, and none is rejected (one replica)');
      expect(stdout).toContain('- Kept: The greedy caller is told that its own share is used up (one replica)');
    } finally {
      await rm(outputFolder, { recursive: true });
    }
  });
});
