import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import type { Invalidations } from './invalidation.ts';
import type { LruStore } from './lruStore.ts';

/** How the values of one cached query are stored. */
export interface EntryOptions<Key, Value> {
  /** Must return different strings for different keys. */
  keyOf(key: Key): string;
  /** How long the value is fresh. */
  ttlMs(value: Value): number;
  /** The tags that invalidate the value. */
  tags(key: Key, value: Value, accountId: string): string[];
  /** How many values that callers ask for are in this one. Default: 1. */
  sizeOf?(value: Value): number;
  /** Returns false for a value that newer data contradicts. Such a value is not cached; only the callers that wait for it get it. */
  accepts?(accountId: string, value: Value): boolean;
}

export interface Entry<Value> {
  value: Value;
  timestamp: HybridTimestamp;
  ttlMs: number;
  tags: string[];
  /** How often the value was served since it was stored, and how many values each time. */
  hits: number;
  size: number;
}

/** Where an entry is stored. */
export interface EntryAddress<Key> {
  accountId: string;
  key: Key;
  /** Account and key as one string, built once per lookup. */
  id: string;
}

export type EntryStore<Key, Value extends object | null> = ReturnType<typeof createEntryStore<Key, Value>>;

interface EntryStoreContext<Key, Value> {
  store: LruStore;
  invalidations: Pick<Invalidations, 'isInvalidated'>;
  /** How long after its TTL a value may still be served. */
  maxStaleMs: number;
  /** Called with each entry that was stored. */
  onStored: (address: EntryAddress<Key>, entry: Entry<Value>) => void;
}

/** The estimated size of an object without its members. */
const OBJECT_OVERHEAD_BYTES = 100;
/** The estimated size of a number, a boolean, null or a date. */
const SCALAR_BYTES = 20;
/** The estimated size of an entry without its value and key. */
const ENTRY_OVERHEAD_BYTES = 400;

/** The entries of one cached query in the memory of this process. */
export function createEntryStore<Key, Value extends object | null>(
  { store, invalidations, maxStaleMs, onStored }: EntryStoreContext<Key, Value>,
  options: EntryOptions<Key, Value>,
) {
  const entries = store.createNamespace<Entry<Value>>(({ value }) => ENTRY_OVERHEAD_BYTES + byteSizeOf(value));

  /** Returns the entry whatever its age, unless it was invalidated or is not newer than `since`. */
  function get({ accountId, id }: EntryAddress<Key>, since?: HybridTimestamp): Entry<Value> | undefined {
    const entry = entries.get(id);
    const isUsable =
      entry !== undefined &&
      entry.timestamp.logical > (since?.logical ?? 0) &&
      !invalidations.isInvalidated(accountId, entry.tags, entry.timestamp);
    return isUsable ? entry : undefined;
  }

  return {
    get,
    /** Stores a value unless newer data is known. Returns the entry of the value, or undefined if the value is not stored. */
    set(address: EntryAddress<Key>, value: Value, timestamp: HybridTimestamp): Entry<Value> | undefined {
      const { accountId, key, id } = address;
      const ttlMs = options.ttlMs(value);
      if (ttlMs + maxStaleMs <= 0) return undefined;
      const known = get(address);
      if (known !== undefined && known.timestamp.logical >= timestamp.logical)
        return known.value === value && known.timestamp === timestamp ? known : undefined;
      const tags = options.tags(key, value, accountId);
      if (invalidations.isInvalidated(accountId, tags, timestamp)) return undefined;
      if (options.accepts?.(accountId, value) === false) return undefined;
      const entry = { value, timestamp, ttlMs, tags, hits: 0, size: options.sizeOf?.(value) ?? 1 };
      entries.set(id, entry);
      onStored(address, entry);
      return entry;
    },
    /** Deletes the entry if it is older than `before`. */
    delete({ id }: EntryAddress<Key>, before: HybridTimestamp): void {
      if ((entries.get(id)?.timestamp.logical ?? 0) < before.logical) entries.delete(id);
    },
  };
}

/** Estimates the memory that a model takes, in bytes: roughly, but well enough to bound a cache. */
export function byteSizeOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length + SCALAR_BYTES;
  if (typeof value !== 'object' || value === null || value instanceof Date) return SCALAR_BYTES;
  let size = OBJECT_OVERHEAD_BYTES;
  for (const member of Object.values(value)) size += byteSizeOf(member);
  return size;
}
