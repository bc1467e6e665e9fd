import type { Clock } from '../lib/clock.ts';
import type { SharedStore } from './sharedStore.ts';

/** Times as this process has them, and as all replicas do: each may be wrong about the time, and the store is not. */
export interface StoreTime {
  /** From milliseconds by this process's clock to the store's. */
  atStore: (at: number) => number;
  /** From milliseconds by the store's clock to this process's. */
  atHome: (at: number) => number;
}

export function createStoreTime(store: Pick<SharedStore, 'now'>, clock: Pick<Clock, 'now'>): StoreTime {
  const ahead = (): number => store.now() - clock.now();
  return { atStore: (at) => at + ahead(), atHome: (at) => at - ahead() };
}
