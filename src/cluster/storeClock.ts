import type { Clock } from '../lib/clock.ts';
import type { SharedStore } from './sharedStore.ts';

/** Times as this process has them, and as all replicas do: each may be wrong about the time, and the store is not. */
export interface StoreClock {
  /** From milliseconds by this process's clock to the store's. */
  toStoreTime: (at: number) => number;
  /** From milliseconds by the store's clock to this process's. */
  toLocalTime: (at: number) => number;
}

export function createStoreClock(store: Pick<SharedStore, 'now'>, clock: Pick<Clock, 'now'>): StoreClock {
  const ahead = (): number => store.now() - clock.now();
  return { toStoreTime: (at) => at + ahead(), toLocalTime: (at) => at - ahead() };
}
