import type { MaybePromise } from '@whatwg-node/promise-helpers';
import DataLoader from 'dataloader';

/** What one operation reads by key. What it has read or seen once it does not ask for again. */
export interface Loader<Value> {
  /** The value itself where it is at hand: nothing then waits for a promise. */
  load(key: string): MaybePromise<Value>;
  /** Keeps what another answer told already, unless the key is known. */
  prime(key: string, value: Value): void;
  clearAll(): void;
}

/** Where a loader's values come from. */
export interface LoaderSource<Value> {
  /** A value that is at hand without waiting. */
  getCached(key: string): Value | undefined;
  /** One promise for each key, in their order, so that no key waits for the slowest of them all. */
  loadBatch(keys: readonly string[]): Promise<Value>[];
}

/** Keys that are asked for in the same turn and are not at hand go to `source.read` together. */
export function createLoader<Value extends object | null>(source: LoaderSource<Value>): Loader<Value> {
  const memo = new Map<string, Value>();
  // Made when it is needed: most operations are answered from memory.
  let batches: DataLoader<string, { value: Promise<Value> }> | undefined;
  const makeBatches = () =>
    new DataLoader<string, { value: Promise<Value> }>(async (keys) =>
      source.loadBatch(keys).map((value) => ({ value })),
    );

  function load(key: string): MaybePromise<Value> {
    const held = memo.get(key);
    if (held !== undefined) return held;
    const fresh = source.getCached(key);
    if (fresh === undefined) return (batches ??= makeBatches()).load(key).then(({ value }) => value);
    memo.set(key, fresh);
    return fresh;
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
