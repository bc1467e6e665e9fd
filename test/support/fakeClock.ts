import type { Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Moves time on by `milliseconds`, running on the way every timer that falls due, in order. */
  advance(milliseconds: number): void;
  /** How many timers are waiting: lets a test see that a wait has begun before it moves time. */
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
    after(milliseconds, callback) {
      const timer = { at: now + milliseconds, callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(milliseconds) {
      const until = now + milliseconds;
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
