import type { Clock } from '../../lib/clock.ts';
import { type Invalidations, createInvalidations } from './invalidation.ts';
import type { TtlSettings } from './ttl.ts';
import { createCachedQuery, type CachedQuery, type CachedQueryOptions } from './cachedQuery.ts';
import type { SharedValues } from '../../cluster/sharedValues.ts';

/** Memory that operations share, bounded, and kept apart by account. */
export interface Cache extends Invalidations {
  kind<Key, Value extends object | null>(options: CachedQueryOptions<Key, Value>): CachedQuery<Key, Value>;
  /** The bytes of one share of the memory. */
  share: number;
}

export interface CacheOptions {
  clock: Clock;
  freshness: TtlSettings;
  /** What may be kept in memory, in bytes, roughly. */
  bytes: number;
  /** What was changed, here and in other replicas; by default here alone. */
  changes?: Invalidations;
  /** What all replicas keep; by default there is but one. */
  second?: SharedValues | null;
}

/** More than there are kinds of reads that share the memory, for whole answers have a share too. */
const SHARES = 14;

export function createCache({ clock, freshness, bytes, second = null, ...options }: CacheOptions): Cache {
  const now = (): number => clock.now();
  const { changes = createInvalidations({ now, localNow: now }) } = options;
  const share = Math.max(1, Math.floor(bytes / SHARES));
  let kinds = 0;
  return {
    ...changes,
    share,
    kind(kindOptions) {
      kinds += 1;
      if (kinds >= SHARES) throw new Error(`There are ${kinds} kinds of reads: share the memory anew.`);
      return createCachedQuery({ clock, freshness, changes, second, share }, kindOptions);
    },
  };
}
