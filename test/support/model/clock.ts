import { setImmediate } from 'node:timers/promises';

import type { Clock } from '../../../src/lib/clock.ts';
import { createFakeClock } from '../fakeClock.ts';

/** A fake clock that advances from timer to timer and, after each, waits until the work that the timer started has settled. */
export interface SteppedClock extends Clock {
  /** Advances time by `durationMs`. */
  pass(durationMs: number): Promise<void>;
  /** The number of timers that are set. */
  pending(): number;
}

/** After so many turns of the event loop with no request in flight, the gateway waits for a timer or for a response. */
const IDLE_TURNS = 3;

/** `isBusy` tells whether work is in flight that this clock's timers do not represent, such as a request over HTTP. */
export function createSteppedClock(isBusy: () => boolean): SteppedClock {
  const clock = createFakeClock();
  const timers = new Set<{ at: number }>();
  const nextAt = (): number => Math.min(...[...timers].map(({ at }) => at));

  async function settle(): Promise<void> {
    for (let idleTurns = 0; idleTurns < IDLE_TURNS; idleTurns = isBusy() ? 0 : idleTurns + 1) await setImmediate();
  }

  return {
    now: () => clock.now(),
    after(delayMs, callback) {
      const timer = { at: clock.now() + delayMs };
      timers.add(timer);
      const cancel = clock.after(delayMs, () => {
        timers.delete(timer);
        callback();
      });
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
    pending: () => timers.size,
    async pass(durationMs) {
      const until = clock.now() + durationMs;
      await settle();
      for (let at = nextAt(); at <= until; at = nextAt()) {
        clock.advance(at - clock.now());
        await settle();
      }
      clock.advance(until - clock.now());
    },
  };
}
