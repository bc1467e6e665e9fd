import { describe, expect, test } from 'vitest';

import { checkFreshness, type FreshnessResult, formatFreshnessReport } from './freshnessBenchmark.ts';

const SIZE = { clients: 10, seconds: 3 };
/** A result with which every check passes. */
const PASSING: FreshnessResult = {
  responses: new Map([
    ['HIT', 28],
    ['MISS', 2],
  ]),
  failures: [],
  durationsMs: Array.from({ length: 30 }, () => 1),
  gatewayRequests: [3, 1, 2],
  upstreamRequests: 2,
};

describe('the freshness benchmark', () => {
  test('passes if two requests a second reach the gateway', () => {
    expect(checkFreshness(SIZE, PASSING)).toEqual([]);
  });

  test.each([
    [{ gatewayRequests: [3, 2, 2] }, '2.33 requests a second reached the gateway, more than 2'],
    [{ failures: ['502 a', '503 b'] }, '2 requests failed, the first one with: 502 a'],
    [{ durationsMs: [1] }, 'only 1 requests were answered'],
  ])('fails with %o', (changes, problem) => {
    expect(checkFreshness(SIZE, { ...PASSING, ...changes })).toEqual([problem]);
  });

  test('reports how many requests reached the gateway, on average and at most', () => {
    expect(formatFreshnessReport(SIZE, PASSING)).toContain('| 30 | 0 | HIT 28, MISS 2 | 2 | 3 | 40 | 1 | 1 |');
  });
});
