import type { Clock } from '../lib/clock.ts';
import { createBus } from './bus.ts';
import { createLeases } from './lease.ts';
import type { SharedStore } from './sharedStore.ts';

/** Where the replicas of the gateway share state. */
export interface Cluster {
  store: SharedStore;
  /** How all of the app's keys in the store begin. */
  prefix: string;
}

/** What a replica shares state with the others by. */
export type Peers = ReturnType<typeof createPeers>;

export function createPeers({ store, prefix }: Cluster, clock: Clock) {
  const bus = createBus(store);
  const offsetMs = (): number => store.now() - clock.now();
  return {
    store,
    prefix,
    clock,
    bus,
    leases: createLeases(store, bus, clock),
    /** Converts a time of this process's clock to the store's, which all replicas share. Both are in milliseconds since the Unix epoch. */
    toStoreTime: (localTime: number): number => localTime + offsetMs(),
    toLocalTime: (storeTime: number): number => storeTime - offsetMs(),
  };
}
