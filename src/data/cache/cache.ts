import { type CachedQueryContext, createCachedQuery, type CreateQuery } from './cachedQuery.ts';
import { createDemand } from './demand.ts';
import { createLruStore } from './lruStore.ts';

/** What this process caches for all accounts: cached queries and responses in one bounded store, and their invalidations. */
export type Cache = ReturnType<typeof createCache>;

/** `maxBytes`: the maximum size of the store, as estimated. */
export function createCache({
  maxBytes,
  ...shared
}: Omit<CachedQueryContext, 'store' | 'demand'> & { maxBytes: number }) {
  const store = createLruStore(maxBytes);
  const context: CachedQueryContext = { ...shared, store, demand: createDemand(shared.clock) };
  const createQuery: CreateQuery = (query) => createCachedQuery(context, query);
  return { ...shared.invalidations, store, createQuery };
}
