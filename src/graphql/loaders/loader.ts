import type { MaybePromise } from '@whatwg-node/promise-helpers';
import DataLoader from 'dataloader';

/** Reads values by key, each key at most once in an operation. */
export interface Loader<Value> {
  /** Returns a cached value synchronously, so that the warm path creates no promise. */
  load(key: string): MaybePromise<Value>;
  /** Stores a value from another response, unless the key has a value already. */
  prime(key: string, value: Value): void;
  clearAll(): void;
}

/** Where a loader gets its values. */
export interface LoaderSource<Value> {
  /** Returns a value without waiting; undefined if the key must be loaded. */
  getCached(key: string): Value | undefined;
  /** Returns a promise for each key, in the same order. No key waits for the slowest key of the batch. */
  loadBatch(keys: readonly string[]): Promise<Value>[];
}

/** Creates a loader that batches the uncached keys of the same tick. */
export function createLoader<Value extends object | null>(source: LoaderSource<Value>): Loader<Value> {
  const memo = new Map<string, Value>();
  // Created lazily, because most operations need no batch. DataLoader waits for a whole batch; wrapping each promise avoids that.
  let batches: DataLoader<string, { value: Promise<Value> }> | undefined;
  const createBatches = () =>
    new DataLoader<string, { value: Promise<Value> }>(async (keys) =>
      source.loadBatch(keys).map((value) => ({ value })),
    );

  function load(key: string): MaybePromise<Value> {
    const known = memo.get(key);
    if (known !== undefined) return known;
    const cached = source.getCached(key);
    if (cached === undefined) return (batches ??= createBatches()).load(key).then(({ value }) => value);
    memo.set(key, cached);
    return cached;
  }

  return {
    load,
    prime(key, value) {
      if (!memo.has(key)) memo.set(key, value);
    },
    clearAll() {
      memo.clear();
      batches?.clearAll();
    },
  };
}
