import type { Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until a test advances it. */
export interface FakeClock extends Clock {
  /** Advances time by `durationMs`, and runs every timer that expires meanwhile, in order. */
  advance(durationMs: number): void;
  /** The number of timers that are set: tells a test that a wait has begun before it advances time. */
  pending(): number;
}

/** A fake clock that starts at `startMs` (milliseconds since the Unix epoch; noon UTC of 15 January 2026 by default). */
export function createFakeClock(startMs = Date.UTC(2026, 0, 15, 12)): FakeClock {
  let now = startMs;
  const timers = new Set<{ at: number; callback: () => void }>();
  const nextDue = (until: number) =>
    [...timers].filter((timer) => timer.at <= until).toSorted((left, right) => left.at - right.at)[0];
  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(durationMs) {
      const until = now + durationMs;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.callback();
      }
      now = until;
    },
    pending: () => timers.size,
  };
}
