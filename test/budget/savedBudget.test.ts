import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createLocalBudget, type LocalBudget } from '../../src/budget/localBudget.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { createMemorySavedState } from '../support/memorySavedState.ts';
import { caller } from './callersWorld.ts';
import { NOON, OK, reporting, retryAfterSeconds, spendAll } from './localBudgetWorld.ts';

const REQUEST_TIMEOUT_MS = 25_000;
/** After this time, each request of a process that was evicted has arrived. */
const SETTLED_MS = REQUEST_TIMEOUT_MS + 10_000;

/** A saved state, and the budgets of processes that replace each other. */
function createProcesses() {
  const clock = createFakeClock(NOON);
  const savedState = createMemorySavedState(clock);
  return {
    clock,
    savedState,
    /** Starts a process after the one before was evicted. */
    start: (): LocalBudget =>
      createLocalBudget(clock, { savedState, key: 'budget', requestTimeoutMs: REQUEST_TIMEOUT_MS }),
  };
}

describe('after an eviction, a saved budget', () => {
  test('counts the requests that were sent before', () => {
    const { start } = createProcesses();
    spendAll(start(), 'read', 100);
    expect(start().snapshot().remaining).toBe(1100);
    expect(spendAll(start(), 'read')).toBe(980);
  });

  test('keeps the limit that was reported, and the end of its window', () => {
    const { start, clock } = createProcesses();
    spendAll(start(), 'read', 1, reporting(7, 30));
    expect(start().snapshot()).toEqual({ limit: 20, remaining: 7, resetsAt: NOON + 30_000 });
    clock.advance(31_000);
    expect(start().snapshot()).toMatchObject({ limit: 20, remaining: 20 });
  });

  test('counts requests that were in flight until a response certainly counts them', () => {
    const { start, clock } = createProcesses();
    const first = start();
    spendAll(first, 'read', 1, reporting(20, 60));
    for (let count = 0; count < 5; count += 1) first.reserve('read');
    const second = start();
    expect(second.snapshot().remaining).toBe(15);
    clock.advance(SETTLED_MS - 1);
    spendAll(second, 'read', 1, reporting(18, 25));
    expect(second.snapshot().remaining).toBe(13);
    clock.advance(1);
    spendAll(second, 'read', 1, reporting(13, 24));
    expect(second.snapshot().remaining).toBe(13);
  });

  test('counts requests that were in flight at several evictions', () => {
    const { start } = createProcesses();
    spendAll(start(), 'read', 1, reporting(20, 60));
    for (let count = 0; count < 4; count += 1) start().reserve('read');
    expect(start().snapshot().remaining).toBe(16);
  });

  test('counts requests whose responses were lost', () => {
    const { start } = createProcesses();
    const first = start();
    first.reserve('read').release(true);
    first.reserve('read').release(true);
    expect(start().snapshot().remaining).toBe(1198);
  });

  test('keeps a lockout, also one that only the response in flight reported', () => {
    const { start, clock } = createProcesses();
    const first = start();
    first.reserve('read').commit({ status: 429, headers: { 'retry-after': '120' } });
    expect(retryAfterSeconds(start(), 'mutation')).toBe(120);
    clock.advance(120_000);
    expect(retryAfterSeconds(start(), 'mutation')).toBeNull();
  });

  test('knows what responses reported of other consumers', () => {
    const { start } = createProcesses();
    const first = start();
    const [early, late] = [first.reserve('read'), first.reserve('read')];
    early.commit(reporting(19, 60));
    late.commit(reporting(3, 60));
    expect(start().snapshot().remaining).toBe(3);
  });

  test('keeps to the limit if callers share it, and remembers what they used', () => {
    const { start } = createProcesses();
    const [ada, bob] = [caller('ada'), caller('bob')];
    const first = start();
    first.reserve('read', bob).commit(reporting(1199, 300, 1200, 300));
    for (let count = 0; count < 300; count += 1) first.reserve('read', ada).commit(OK);
    const second = start();
    expect(second.snapshot().remaining).toBe(899);
    expect(second.share(ada)?.remaining).toBeLessThan(second.share(bob)?.remaining ?? 0);
  });

  test('starts anew if a day has passed', () => {
    const { start, clock, savedState } = createProcesses();
    spendAll(start(), 'read', 100);
    clock.advance(86_400_000);
    expect(savedState.entries()).toEqual([]);
    expect(start().snapshot().remaining).toBe(1200);
  });

  test('starts anew if the text cannot be read', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { start, savedState } = createProcesses();
        spendAll(start(), 'read', 100);
        savedState.replaceAll(() => text);
        expect(start().snapshot().remaining).toBe(1200);
        expect(spendAll(start(), 'read', 10)).toBe(10);
      }),
    );
  });
});

describe('a saved budget', () => {
  test('is written once for each request, and once more if a response reports less than expected', () => {
    const { start, savedState } = createProcesses();
    const budget = start();
    const writesOf = (work: () => void): number => {
      const before = savedState.writes();
      work();
      return savedState.writes() - before;
    };
    expect(writesOf(() => budget.reserve('read').commit(reporting(100, 60, 200)))).toBe(2);
    for (const remaining of [99, 98, 97])
      expect(writesOf(() => budget.reserve('read').commit(reporting(remaining, 60, 200)))).toBe(1);
    expect(writesOf(() => budget.reserve('read').commit(reporting(50, 60, 200)))).toBe(2);
    expect(writesOf(() => budget.reserve('read').release(true))).toBe(1);
    expect(writesOf(() => budget.reserve('read').release(false))).toBe(1);
  });

  test('lets no request through that it cannot save, and counts none either', () => {
    const { start, savedState } = createProcesses();
    const budget = start();
    savedState.setBroken(true);
    for (let count = 0; count < 2000; count += 1) expect(() => budget.reserve('read')).toThrow('The storage fails.');
    savedState.setBroken(false);
    expect(spendAll(budget, 'read')).toBe(1080);
  });

  test('passes a response on even if it cannot save what that reported', () => {
    const { start, savedState } = createProcesses();
    const budget = start();
    const reservation = budget.reserve('read');
    savedState.setBroken(true);
    reservation.commit(reporting(7, 30));
    expect(budget.snapshot().remaining).toBe(7);
  });
});
