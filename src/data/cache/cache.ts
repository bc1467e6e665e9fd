import type { Clock } from '../../lib/clock.ts';
import { type Invalidations, createInvalidations } from './invalidation.ts';
import { createLruStore, type LruStore } from './lruStore.ts';
import type { TtlSettings } from './ttl.ts';
import { createCachedQuery, type CachedQuery, type CachedQueryOptions } from './cachedQuery.ts';
import type { SharedValues } from '../../cluster/sharedValues.ts';

/** What the gateway caches in memory, for all accounts: one bounded store, and the invalidations that apply to whatever is in it. */
export interface Cache extends Invalidations {
  createQuery<Key, Value extends object | null>(options: CachedQueryOptions<Key, Value>): CachedQuery<Key, Value>;
  store: LruStore;
}

export interface CacheOptions {
  clock: Clock;
  ttl: TtlSettings;
  /** The maximum size of everything in memory, in bytes, as estimated. */
  maxBytes: number;
  /** By default, a single replica's own. */
  invalidations?: Invalidations;
  /** The values that replicas share; null (the default) if there is only one replica. */
  sharedValues?: SharedValues | null;
}

export function createCache({ clock, ttl, maxBytes, sharedValues = null, ...options }: CacheOptions): Cache {
  const now = (): number => clock.now();
  const { invalidations = createInvalidations({ now, localNow: now }) } = options;
  const store = createLruStore(maxBytes);
  return {
    ...invalidations,
    store,
    createQuery: (queryOptions) => createCachedQuery({ clock, ttl, invalidations, sharedValues, store }, queryOptions),
  };
}
