import type { SharedValues } from '../../cluster/sharedValues.ts';
import type { Clock } from '../../lib/clock.ts';
import { type CachedQuery, type CachedQueryOptions, createCachedQuery } from './cachedQuery.ts';
import { createInvalidations, type Invalidations } from './invalidation.ts';
import { createLruStore, type LruStore } from './lruStore.ts';
import type { TtlSettings } from './ttl.ts';

/** What this process caches for all accounts: cached queries and responses in one bounded store, and their invalidations. */
export interface Cache extends Invalidations {
  createQuery<Key, Value extends object | null>(options: CachedQueryOptions<Key, Value>): CachedQuery<Key, Value>;
  store: LruStore;
}

export interface CacheOptions {
  clock: Clock;
  ttl: TtlSettings;
  /** The maximum size of the store in bytes, as estimated. */
  maxBytes: number;
  /** By default, invalidations that are not shared with other replicas. */
  invalidations?: Invalidations;
  /** Null (the default) if there is only one replica. */
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
