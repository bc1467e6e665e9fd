import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { DEFAULT_TTL, stretchedTtl } from '../../src/data/cache/ttl.ts';
import { createBudget, reporting, spendAll } from './localBudgetWorld.ts';

describe('pressure', () => {
  /** The pressure if a report says that `remaining` of 1,000 requests and `resetSeconds` of 100 seconds are left. */
  function pressureOf(remaining: number, resetSeconds: number): number {
    const { budget } = createBudget();
    spendAll(budget, 'mutation', 1, reporting(remaining, resetSeconds, 1000, 100));
    return budget.pressure();
  }

  /** A budget of 1,000 requests, 900 of them for reads, whose window of 100 seconds has just begun. */
  function startWindow() {
    const world = createBudget();
    spendAll(world.budget, 'read', 1, reporting(1000, 100, 1000, 100));
    return world;
  }

  test('is 1 while reads are sent no faster than the budget allows', () => {
    const { clock, budget } = startWindow();
    for (let second = 1; second < 90; second += 1) {
      clock.advance(1000);
      spendAll(budget, 'read', 9);
      expect(budget.pressure()).toBeLessThan(1.02);
    }
  });

  test('is the whole budget divided by what is left of it after a burst, and falls as time pays the burst back', () => {
    const { clock, budget } = startWindow();
    spendAll(budget, 'read', 300);
    expect(budget.pressure()).toBeCloseTo(900 / 600);
    clock.advance(20_000);
    const later = budget.pressure();
    expect(later).toBeLessThan(1.3);
    expect(later).toBeGreaterThan(1.1);
    clock.advance(60_000);
    expect(budget.pressure()).toBe(1);
  });

  test('outlasts the window: a burst at its end is paid back in the next one', () => {
    const { clock, budget } = startWindow();
    clock.advance(99_000);
    spendAll(budget, 'read', 300);
    expect(budget.pressure()).toBeGreaterThan(1.4);
    clock.advance(3000);
    expect(budget.snapshot().remaining).toBe(1000);
    expect(budget.pressure()).toBeGreaterThan(1.4);
    clock.advance(100_000);
    expect(budget.pressure()).toBe(1);
  });

  test('counts what others have spent faster than the window passes', () => {
    expect(pressureOf(550, 49)).toBe(1);
    expect(pressureOf(550, 99)).toBeCloseTo(900 / 450);
    expect(pressureOf(200, 90)).toBeGreaterThan(4);
  });

  test('is infinite if nothing is left for reads', () => {
    for (const remaining of [100, 99, 1, 0]) expect(pressureOf(remaining, 50)).toBe(Infinity);
    expect(pressureOf(101, 50)).toBeLessThan(Infinity);
  });

  test('never falls with a request, and never rises with time', () => {
    const steps = fc.array(fc.record({ requests: fc.nat(60), ms: fc.nat(5000) }), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (list) => {
        const { clock, budget } = startWindow();
        for (const { requests, ms } of list) {
          const before = budget.pressure();
          spendAll(budget, 'read', requests);
          const after = budget.pressure();
          expect(after).toBeGreaterThanOrEqual(before);
          clock.advance(ms);
          expect(budget.pressure()).toBeLessThanOrEqual(after);
        }
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
