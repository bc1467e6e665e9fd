/**
 * When a value was true: a logical time that orders all reads and changes, and the wall-clock time beside it
 * (a hybrid logical clock: Kulkarni et al., "Logical Physical Clocks", 2014).
 */
export interface HybridTimestamp {
  /** Microseconds since the Unix epoch, roughly, on the clock that all replicas share. Never equal to an earlier one of this replica. */
  logical: number;
  /** Milliseconds since the Unix epoch, on this process's clock. */
  wallTime: number;
  /** Set when the value came from another replica, which has already published it. */
  fromPeer?: true;
}

export interface HybridClockOptions {
  /** Milliseconds since the Unix epoch, the same for all replicas. */
  now: () => number;
  /** Milliseconds since the Unix epoch, on this process's clock. */
  localNow: () => number;
}

export function createHybridClock({ now, localNow }: HybridClockOptions) {
  let last = 0;
  return {
    /** A timestamp after every earlier one. `aheadMs` moves its logical time forward, past what a replica with a fast clock may have used. */
    now(aheadMs: number = 0): HybridTimestamp {
      last = Math.max(last + 1, logicalTimeAt(now() + aheadMs));
      return { logical: last, wallTime: localNow() };
    },
    /** The timestamp of an event `ms` milliseconds ago. */
    ago: (ms: number): HybridTimestamp => ({ logical: logicalTimeAt(now() - ms), wallTime: localNow() - ms }),
    /** Makes every later timestamp come after `logical`, which another replica used. */
    observe(logical: number): void {
      last = Math.max(last, logical);
    },
  };
}

/** The logical time of a time in milliseconds since the Unix epoch, on the clock that all replicas share. */
export function logicalTimeAt(sharedTimeMs: number): number {
  return Math.floor(sharedTimeMs * 1000);
}
