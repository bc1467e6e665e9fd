import { Cancellation, type CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { raceAbort, sleep } from '../lib/timeout.ts';
import type { Bus } from './bus.ts';
import type { SharedStore } from './sharedStore.ts';

/** Leases in the store: at most one replica holds the lease of a key. */
export interface Leases {
  /**
   * Returns true if `holder` now has the lease, for `ttlMs` or until its release. If another holder has it, waits for its release,
   * at most `waitTimeoutMs`, and returns false. Rejects with `StoreUnavailableError`, or with the reason of `signal`.
   */
  acquire(key: string, holder: string, times: LeaseTimes): Promise<boolean>;
  /** Calls `acquire`. Unless that returns true, waits for the release of the lease as above, and returns false. */
  acquireBy(
    key: string,
    waitTimeoutMs: number,
    acquire: () => Promise<boolean>,
    signal?: CancellationSignal,
  ): Promise<boolean>;
  /** Releases the lease if `holder` still has it, and wakes the replicas that wait for it. Never rejects. */
  release(key: string, holder: string): Promise<void>;
}

export interface LeaseTimes {
  ttlMs: number;
  waitTimeoutMs: number;
}

export interface LeasesOptions {
  store: SharedStore;
  bus: Pick<Bus, 'publish' | 'leaseReleased'>;
  clock: Clock;
}

export function createLeases({ store, bus, clock }: LeasesOptions): Leases {
  const acquireBy: Leases['acquireBy'] = async (key, waitTimeoutMs, acquire, signal) => {
    const waiting = new Cancellation();
    // Subscribes before it asks for the lease, which may be released in between.
    const released = bus.leaseReleased(key, waiting);
    try {
      const isAcquired = await acquire();
      if (!isAcquired) await raceAbort(Promise.race([released, sleep(waitTimeoutMs, clock, waiting)]), signal);
      return isAcquired;
    } finally {
      waiting.abort(undefined);
    }
  };
  return {
    acquireBy,
    acquire: async (key, holder, { ttlMs, waitTimeoutMs }) =>
      acquireBy(key, waitTimeoutMs, async () => (await store.compareAndSwap(key, null, holder, ttlMs)).isSwapped),
    async release(key, holder) {
      await store.compareAndSwap(key, holder, null, 1).catch(() => {});
      bus.publish({ kind: 'leaseReleased', key });
    },
  };
}
