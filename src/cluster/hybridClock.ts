/**
 * When a value was true: a logical time that orders all reads and changes, and the wall-clock time beside it
 * (a hybrid logical clock: Kulkarni et al., "Logical Physical Clocks", 2014).
 */
export interface Moment {
  /** Microseconds since the Unix epoch, roughly, on the clock that all replicas share. Never equal to an earlier one of this replica. */
  order: number;
  /** Milliseconds since the Unix epoch, on this process's clock. */
  at: number;
  /** Set when the value came from another replica, which has already published it. */
  isShared?: true;
}

export interface HybridClockOptions {
  /** Milliseconds since the Unix epoch, the same for all replicas. */
  now: () => number;
  /** Milliseconds since the Unix epoch, on this process's clock. */
  localNow: () => number;
}

export interface HybridClock {
  /** A timestamp after every earlier one. `aheadMs` moves its logical time forward, past what a replica with a fast clock may have used. */
  now(aheadMs?: number): Moment;
  /** The timestamp of what happened so many milliseconds ago. */
  ago(ms: number): Moment;
  /** Makes every later timestamp come after `order`, which another replica used, and dates that one. */
  observe(order: number): Moment;
}

export function createHybridClock({ now, localNow }: HybridClockOptions): HybridClock {
  let last = 0;
  return {
    now(aheadMs = 0) {
      last = Math.max(last + 1, orderAt(now() + aheadMs));
      return { order: last, at: localNow() };
    },
    ago: (ms) => ({ order: orderAt(now() - ms), at: localNow() - ms }),
    observe(order) {
      last = Math.max(last, order);
      return { order, at: localNow() };
    },
  };
}

/** The logical time of `at`, which is in milliseconds on the clock that all replicas share. */
export function orderAt(at: number): number {
  return Math.floor(at * 1000);
}
