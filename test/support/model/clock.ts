import { setImmediate } from 'node:timers/promises';

import type { Clock } from '../../../src/lib/clock.ts';
import { createFakeClock } from '../fakeClock.ts';

/** A fake clock that moves from timer to timer, and lets everything that a timer sets off end before it moves on. */
export interface SteppedClock extends Clock {
  pass(milliseconds: number): Promise<void>;
  /** How many timers are waiting. */
  pending(): number;
}

/** Turns of the event loop without anything on its way to the sandbox, after which the gateway has done what it can. */
const QUIET_TURNS = 3;

/** `isBusy`: whether something is on its way that no timer of the clock stands for. */
export function createSteppedClock(isBusy: () => boolean): SteppedClock {
  const clock = createFakeClock();
  const waiting = new Set<{ at: number }>();
  const nextAt = (): number => Math.min(...[...waiting].map(({ at }) => at));

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = isBusy() ? 0 : quiet + 1) await setImmediate();
  }

  return {
    now: () => clock.now(),
    after(milliseconds, callback) {
      const timer = { at: clock.now() + milliseconds };
      waiting.add(timer);
      const cancel = clock.after(milliseconds, () => {
        waiting.delete(timer);
        callback();
      });
      return () => {
        waiting.delete(timer);
        cancel();
      };
    },
    pending: () => waiting.size,
    async pass(milliseconds) {
      const until = clock.now() + milliseconds;
      await settle();
      for (let at = nextAt(); at <= until; at = nextAt()) {
        clock.advance(at - clock.now());
        await settle();
      }
      clock.advance(until - clock.now());
    },
  };
}
