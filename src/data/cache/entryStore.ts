import type { Moment } from '../../cluster/hybridClock.ts';
import { LRUCache } from 'lru-cache';

import type { Changes } from './invalidation.ts';
import { sizeOf } from './byteSize.ts';

/** How the answers of one kind are kept. */
export interface EntryOptions<Key, Value> {
  keyOf(key: Key): string;
  /** Milliseconds. */
  freshness(value: Value): number;
  /** What the value speaks of: a change of one of these makes it void. */
  tags(key: Key, value: Value, accountId: string): string[];
  /** False: something newer speaks against it, so that only those get it who wait for it. */
  isCurrent?(accountId: string, value: Value): boolean;
}

/** An answer that is kept. */
export interface Entry<Value> {
  value: Value;
  moment: Moment;
  /** Milliseconds. */
  freshness: number;
  accountId: string;
  tags: string[];
}

/** The answers of one kind that this process keeps in memory. */
export interface Entries<Key, Value> {
  /** What was so after `since`, however old; undefined: nothing is kept, or it is void. */
  find(accountId: string, key: Key, since?: Moment): Entry<Value> | undefined;
  /** Keeps what was so at `moment`, and gives what is kept; undefined: something newer is known, or it could never be served. */
  put(accountId: string, key: Key, value: Value, moment: Moment): Entry<Value> | undefined;
  /** Forgets what was so before `moment`. */
  drop(accountId: string, key: Key, moment: Moment): void;
}

export interface EntriesContext {
  changes: Pick<Changes, 'isVoid'>;
  /** How much older than fresh an answer may be served, in milliseconds. */
  stale: number;
  /** What may be kept, in bytes, roughly. */
  share: number;
}

/** What keeping an answer costs beside the answer itself, in bytes, roughly. */
const ENTRY = 400;

export function createEntries<Key, Value extends object | null>(
  { changes, stale, share }: EntriesContext,
  options: EntryOptions<Key, Value>,
): Entries<Key, Value> {
  const entries = new LRUCache<string, Entry<Value>>({
    maxSize: share,
    sizeCalculation: ({ value }, id) => ENTRY + 2 * id.length + sizeOf(value),
  });
  const idOf = (accountId: string, key: Key): string => `${accountId} ${options.keyOf(key)}`;

  function find(accountId: string, key: Key, since?: Moment): Entry<Value> | undefined {
    const entry = entries.get(idOf(accountId, key));
    const isUsable =
      entry !== undefined &&
      entry.moment.order > (since?.order ?? 0) &&
      !changes.isVoid(accountId, entry.tags, entry.moment);
    return isUsable ? entry : undefined;
  }

  return {
    find,
    put(accountId, key, value, moment) {
      const freshness = options.freshness(value);
      if (freshness + stale <= 0) return undefined;
      const tags = options.tags(key, value, accountId);
      const isOlder = (find(accountId, key)?.moment.order ?? 0) >= moment.order;
      if (isOlder || changes.isVoid(accountId, tags, moment)) return undefined;
      if (options.isCurrent?.(accountId, value) === false) return undefined;
      const entry = { value, moment, freshness, accountId, tags };
      entries.set(idOf(accountId, key), entry);
      return entry;
    },
    drop(accountId, key, moment) {
      const id = idOf(accountId, key);
      if ((entries.get(id)?.moment.order ?? 0) < moment.order) entries.delete(id);
    },
  };
}
