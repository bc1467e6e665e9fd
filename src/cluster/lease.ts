import { Cancellation, type CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { raceAbort, sleep } from '../lib/timeout.ts';
import type { Bus } from './bus.ts';
import type { SharedStore } from './sharedStore.ts';

/** Leases in the store: at most one holder at a time has the lease of a key. */
export function createLeases(store: SharedStore, bus: Pick<Bus, 'publish' | 'leaseReleased'>, clock: Clock) {
  return {
    /**
     * Calls `take`, which tries to take the lease `key` in the store. If it returns false, waits until its holder releases it, at most
     * `waitTimeoutMs`, and returns false. Rejects as `take` does, or with the reason of `signal`.
     */
    async acquire(
      key: string,
      waitTimeoutMs: number,
      take: () => Promise<boolean>,
      signal?: CancellationSignal,
    ): Promise<boolean> {
      const waiting = new Cancellation();
      // Subscribes before it asks for the lease, which may be released in between.
      const released = bus.leaseReleased(key, waiting);
      try {
        const isAcquired = await take();
        if (!isAcquired) await raceAbort(Promise.race([released, sleep(waitTimeoutMs, clock, waiting)]), signal);
        return isAcquired;
      } finally {
        waiting.abort(undefined);
      }
    },
    /** Releases the lease if `holder` still has it, and wakes those that wait for it, at any replica. Never rejects. */
    async release(key: string, holder: string): Promise<void> {
      await store.compareAndSwap(key, holder, null, 1).catch(() => {});
      bus.publish({ kind: 'leaseReleased', key });
    },
  };
}
