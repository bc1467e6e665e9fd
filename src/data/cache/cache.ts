import type { SharedValues } from '../../cluster/sharedValues.ts';
import type { Clock } from '../../lib/clock.ts';
import { createCachedQuery, type CreateQuery } from './cachedQuery.ts';
import { createInvalidations, type Invalidations } from './invalidation.ts';
import { createLruStore } from './lruStore.ts';
import type { TtlSettings } from './ttl.ts';

/** What this process caches for all accounts: cached queries and responses in one bounded store, and their invalidations. */
export type Cache = ReturnType<typeof createCache>;

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

export function createCache({ clock, ttl, maxBytes, sharedValues = null, ...options }: CacheOptions) {
  const now = (): number => clock.now();
  const { invalidations = createInvalidations({ now, localNow: now }) } = options;
  const store = createLruStore(maxBytes);
  const createQuery: CreateQuery = (query) =>
    createCachedQuery({ clock, ttl, invalidations, sharedValues, store }, query);
  return { ...invalidations, store, createQuery };
}
