import { describe, expect, test } from 'vitest';

import { type BatchSource, createBatchedRead, Loader } from '../../../src/graphql/loaders/loader.ts';

interface Row {
  id: string;
}

function createLoader<Value extends object | null>(source: BatchSource<Value>) {
  return new Loader(createBatchedRead(source));
}

/** A loader whose source the test controls, and the batches that it requested. */
function startLoader() {
  const batches: string[][] = [];
  const cached = new Map<string, Row | null>();
  const pending = new Map<string, PromiseWithResolvers<Row | null>>();
  const lookups: string[] = [];
  const loader = createLoader<Row | null>({
    getCached(key) {
      lookups.push(key);
      return cached.get(key);
    },
    loadBatch(keys) {
      batches.push([...keys]);
      return keys.map(async (key) => {
        const deferred = Promise.withResolvers<Row | null>();
        pending.set(key, deferred);
        return deferred.promise;
      });
    },
  });
  return {
    loader,
    batches,
    cached,
    lookups,
    resolve: async (key: string, value: Row | null) => {
      await nextTurn();
      pending.get(key)?.resolve(value);
    },
    reject: async (key: string, error: Error) => {
      await nextTurn();
      pending.get(key)?.reject(error);
    },
  };
}

/** Waits until all pending microtasks and timers that are due have run. */
async function nextTurn(): Promise<void> {
  await new Promise((done) => {
    setImmediate(done);
  });
}

/** Awaits values that may be promises. */
async function settle<T>(values: readonly (T | PromiseLike<T>)[]): Promise<T[]> {
  return Promise.all(values.map(async (value) => value));
}

const A = { id: 'a' };
const B = { id: 'b' };

describe('a cached value', () => {
  test('is returned synchronously, without a batch', async () => {
    const { loader, cached, batches } = startLoader();
    cached.set('a', A);
    expect(loader.load('a')).toBe(A);
    await nextTurn();
    expect(batches).toEqual([]);
  });

  test('stays the same for the operation after the cache changes', () => {
    const { loader, cached, lookups } = startLoader();
    cached.set('a', A);
    expect(loader.load('a')).toBe(A);
    cached.set('a', B);
    expect(loader.load('a')).toBe(A);
    cached.delete('a');
    expect(loader.load('a')).toBe(A);
    expect(lookups).toEqual(['a']);
  });

  test('may be null', async () => {
    const { loader, cached, batches } = startLoader();
    cached.set('a', null);
    expect(loader.load('a')).toBeNull();
    loader.prime('b', null);
    expect(loader.load('b')).toBeNull();
    loader.prime('b', B);
    expect(loader.load('b')).toBeNull();
    await nextTurn();
    expect(batches).toEqual([]);
  });
});

describe('an uncached value', () => {
  test('is loaded in one batch per turn, once for all calls', async () => {
    const { loader, batches, resolve } = startLoader();
    const values = Promise.all([loader.load('a'), loader.load('b'), loader.load('a')]);
    await resolve('a', A);
    await resolve('b', B);
    expect(await values).toEqual([A, B, A]);
    expect(batches).toEqual([['a', 'b']]);
    const later = loader.load('c');
    await resolve('c', null);
    expect(await later).toBeNull();
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });

  test('is loaded in a batch without the cached keys', async () => {
    const { loader, batches, cached, resolve } = startLoader();
    cached.set('b', B);
    const values = [loader.load('a'), loader.load('b'), loader.load('c')];
    expect(values[1]).toBe(B);
    await resolve('a', A);
    await resolve('c', null);
    expect(await settle(values)).toEqual([A, B, null]);
    expect(batches).toEqual([['a', 'c']]);
  });

  test('is not loaded again by the operation, not even if it is null', async () => {
    const { loader, batches, resolve } = startLoader();
    const missing = loader.load('a');
    await resolve('a', null);
    expect(await missing).toBeNull();
    expect(await loader.load('a')).toBeNull();
    expect(batches).toEqual([['a']]);
  });

  test('resolves independently of slower keys of its batch', async () => {
    const { loader, resolve } = startLoader();
    const slow = Promise.resolve(loader.load('a'));
    const quick = loader.load('b');
    let isSlowDone = false;
    const slowDone = slow.then(() => {
      isSlowDone = true;
      return isSlowDone;
    });
    await resolve('b', B);
    expect(await quick).toBe(B);
    expect(isSlowDone).toBe(false);
    await resolve('a', A);
    expect(await slowDone).toBe(true);
  });

  test('rejects only its own key, for every call with that key', async () => {
    const { loader, batches, resolve, reject } = startLoader();
    const bad = Promise.resolve(loader.load('a')).catch((error: unknown) => error);
    const good = loader.load('b');
    const error = new Error('a is broken');
    await reject('a', error);
    await resolve('b', B);
    expect(await bad).toBe(error);
    expect(await good).toBe(B);
    await expect(Promise.resolve(loader.load('a'))).rejects.toBe(error);
    expect(batches).toEqual([['a', 'b']]);
  });

  test('may reject immediately without an unhandled rejection', async () => {
    const error = new Error('too expensive');
    const loader = createLoader<Row>({
      getCached: () => undefined,
      loadBatch: (keys) => keys.map(async (key) => (key === 'a' ? Promise.reject(error) : { id: key })),
    });
    const outcomes = await Promise.allSettled([loader.load('a'), loader.load('b')]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: error },
      { status: 'fulfilled', value: B },
    ]);
  });

  test('rejects all keys of a batch when loadBatch throws', async () => {
    const error = new Error('cannot begin');
    const loader = createLoader<Row>({
      getCached: () => undefined,
      loadBatch() {
        throw error;
      },
    });
    const outcomes = await Promise.allSettled([loader.load('a'), loader.load('b')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('a primed value', () => {
  test('needs no lookup and no batch, and is not replaced by a second prime', async () => {
    const { loader, batches, lookups } = startLoader();
    loader.prime('a', A);
    loader.prime('a', B);
    expect(loader.load('a')).toBe(A);
    await nextTurn();
    expect(batches).toEqual([]);
    expect(lookups).toEqual([]);
  });

  test('is returned by later calls, while earlier calls get the loaded value', async () => {
    const { loader, resolve, batches } = startLoader();
    const before = loader.load('a');
    await nextTurn();
    loader.prime('a', B);
    expect(loader.load('a')).toBe(B);
    await resolve('a', A);
    expect(await before).toBe(A);
    expect(loader.load('a')).toBe(B);
    expect(batches).toEqual([['a']]);
  });

  test('is returned after the load of its key failed', async () => {
    const { loader, reject } = startLoader();
    const bad = Promise.resolve(loader.load('a')).catch(() => 'failed');
    await reject('a', new Error('broken'));
    expect(await bad).toBe('failed');
    loader.prime('a', A);
    expect(loader.load('a')).toBe(A);
  });
});

describe('clearAll', () => {
  test('discards loaded, cached and primed values', async () => {
    const { loader, batches, cached, resolve } = startLoader();
    const read = loader.load('a');
    await resolve('a', A);
    await read;
    cached.set('b', B);
    expect(loader.load('b')).toBe(B);
    loader.prime('c', { id: 'c' });
    loader.clearAll();
    cached.set('b', null);
    const reloaded = [loader.load('a'), loader.load('c')];
    expect(loader.load('b')).toBeNull();
    await resolve('a', null);
    await resolve('c', null);
    expect(await settle(reloaded)).toEqual([null, null]);
    expect(batches).toEqual([['a'], ['a', 'c']]);
  });

  test('leaves pending calls their value, but does not memoize it', async () => {
    const { loader, batches, resolve } = startLoader();
    const before = loader.load('a');
    await nextTurn();
    const resolved = resolve('a', A);
    loader.clearAll();
    await resolved;
    expect(await before).toBe(A);
    const after = loader.load('a');
    await resolve('a', B);
    expect(await after).toBe(B);
    expect(batches).toEqual([['a'], ['a']]);
  });

  test('does not affect values that are primed later', () => {
    const { loader } = startLoader();
    loader.prime('a', A);
    loader.clearAll();
    loader.prime('a', B);
    expect(loader.load('a')).toBe(B);
  });
});
