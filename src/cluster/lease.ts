import type { Clock } from '../lib/clock.ts';
import type { SharedStore } from './sharedStore.ts';
import { sleep, raceAbort } from '../lib/timeout.ts';
import type { Bus } from './bus.ts';

/** What one replica does at a time, each thing under its key in the store. */
export interface Leases {
  /**
   * Whether it is this one's turn: then for so many milliseconds, or until it is ended. If not, that is told once the other one's has
   * ended, or after as many as this one has patience for. Rejects where the store is away, or with the signal's reason.
   */
  acquire(key: string, holder: string, times: LeaseTimes, signal?: AbortSignal): Promise<boolean>;
  /** Ends a turn, and tells those who wait; never rejects. */
  release(key: string, holder: string): Promise<void>;
}

/** In milliseconds. */
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
  return {
    async acquire(key, holder, { ttlMs, waitTimeoutMs }, signal) {
      const waiting = new AbortController();
      // Before it is asked for: it may end in between.
      const ended = bus.leaseReleased(key, waiting.signal);
      try {
        const { isSwapped } = await store.compareAndSwap(key, null, holder, ttlMs);
        if (!isSwapped) await raceAbort(Promise.race([ended, sleep(waitTimeoutMs, clock, waiting.signal)]), signal);
        return isSwapped;
      } finally {
        waiting.abort();
      }
    },
    async release(key, holder) {
      await store.compareAndSwap(key, holder, null, 1).catch(() => {});
      bus.publish({ kind: 'turn', key });
    },
  };
}
