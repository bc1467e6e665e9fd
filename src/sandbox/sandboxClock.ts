import type { Clock } from '../lib/clock.ts';
import { InputError, Fields } from './fields.ts';

/** How to set the sandbox's clock; the keys apply in this order. */
export interface ClockChange {
  /** ISO 8601: stands still at this time, unless `running` is true beside it. */
  now?: string;
  /** Moves on (or back, when negative), whether it runs or stands still. */
  advanceSeconds?: number;
  /** False: stands still at the present time. True: runs on from the present time. */
  running?: boolean;
}

/** The furthest from the epoch that a `Date` reaches. */
const MAX_TIME_MS = 8.64e15;

/**
 * The time that the simulated API lives in: another clock's, until it is moved or stopped.
 * Waits (latency, drips) are not its business; they run on the clock underneath.
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

  /** Throws `BadInput`, changing nothing, for what is no `ClockChange`. */
  set(change: unknown): void {
    const fields = new Fields(change);
    const now = instant(fields.string('now'));
    const advance = fields.number('advanceSeconds', { min: -Infinity });
    const running = fields.boolean('running');
    fields.rejectUnknownKeys();
    if (now === undefined && advance === undefined && running === undefined) {
      throw new InputError('Give now, advanceSeconds or running');
    }
    const time = (now ?? this.now()) + (advance ?? 0) * 1000;
    if (Math.abs(time) > MAX_TIME_MS) throw new InputError('advanceSeconds leads out of the calendar');
    const runs = running ?? (now === undefined && this.running);
    this.#stoppedAt = runs ? undefined : time;
    this.#offset = time - this.#base.now();
  }

  reset(): void {
    this.#offset = 0;
    this.#stoppedAt = undefined;
  }
}

function instant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InputError('now must be an ISO 8601 time');
  return time;
}
