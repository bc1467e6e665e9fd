import type { Clock } from '../../lib/clock.ts';
import { type Invalidations, createInvalidations } from './invalidation.ts';
import type { TtlSettings } from './ttl.ts';
import { createCachedQuery, type CachedQuery, type CachedQueryOptions } from './cachedQuery.ts';
import type { SharedValues } from '../../cluster/sharedValues.ts';

/** Memory that operations share, bounded, and kept apart by account. */
export interface Cache extends Invalidations {
  createQuery<Key, Value extends object | null>(options: CachedQueryOptions<Key, Value>): CachedQuery<Key, Value>;
  /** The bytes of one share of the memory. */
  share: number;
}

export interface CacheOptions {
  clock: Clock;
  ttl: TtlSettings;
  /** What may be kept in memory, in bytes, roughly. */
  maxBytes: number;
  /** What was changed, here and in other replicas; by default here alone. */
  invalidations?: Invalidations;
  /** What all replicas keep; by default there is but one. */
  sharedValues?: SharedValues | null;
}

/** More than there are kinds of reads that share the memory, for whole answers have a share too. */
const SHARES = 14;

export function createCache({ clock, ttl, maxBytes, sharedValues = null, ...options }: CacheOptions): Cache {
  const now = (): number => clock.now();
  const { invalidations = createInvalidations({ now, localNow: now }) } = options;
  const share = Math.max(1, Math.floor(maxBytes / SHARES));
  let kinds = 0;
  return {
    ...invalidations,
    share,
    createQuery(kindOptions) {
      kinds += 1;
      if (kinds >= SHARES) throw new Error(`There are ${kinds} kinds of reads: share the memory anew.`);
      return createCachedQuery(
        { clock, ttl: ttl, invalidations: invalidations, sharedValues: sharedValues, share },
        kindOptions,
      );
    },
  };
}
