import { LRUCache } from 'lru-cache';

import { createHybridClock, type HybridClockOptions, type HybridTimestamp } from '../../cluster/hybridClock.ts';
import { tokenHashOf } from '../account.ts';

export type Invalidations = ReturnType<typeof createInvalidations>;

interface InvalidationsOptions extends HybridClockOptions {
  /** How far the clocks of replicas may differ. 0 (the default) if there is only one replica. */
  leewayMs?: number;
  /** Called with every invalidation of this replica, to publish it to the others. */
  publish?: (tokenHash: string | null, tags: readonly string[], logical: number) => void;
}

/** How many pairs of an account and a tag are remembered. Whatever was read before a forgotten invalidation counts as invalidated. */
const MAX_INVALIDATIONS = 10_000;
/** Stands for all accounts. No token hash looks like this. */
const ALL_ACCOUNTS = '*';
/** Every invalidation of an account has this tag. */
export const ANY_TAG = '*';

/** When data was changed, by account and tag, on one timeline with all reads (see `hybridClock.ts`). */
export function createInvalidations({ now, localNow, leewayMs = 0, publish = () => {} }: InvalidationsOptions) {
  /** The logical time of the last invalidation, by account and tag. */
  const invalidatedAt = new LRUCache<string, number>({
    max: MAX_INVALIDATIONS,
    dispose: (logical, _key, reason) => {
      if (reason === 'evict') horizon = Math.max(horizon, logical);
    },
  });
  const clock = createHybridClock({ now, localNow });
  /** Whatever was read before this logical time counts as invalidated. */
  let horizon = 0;
  /** The logical time of the last invalidation of all. */
  let latest = 0;
  let count = 0;

  function record(tokenHash: string | null, tags: readonly string[], logical: number): void {
    latest = Math.max(latest, logical);
    count += 1;
    for (const tag of [ANY_TAG, ...tags]) {
      const key = `${tokenHash ?? ALL_ACCOUNTS} ${tag}`;
      invalidatedAt.set(key, Math.max(invalidatedAt.get(key) ?? 0, logical));
    }
  }

  return {
    /** A timestamp after all earlier ones. */
    now: (): HybridTimestamp => clock.now(),
    /** The timestamp of `ms` milliseconds ago. */
    ago: clock.ago,
    /** Invalidates whatever was read before now and has one of the tags: for one account, or for all accounts (null). */
    invalidate(accountId: string | null, tags: readonly string[]): HybridTimestamp {
      // The leeway keeps values that a replica with a fast clock has just read from looking newer than this invalidation.
      const timestamp = clock.now(leewayMs);
      const tokenHash = accountId === null ? null : tokenHashOf(accountId);
      record(tokenHash, tags, timestamp.logical);
      publish(tokenHash, tags, timestamp.logical);
      return timestamp;
    },
    /** Applies an invalidation of another replica. `tokenHash` identifies the account; null stands for all accounts. */
    applyRemote(tokenHash: string | null, tags: readonly string[], logical: number): void {
      record(tokenHash, tags, logical);
      clock.observe(logical);
    },
    /** Invalidates whatever was read before now, because invalidations of other replicas may have been missed. */
    invalidateAll(): void {
      ({ logical: horizon } = clock.now(leewayMs));
      latest = Math.max(latest, horizon);
      count += 1;
    },
    /** The number of invalidations so far, by this replica and others. */
    invalidationCount: (): number => count,
    /** Whether one of the tags was invalidated after the timestamp. */
    isInvalidated(accountId: string, tags: readonly string[], { logical }: HybridTimestamp): boolean {
      if (logical >= latest) return false;
      if (logical < horizon) return true;
      const tokenHash = tokenHashOf(accountId);
      const isAfter = (account: string, tag: string): boolean =>
        (invalidatedAt.get(`${account} ${tag}`) ?? 0) > logical;
      return tags.some((tag) => isAfter(tokenHash, tag) || isAfter(ALL_ACCOUNTS, tag));
    },
  };
}
