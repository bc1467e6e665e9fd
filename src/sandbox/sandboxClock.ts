import * as v from 'valibot';

import type { Clock } from '../lib/clock.ts';
import { RequestError, boolean, isoTime, number, object, parseInput } from './input.ts';

/** A change of the sandbox's clock. The keys apply in this order. */
const CLOCK_CHANGE = object({
  /** Sets the clock to this time (ISO 8601) and stops it, unless `running` is true. */
  now: v.exactOptional(isoTime),
  /** Moves the clock forward, or back if negative. */
  advanceSeconds: v.exactOptional(number({ min: -Infinity })),
  /** False stops the clock; true starts it from its current time. */
  running: v.exactOptional(boolean),
});

export type ClockChange = v.InferInput<typeof CLOCK_CHANGE>;

/** The maximum distance of a `Date` from the epoch. */
const MAX_TIME_MS = 8.64e15;

/**
 * The time of the simulated API: that of another clock, until it is moved or stopped. Timers, such as those of latency and drips, run
 * on the other clock.
 */
export type SandboxClock = ReturnType<typeof createSandboxClock>;

export function createSandboxClock(base: Clock) {
  let offsetMs = 0;
  let stoppedAt: number | undefined;
  const now = (): number => stoppedAt ?? base.now() + offsetMs;
  const isRunning = (): boolean => stoppedAt === undefined;
  return {
    now,
    isRunning,
    /** Applies a `ClockChange`; throws a `RequestError`, and changes nothing, if it is invalid. */
    set(change: unknown): void {
      const parsed = parseInput(CLOCK_CHANGE, change);
      if (Object.keys(parsed).length === 0) throw new RequestError('The body must have now, advanceSeconds or running');
      const time = (parsed.now ?? now()) + (parsed.advanceSeconds ?? 0) * 1000;
      if (Math.abs(time) > MAX_TIME_MS)
        throw new RequestError('advanceSeconds leads to a time that no date can represent');
      const runs = parsed.running ?? (parsed.now === undefined && isRunning());
      stoppedAt = runs ? undefined : time;
      offsetMs = time - base.now();
    },
    reset(): void {
      offsetMs = 0;
      stoppedAt = undefined;
    },
  };
}
