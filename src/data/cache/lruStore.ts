import { LRUCache } from 'lru-cache';

/** The memory of all caches: one LRU, bounded by its size. No query has a share of its own, so that any of them can fill it. */
export type LruStore = ReturnType<typeof createLruStore>;

interface LruNamespace<Value> {
  /** Returns the value and marks it as recently used. */
  get(key: string): Value | undefined;
  /** Stores the value and evicts the least recently used ones. A value that is too large is not stored, but the old one is removed. */
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** The maximum part of the store that one value may take: no single value can evict all others. */
const MAX_VALUE_SHARE = 1 / 4;

/** A stored value. Its namespace knows its type. */
interface Item<Value> {
  owner: LruNamespace<Value>;
  value: Value;
}

/** `maxBytes`: the maximum size of all keys and values, as estimated. A store of 0 bytes stores nothing. */
export function createLruStore(maxBytes: number) {
  const items = new LRUCache<string, Item<unknown>>({
    maxSize: Math.max(1, maxBytes),
    maxEntrySize: Math.max(1, Math.floor(maxBytes * MAX_VALUE_SHARE)),
  });
  let namespaces = 0;
  return {
    createNamespace<Value>(byteSizeOf: (value: Value) => number) {
      namespaces += 1;
      const prefix = `${namespaces} `;
      const isOwn = (item: Item<unknown>): item is Item<Value> => item.owner === namespace;
      const namespace: LruNamespace<Value> = {
        get(key) {
          const item = items.get(prefix + key);
          return item !== undefined && isOwn(item) ? item.value : undefined;
        },
        set(key, value) {
          const id = prefix + key;
          items.set(id, { owner: namespace, value }, { size: 2 * id.length + byteSizeOf(value) });
        },
        delete: (key) => void items.delete(prefix + key),
      };
      return namespace;
    },
  };
}
