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

/** How far a clock that has not been compared with the store's may be ahead. */
const MAX_CLOCK_ERROR_MS = 86_400_000;

export function createPeers({ store, prefix }: Cluster, clock: Clock) {
  let isTimeKnown = store.isUp();
  store.onReconnect(() => {
    isTimeKnown = true;
  });
  const bus = createBus(store);
  const offsetMs = (): number => store.now() - clock.now();
  return {
    store,
    prefix,
    clock,
    bus,
    /**
     * The store's time, for the hybrid logical clock, which cannot be set back. Before the store is reached for the first time, it is a
     * time that has passed for all replicas: whatever is read until then is older than what they change later.
     */
    logicalNow: (): number => store.now() - (isTimeKnown ? 0 : MAX_CLOCK_ERROR_MS),
    leases: createLeases(store, bus, clock),
    /** Converts a time of this process's clock to the store's, which all replicas share. Both are in milliseconds since the Unix epoch. */
    toStoreTime: (localTime: number): number => localTime + offsetMs(),
    toLocalTime: (storeTime: number): number => storeTime - offsetMs(),
  };
}
