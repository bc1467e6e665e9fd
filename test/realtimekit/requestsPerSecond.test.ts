import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createTokenBucket } from '../../src/realtimekit/requestsPerSecond.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { runs } from '../support/runs.ts';

const NEVER_ABORTED = new AbortController().signal;

/** When each of several requests is sent, in milliseconds; `gaps` are the times between their arrivals. */
function sendTimes(requestsPerSecond: number, gaps: readonly number[]): number[] {
  const clock = createFakeClock();
  const start = clock.now();
  const delays: number[] = [];
  const recordingClock = {
    now: () => clock.now(),
    after(milliseconds: number) {
      delays.push(milliseconds);
      return () => {};
    },
  };
  const throttle = createTokenBucket(requestsPerSecond, recordingClock);
  return gaps.map((gap) => {
    clock.advance(gap);
    void throttle(NEVER_ABORTED);
    return clock.now() - start + (delays.pop() ?? 0);
  });
}

describe('the token bucket', () => {
  test('sends a burst of half the limit at once, and further requests at even intervals', () => {
    const times = sendTimes(
      200,
      Array.from({ length: 300 }, () => 0),
    );
    expect(times.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => 0));
    expect(times.slice(100, 103)).toEqual([10, 20, 30]);
    expect(times.at(-1)).toBe(2000);
  });

  test('does not delay requests at half the limit', () => {
    expect(
      new Set(
        sendTimes(
          200,
          Array.from({ length: 500 }, () => 10),
        ).map((time) => time % 10),
      ),
    ).toEqual(new Set([0]));
  });

  test('never exceeds the limit in any second, whenever requests arrive', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 }),
      (requestsPerSecond, gaps) => {
        const times = sendTimes(requestsPerSecond, gaps).toSorted((left, right) => left - right);
        for (const [index, time] of times.entries()) {
          const inOneSecond = times.slice(index).filter((other) => other < time + 999).length;
          expect(inOneSecond).toBeLessThanOrEqual(requestsPerSecond);
        }
      },
    );
    fc.assert(property, { numRuns: runs(100) });
  });

  test('does not delay anything if the limit is 0', () => {
    expect(
      new Set(
        sendTimes(
          0,
          Array.from({ length: 1000 }, () => 0),
        ),
      ),
    ).toEqual(new Set([0]));
  });

  test('rejects and removes its timer when the signal is aborted', async () => {
    const clock = createFakeClock();
    const throttle = createTokenBucket(2, clock);
    const caller = new AbortController();
    expect(throttle(caller.signal)).toBeUndefined();
    const waiting = throttle(caller.signal);
    expect(clock.pending()).toBe(1);
    caller.abort(new Error('Left.'));
    await expect(waiting).rejects.toThrow('Left.');
    expect(clock.pending()).toBe(0);
  });
});
