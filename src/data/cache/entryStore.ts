import type { HybridTimestamp } from '../../cluster/hybridClock.ts';

import type { Invalidations } from './invalidation.ts';
import { byteSizeOf } from './byteSize.ts';
import type { LruStore } from './lruStore.ts';

/** How the answers of one kind are kept. */
export interface EntryOptions<Key, Value> {
  keyOf(key: Key): string;
  /** Milliseconds. */
  ttlMs(value: Value): number;
  /** What the value speaks of: a change of one of these makes it void. */
  tags(key: Key, value: Value, accountId: string): string[];
  /** False: something newer speaks against it, so that only those get it who wait for it. */
  accepts?(accountId: string, value: Value): boolean;
}

/** An answer that is kept. */
export interface Entry<Value> {
  value: Value;
  timestamp: HybridTimestamp;
  /** Milliseconds. */
  ttlMs: number;
  accountId: string;
  tags: string[];
}

/** The answers of one kind that this process keeps in memory. */
export interface EntryStore<Key, Value> {
  /** What was so after `since`, however old; undefined: nothing is kept, or it is void. */
  get(accountId: string, key: Key, since?: HybridTimestamp): Entry<Value> | undefined;
  /** Keeps what was so at `moment`, and gives what is kept; undefined: something newer is known, or it could never be served. */
  set(accountId: string, key: Key, value: Value, moment: HybridTimestamp): Entry<Value> | undefined;
  /** Forgets what was so before `moment`. */
  drop(accountId: string, key: Key, moment: HybridTimestamp): void;
}

export interface EntryStoreContext {
  changes: Pick<Invalidations, 'isInvalidated'>;
  /** How much older than fresh an answer may be served, in milliseconds. */
  stale: number;
  store: LruStore;
}

/** What keeping an answer costs beside the answer itself, in bytes, roughly. */
const ENTRY_OVERHEAD_BYTES = 400;

export function createEntryStore<Key, Value extends object | null>(
  { changes, stale, store }: EntryStoreContext,
  options: EntryOptions<Key, Value>,
): EntryStore<Key, Value> {
  const entries = store.createNamespace<Entry<Value>>(({ value }) => ENTRY_OVERHEAD_BYTES + byteSizeOf(value));
  const idOf = (accountId: string, key: Key): string => `${accountId} ${options.keyOf(key)}`;

  function get(accountId: string, key: Key, since?: HybridTimestamp): Entry<Value> | undefined {
    const entry = entries.get(idOf(accountId, key));
    const isUsable =
      entry !== undefined &&
      entry.timestamp.logical > (since?.logical ?? 0) &&
      !changes.isInvalidated(accountId, entry.tags, entry.timestamp);
    return isUsable ? entry : undefined;
  }

  return {
    get,
    set(accountId, key, value, moment) {
      const freshness = options.ttlMs(value);
      if (freshness + stale <= 0) return undefined;
      const tags = options.tags(key, value, accountId);
      const isOlder = (get(accountId, key)?.timestamp.logical ?? 0) >= moment.logical;
      if (isOlder || changes.isInvalidated(accountId, tags, moment)) return undefined;
      if (options.accepts?.(accountId, value) === false) return undefined;
      const entry = { value, timestamp: moment, ttlMs: freshness, accountId, tags };
      entries.set(idOf(accountId, key), entry);
      return entry;
    },
    drop(accountId, key, moment) {
      const id = idOf(accountId, key);
      if ((entries.get(id)?.timestamp.logical ?? 0) < moment.logical) entries.delete(id);
    },
  };
}
