import type { Clock } from '../lib/clock.ts';
import { InputError, Fields } from './fields.ts';

/** A change of the sandbox's clock. The keys apply in this order. */
export interface ClockChange {
  /** Sets the clock to this time (ISO 8601) and stops it, unless `running` is true. */
  now?: string;
  /** Moves the clock forward, or back if negative. */
  advanceSeconds?: number;
  /** False stops the clock; true starts it from its current time. */
  running?: boolean;
}

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

  /** Applies a `ClockChange`; throws an `InputError`, and changes nothing, if it is invalid. */
  set(change: unknown): void {
    const fields = new Fields(change);
    const now = parseTime(fields.string('now'));
    const advance = fields.number('advanceSeconds', { min: -Infinity });
    const running = fields.boolean('running');
    fields.rejectUnknownKeys();
    if (now === undefined && advance === undefined && running === undefined) {
      throw new InputError('The body must have now, advanceSeconds or running');
    }
    const time = (now ?? this.now()) + (advance ?? 0) * 1000;
    if (Math.abs(time) > MAX_TIME_MS) throw new InputError('advanceSeconds leads to a time that no date can represent');
    const runs = running ?? (now === undefined && this.running);
    this.#stoppedAt = runs ? undefined : time;
    this.#offset = time - this.#base.now();
  }

  reset(): void {
    this.#offset = 0;
    this.#stoppedAt = undefined;
  }
}

function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InputError('now must be an ISO 8601 time');
  return time;
}
