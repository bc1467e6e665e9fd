import { type CachedQueryContext, createCachedQuery, type CreateQuery } from './cachedQuery.ts';
import { createLruStore } from './lruStore.ts';

/** What this process caches for all accounts: cached queries and responses in one bounded store, and their invalidations. */
export type Cache = ReturnType<typeof createCache>;

/** `maxBytes`: the maximum size of the store, as estimated. */
export function createCache({ maxBytes, ...shared }: Omit<CachedQueryContext, 'store'> & { maxBytes: number }) {
  const store = createLruStore(maxBytes);
  const createQuery: CreateQuery = (query) => createCachedQuery({ ...shared, store }, query);
  return { ...shared.invalidations, store, createQuery };
}
