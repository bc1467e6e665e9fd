import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createTokenBucket } from '../../src/realtimekit/throttle.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { runs } from '../support/runs.ts';

const STAYS = new AbortController().signal;

/** When each of the requests leaves that ask at these times, in milliseconds. */
function departures(requestsPerSecond: number, gaps: readonly number[]): number[] {
  const clock = createFakeClock();
  const start = clock.now();
  const waits: number[] = [];
  const watched = {
    now: () => clock.now(),
    after(milliseconds: number) {
      waits.push(milliseconds);
      return () => {};
    },
  };
  const pace = createTokenBucket(requestsPerSecond, watched);
  return gaps.map((gap) => {
    clock.advance(gap);
    void pace(STAYS);
    return clock.now() - start + (waits.pop() ?? 0);
  });
}

describe('the pace', () => {
  test('lets half of a second leave at once, and the others follow evenly', () => {
    const times = departures(
      200,
      Array.from({ length: 300 }, () => 0),
    );
    expect(times.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => 0));
    expect(times.slice(100, 103)).toEqual([10, 20, 30]);
    expect(times.at(-1)).toBe(2000);
  });

  test('is no hindrance to those who are slower', () => {
    expect(
      new Set(
        departures(
          200,
          Array.from({ length: 500 }, () => 10),
        ).map((time) => time % 10),
      ),
    ).toEqual(new Set([0]));
  });

  test('never lets more leave in any second than it may, whenever they come', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 }),
      (requestsPerSecond, gaps) => {
        const times = departures(requestsPerSecond, gaps).toSorted((left, right) => left - right);
        for (const [index, time] of times.entries()) {
          const inOneSecond = times.slice(index).filter((other) => other < time + 999).length;
          expect(inOneSecond).toBeLessThanOrEqual(requestsPerSecond);
        }
      },
    );
    fc.assert(property, { numRuns: runs(100) });
  });

  test('is none when it is 0', () => {
    expect(
      new Set(
        departures(
          0,
          Array.from({ length: 1000 }, () => 0),
        ),
      ),
    ).toEqual(new Set([0]));
  });

  test('does not hold who leaves, and leaves no timer behind', async () => {
    const clock = createFakeClock();
    const pace = createTokenBucket(2, clock);
    const caller = new AbortController();
    expect(pace(caller.signal)).toBeUndefined();
    const waiting = pace(caller.signal);
    expect(clock.pending()).toBe(1);
    caller.abort(new Error('Left.'));
    await expect(waiting).rejects.toThrow('Left.');
    expect(clock.pending()).toBe(0);
  });
});
