import { LRUCache } from 'lru-cache';

import { createHybridClock, type HybridClockOptions, type Moment } from '../../cluster/hybridClock.ts';
import { tokenHashOf } from '../account.ts';

/** What was changed, by account, and in which order to all that is read. */
export interface Changes {
  /** A moment after all that were before. */
  now(): Moment;
  /** What was so many milliseconds ago. */
  past(milliseconds: number): Moment;
  /** Everything about these tags is different from now on: what was so before is void. Null: whatever account it was read with. */
  changed(accountId: string | null, tags: readonly string[]): Moment;
  /** The same, in another replica. */
  changedElsewhere(hash: string | null, tags: readonly string[], order: number): Moment;
  /** Anything may have changed: whatever was so before is void. */
  missedSome(): void;
  /** Whether one of these was changed after `moment`. */
  isVoid(accountId: string, tags: readonly string[], moment: Moment): boolean;
}

export interface ChangesOptions extends HybridClockOptions {
  /** How far apart replicas may be about the time, in milliseconds; by default there is but one. */
  leeway?: number;
  /** Is told of each change that was made here; `hash`: of the account's token. */
  tell?: (hash: string | null, tags: readonly string[], order: number) => void;
}

/** Changes that are kept in mind; whatever is older than one that had to be forgotten is void. */
const MOST_CHANGES = 10_000;
/** Stands for all accounts; no hash looks so. */
const EVERYBODY = '*';
/** What every change of an account is about, whatever else it is. */
export const ANYTHING = '*';

export function createChanges({ now, localNow, leeway = 0, tell = () => {} }: ChangesOptions): Changes {
  const changes = new LRUCache<string, number>({
    max: MOST_CHANGES,
    dispose: (forgotten, _tag, reason) => {
      if (reason === 'evict') oldest = Math.max(oldest, forgotten);
    },
  });
  const clock = createHybridClock({ now, localNow });
  let oldest = 0;
  let last = 0;

  function keep(hash: string | null, tags: readonly string[], changedAt: number): void {
    last = Math.max(last, changedAt);
    for (const tag of [ANYTHING, ...tags]) {
      const key = `${hash ?? EVERYBODY} ${tag}`;
      changes.set(key, Math.max(changes.get(key) ?? 0, changedAt));
    }
  }

  return {
    now: () => clock.now(),
    past: (milliseconds) => clock.ago(milliseconds),
    changed(accountId, tags) {
      // What another replica, whose clock is fast, has read just before is not to look newer.
      const changed = clock.now(leeway);
      const hash = accountId === null ? null : tokenHashOf(accountId);
      keep(hash, tags, changed.order);
      tell(hash, tags, changed.order);
      return changed;
    },
    changedElsewhere(hash, tags, changedAt) {
      keep(hash, tags, changedAt);
      return clock.observe(changedAt);
    },
    missedSome() {
      ({ order: oldest } = clock.now(leeway));
      last = Math.max(last, oldest);
    },
    isVoid(accountId, tags, { order: read }) {
      if (read >= last) return false;
      if (read < oldest) return true;
      const hash = tokenHashOf(accountId);
      const isAfter = (account: string, tag: string): boolean => (changes.get(`${account} ${tag}`) ?? 0) > read;
      return tags.some((tag) => isAfter(hash, tag) || isAfter(EVERYBODY, tag));
    },
  };
}
