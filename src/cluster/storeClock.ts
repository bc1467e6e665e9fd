import type { Clock } from '../lib/clock.ts';
import type { SharedStore } from './sharedStore.ts';

/**
 * Converts times between this process's clock and the store's, which all replicas share. Both are in milliseconds since the Unix
 * epoch.
 */
export interface StoreClock {
  toStoreTime: (localTime: number) => number;
  toLocalTime: (storeTime: number) => number;
}

export function createStoreClock(store: Pick<SharedStore, 'now'>, clock: Pick<Clock, 'now'>): StoreClock {
  const offsetMs = (): number => store.now() - clock.now();
  return {
    toStoreTime: (localTime) => localTime + offsetMs(),
    toLocalTime: (storeTime) => storeTime - offsetMs(),
  };
}
