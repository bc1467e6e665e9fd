import { LRUCache } from 'lru-cache';

import type { Clock } from '../clock.ts';

/** When something was so: its place among all reads and changes, and the time. */
export interface Moment {
  order: number;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** What was changed, by account, and in which order to all that is read. */
export interface Changes {
  /** A moment after all that were before. */
  now(): Moment;
  /** Everything about these tags is different from now on: what was so before is void. Null: whatever account it was read with. */
  changed(accountId: string | null, tags: readonly string[]): Moment;
  /** Whether one of these was changed after `moment`. */
  isVoid(accountId: string, tags: readonly string[], moment: Moment): boolean;
}

/** Changes that are kept in mind; whatever is older than one that had to be forgotten is void. */
const MOST_CHANGES = 10_000;
/** Stands for all accounts; no hash looks so. */
const EVERYBODY = '*';
/** What every change of an account is about, whatever else it is. */
export const ANYTHING = '*';

export function createChanges(clock: Clock): Changes {
  const changes = new LRUCache<string, number>({
    max: MOST_CHANGES,
    dispose: (forgotten, _tag, reason) => {
      if (reason === 'evict') oldest = Math.max(oldest, forgotten);
    },
  });
  let oldest = 0;
  let order = 0;
  let last = 0;

  function now(): Moment {
    order += 1;
    return { order, at: clock.now() };
  }

  return {
    now,
    changed(accountId, tags) {
      const moment = now();
      last = moment.order;
      for (const tag of [ANYTHING, ...tags]) changes.set(`${accountId ?? EVERYBODY} ${tag}`, moment.order);
      return moment;
    },
    isVoid(accountId, tags, moment) {
      if (moment.order >= last) return false;
      const isAfter = (account: string, tag: string): boolean => (changes.get(`${account} ${tag}`) ?? 0) > moment.order;
      return moment.order < oldest || tags.some((tag) => isAfter(accountId, tag) || isAfter(EVERYBODY, tag));
    },
  };
}
