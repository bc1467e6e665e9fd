import type { MaybePromise } from '@whatwg-node/promise-helpers';
import DataLoader from 'dataloader';

import { lazy } from '../../lib/lazy.ts';

/** Reads values by key, each key at most once in an operation. */
export class Loader<Value extends object | null> {
  readonly #read: (key: string) => MaybePromise<Value>;
  readonly #memo = new Map<string, MaybePromise<Value>>();

  /** `read` returns a cached value synchronously, so that the warm path creates no promise. */
  constructor(read: (key: string) => MaybePromise<Value>) {
    this.#read = read;
  }

  load(key: string): MaybePromise<Value> {
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    const value = this.#read(key);
    this.#memo.set(key, value);
    return value;
  }

  /** Stores a value from another response, unless the key has a value already. */
  prime(key: string, value: Value): void {
    const known = this.#memo.get(key);
    if (known === undefined || known instanceof Promise) this.#memo.set(key, value);
  }

  clearAll(): void {
    this.#memo.clear();
  }
}

/** How to read values of which the API can read several with one request. */
export interface BatchSource<Value> {
  /** Returns a value without waiting; undefined if the key must be loaded. */
  getCached: (key: string) => Value | undefined;
  /** Returns a promise for each key, in the same order. No key waits for the slowest key of the batch. */
  loadBatch: (keys: readonly string[]) => Promise<Value>[];
}

/** Returns the `read` of a loader that batches the uncached keys of the same tick. */
export function createBatchedRead<Value extends object | null>({
  getCached,
  loadBatch,
}: BatchSource<Value>): (key: string) => MaybePromise<Value> {
  // DataLoader waits for a whole batch; wrapping each promise avoids that. The loader memoizes, so DataLoader need not.
  const batches = lazy(
    () =>
      new DataLoader<string, { value: Promise<Value> }>(async (keys) => loadBatch(keys).map((value) => ({ value })), {
        cache: false,
      }),
  );
  return (key) => {
    const cached = getCached(key);
    if (cached !== undefined) return cached;
    return batches()
      .load(key)
      .then(({ value }) => value);
  };
}
