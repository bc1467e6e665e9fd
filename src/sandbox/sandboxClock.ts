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
export class SandboxClock {
  readonly #base: Clock;
  #offset = 0;
  #stoppedAt: number | undefined;

  constructor(base: Clock) {
    this.#base = base;
  }

  now(): number {
    return this.#stoppedAt ?? this.#base.now() + this.#offset;
  }

  get running(): boolean {
    return this.#stoppedAt === undefined;
  }

  /** Applies a `ClockChange`; throws a `RequestError`, and changes nothing, if it is invalid. */
  set(change: unknown): void {
    const parsed = parseInput(CLOCK_CHANGE, change);
    if (Object.keys(parsed).length === 0) {
      throw new RequestError('The body must have now, advanceSeconds or running');
    }
    const { now, advanceSeconds = 0, running } = parsed;
    const time = (now ?? this.now()) + advanceSeconds * 1000;
    if (Math.abs(time) > MAX_TIME_MS)
      throw new RequestError('advanceSeconds leads to a time that no date can represent');
    const runs = running ?? (now === undefined && this.running);
    this.#stoppedAt = runs ? undefined : time;
    this.#offset = time - this.#base.now();
  }

  reset(): void {
    this.#offset = 0;
    this.#stoppedAt = undefined;
  }
}
