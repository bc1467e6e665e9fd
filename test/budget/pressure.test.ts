import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { DEFAULT_TTL, stretchedTtl } from '../../src/data/cache/ttl.ts';
import { createBudget, reporting, spendAll } from './localBudgetWorld.ts';

describe('pressure', () => {
  /** The pressure if `remaining` of 1,000 requests and `resetSeconds` of 100 seconds are left. */
  function pressureOf(remaining: number, resetSeconds: number): number {
    const { budget } = createBudget();
    spendAll(budget, 'mutation', 1, reporting(remaining, resetSeconds, 1000, 100));
    return budget.pressure();
  }

  test('is 1 if the budget shrinks as fast as its window, and less if it shrinks more slowly', () => {
    expect(pressureOf(550, 49)).toBeCloseTo(1);
    expect(pressureOf(990, 49)).toBeLessThan(0.6);
  });

  test('is infinite if nothing is left for reads', () => {
    for (const remaining of [100, 99, 1, 0]) expect(pressureOf(remaining, 50)).toBe(Infinity);
    expect(pressureOf(101, 50)).toBeLessThan(Infinity);
  });

  test('grows with each request and falls with each second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 102, max: 1000 }), fc.integer({ min: 1, max: 98 }), (remaining, seconds) => {
        const pressure = pressureOf(remaining, seconds);
        expect(pressure).toBeGreaterThan(0);
        expect(pressureOf(remaining - 1, seconds)).toBeGreaterThan(pressure);
        expect(pressureOf(remaining, seconds + 1)).toBeGreaterThan(pressure);
      }),
    );
  });

  test('counts requests in flight', () => {
    const { budget } = createBudget();
    spendAll(budget, 'read', 1, reporting(19, 60));
    const before = budget.pressure();
    const inFlight = budget.reserve('read');
    expect(budget.pressure()).toBeGreaterThan(before);
    inFlight.release(false);
    expect(budget.pressure()).toBe(before);
  });

  test('is the pressure of the tightest limit', () => {
    const { budget } = createBudget();
    const ratelimit = '"a";r=1000;t=60, "b";r=3;t=60';
    const headers = { ratelimit, 'ratelimit-policy': '"a";q=1000;w=60, "b";q=20;w=60' };
    spendAll(budget, 'read', 1, { status: 200, headers });
    expect(budget.pressure()).toBeGreaterThan(10);
  });
});

describe('the TTL under pressure', () => {
  const pressure = fc.double({ min: 0, max: 1e6, noNaN: true });

  test('is not stretched while the budget lasts, and is the maximum stale age when nothing is left', () => {
    for (const easy of [0, 0.5, 1, 1.1]) expect(stretchedTtl(easy, DEFAULT_TTL)).toBe(0);
    expect(stretchedTtl(Infinity, DEFAULT_TTL)).toBe(DEFAULT_TTL.maxStaleMs);
  });

  test('grows with the pressure, within its bounds and without jumps', () => {
    fc.assert(
      fc.property(pressure, fc.double({ min: 0, max: 10, noNaN: true }), (low, more) => {
        const [younger, older] = [stretchedTtl(low, DEFAULT_TTL), stretchedTtl(low + more, DEFAULT_TTL)];
        expect(younger).toBeGreaterThanOrEqual(0);
        expect(older).toBeGreaterThanOrEqual(younger);
        expect(older).toBeLessThanOrEqual(DEFAULT_TTL.maxStaleMs);
        expect(older - younger).toBeLessThanOrEqual(DEFAULT_TTL.maxStaleMs * more + 1e-6);
      }),
    );
  });

  test('grows by less than a second with each of 1,200 requests until few are left', () => {
    const { budget } = createBudget();
    let before = 0;
    for (let left = 1199; left > 240; left -= 1) {
      spendAll(budget, 'read', 1, reporting(left, 299, 1200, 300));
      const age = stretchedTtl(budget.pressure(), DEFAULT_TTL);
      expect(age - before).toBeGreaterThanOrEqual(0);
      expect(age - before).toBeLessThan(1000);
      before = age;
    }
    expect(before).toBeGreaterThan(40_000);
  });
});
