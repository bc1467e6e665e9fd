import { LRUCache } from 'lru-cache';

import { createHybridClock, type HybridClockOptions, type HybridTimestamp } from '../../cluster/hybridClock.ts';
import { tokenHashOf } from '../account.ts';

/** What was changed, by account, and in which order to all that is read. */
export interface Invalidations {
  /** A moment after all that were before. */
  now(): HybridTimestamp;
  /** What was so many milliseconds ago. */
  ago(milliseconds: number): HybridTimestamp;
  /** Everything about these tags is different from now on: what was so before is void. Null: whatever account it was read with. */
  invalidate(accountId: string | null, tags: readonly string[]): HybridTimestamp;
  /** The same, in another replica. */
  applyRemote(hash: string | null, tags: readonly string[], order: number): HybridTimestamp;
  /** Anything may have changed: whatever was so before is void. */
  invalidateAll(): void;
  /** Whether one of these was changed after `moment`. */
  isInvalidated(accountId: string, tags: readonly string[], moment: HybridTimestamp): boolean;
}

export interface InvalidationsOptions extends HybridClockOptions {
  /** How far apart replicas may be about the time, in milliseconds; by default there is but one. */
  leewayMs?: number;
  /** Is told of each change that was made here; `hash`: of the account's token. */
  publish?: (hash: string | null, tags: readonly string[], order: number) => void;
}

/** Changes that are kept in mind; whatever is older than one that had to be forgotten is void. */
const MAX_INVALIDATIONS = 10_000;
/** Stands for all accounts; no hash looks so. */
const ALL_ACCOUNTS = '*';
/** What every change of an account is about, whatever else it is. */
export const ANY_TAG = '*';

export function createInvalidations({
  now,
  localNow,
  leewayMs = 0,
  publish = () => {},
}: InvalidationsOptions): Invalidations {
  const changes = new LRUCache<string, number>({
    max: MAX_INVALIDATIONS,
    dispose: (forgotten, _tag, reason) => {
      if (reason === 'evict') oldest = Math.max(oldest, forgotten);
    },
  });
  const clock = createHybridClock({ now, localNow });
  let oldest = 0;
  let last = 0;

  function keep(hash: string | null, tags: readonly string[], changedAt: number): void {
    last = Math.max(last, changedAt);
    for (const tag of [ANY_TAG, ...tags]) {
      const key = `${hash ?? ALL_ACCOUNTS} ${tag}`;
      changes.set(key, Math.max(changes.get(key) ?? 0, changedAt));
    }
  }

  return {
    now: () => clock.now(),
    ago: (milliseconds) => clock.ago(milliseconds),
    invalidate(accountId, tags) {
      // What another replica, whose clock is fast, has read just before is not to look newer.
      const changed = clock.now(leewayMs);
      const hash = accountId === null ? null : tokenHashOf(accountId);
      keep(hash, tags, changed.logical);
      publish(hash, tags, changed.logical);
      return changed;
    },
    applyRemote(hash, tags, changedAt) {
      keep(hash, tags, changedAt);
      return clock.observe(changedAt);
    },
    invalidateAll() {
      ({ logical: oldest } = clock.now(leewayMs));
      last = Math.max(last, oldest);
    },
    isInvalidated(accountId, tags, { logical: read }) {
      if (read >= last) return false;
      if (read < oldest) return true;
      const hash = tokenHashOf(accountId);
      const isAfter = (account: string, tag: string): boolean => (changes.get(`${account} ${tag}`) ?? 0) > read;
      return tags.some((tag) => isAfter(hash, tag) || isAfter(ALL_ACCOUNTS, tag));
    },
  };
}
