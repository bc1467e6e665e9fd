import { describe, expect, test } from 'vitest';

import { createLoader } from '../../../src/graphql/loaders/loader.ts';

interface Row {
  id: string;
}

/** A loader over values that a test hands out by itself, with every batch it asked for. */
function startLoader() {
  const batches: string[][] = [];
  const atHand = new Map<string, Row | null>();
  const waiting = new Map<string, PromiseWithResolvers<Row | null>>();
  const looked: string[] = [];
  const loader = createLoader<Row | null>({
    getCached(key) {
      looked.push(key);
      return atHand.get(key);
    },
    loadBatch(keys) {
      batches.push([...keys]);
      return keys.map(async (key) => {
        const answer = Promise.withResolvers<Row | null>();
        waiting.set(key, answer);
        return answer.promise;
      });
    },
  });
  return {
    loader,
    batches,
    atHand,
    looked,
    give: async (key: string, value: Row | null) => {
      await turn();
      waiting.get(key)?.resolve(value);
    },
    fail: async (key: string, error: Error) => {
      await turn();
      waiting.get(key)?.reject(error);
    },
  };
}

/** Until everything that is ready has run. */
async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Values as they come, at once or later. */
async function all<T>(values: readonly (T | PromiseLike<T>)[]): Promise<T[]> {
  return Promise.all(values.map(async (value) => value));
}

const A = { id: 'a' };
const B = { id: 'b' };

describe('what is at hand', () => {
  test('comes as the value itself, without a promise and without a read', async () => {
    const { loader, atHand, batches } = startLoader();
    atHand.set('a', A);
    expect(loader.load('a')).toBe(A);
    await turn();
    expect(batches).toEqual([]);
  });

  test('stays the same within the operation, though it is at hand no more', () => {
    const { loader, atHand, looked } = startLoader();
    atHand.set('a', A);
    expect(loader.load('a')).toBe(A);
    atHand.set('a', B);
    expect(loader.load('a')).toBe(A);
    atHand.delete('a');
    expect(loader.load('a')).toBe(A);
    expect(looked).toEqual(['a']);
  });

  test('may be that there is nothing: null is a value', async () => {
    const { loader, atHand, batches } = startLoader();
    atHand.set('a', null);
    expect(loader.load('a')).toBeNull();
    loader.prime('b', null);
    expect(loader.load('b')).toBeNull();
    loader.prime('b', B);
    expect(loader.load('b')).toBeNull();
    await turn();
    expect(batches).toEqual([]);
  });
});

describe('what is not at hand', () => {
  test('is read once a turn, for all who ask in it', async () => {
    const { loader, batches, give } = startLoader();
    const all = Promise.all([loader.load('a'), loader.load('b'), loader.load('a')]);
    await give('a', A);
    await give('b', B);
    expect(await all).toEqual([A, B, A]);
    expect(batches).toEqual([['a', 'b']]);
    const later = loader.load('c');
    await give('c', null);
    expect(await later).toBeNull();
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });

  test('is read without what is at hand', async () => {
    const { loader, batches, atHand, give } = startLoader();
    atHand.set('b', B);
    const values = [loader.load('a'), loader.load('b'), loader.load('c')];
    expect(values[1]).toBe(B);
    await give('a', A);
    await give('c', null);
    expect(await all(values)).toEqual([A, B, null]);
    expect(batches).toEqual([['a', 'c']]);
  });

  test('is not read again in the operation, not even if there was nothing', async () => {
    const { loader, batches, give } = startLoader();
    const nothing = loader.load('a');
    await give('a', null);
    expect(await nothing).toBeNull();
    expect(await loader.load('a')).toBeNull();
    expect(batches).toEqual([['a']]);
  });

  test('comes as soon as it is there, whatever the others of its batch wait for', async () => {
    const { loader, give } = startLoader();
    const slow = Promise.resolve(loader.load('a'));
    const quick = loader.load('b');
    let isSlowDone = false;
    const seen = slow.then(() => {
      isSlowDone = true;
      return isSlowDone;
    });
    await give('b', B);
    expect(await quick).toBe(B);
    expect(isSlowDone).toBe(false);
    await give('a', A);
    expect(await seen).toBe(true);
  });

  test('fails for itself alone, and for everyone who asks for it', async () => {
    const { loader, batches, give, fail } = startLoader();
    const bad = Promise.resolve(loader.load('a')).catch((error: unknown) => error);
    const good = loader.load('b');
    const error = new Error('a is broken');
    await fail('a', error);
    await give('b', B);
    expect(await bad).toBe(error);
    expect(await good).toBe(B);
    await expect(Promise.resolve(loader.load('a'))).rejects.toBe(error);
    expect(batches).toEqual([['a', 'b']]);
  });

  test('may fail at once, before anyone has had time to listen', async () => {
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

  test('fails for all of the batch when the batch itself cannot be begun', async () => {
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

describe('what another answer told', () => {
  test('is not read, and is the first word on it', async () => {
    const { loader, batches, looked } = startLoader();
    loader.prime('a', A);
    loader.prime('a', B);
    expect(loader.load('a')).toBe(A);
    await turn();
    expect(batches).toEqual([]);
    expect(looked).toEqual([]);
  });

  test('serves who asks after it, while who asked before still gets the answer to that', async () => {
    const { loader, give, batches } = startLoader();
    const before = loader.load('a');
    await turn();
    loader.prime('a', B);
    expect(loader.load('a')).toBe(B);
    await give('a', A);
    expect(await before).toBe(A);
    expect(loader.load('a')).toBe(B);
    expect(batches).toEqual([['a']]);
  });

  test('serves even where the read of it failed', async () => {
    const { loader, fail } = startLoader();
    const bad = Promise.resolve(loader.load('a')).catch(() => 'failed');
    await fail('a', new Error('broken'));
    expect(await bad).toBe('failed');
    loader.prime('a', A);
    expect(loader.load('a')).toBe(A);
  });
});

describe('forgetting', () => {
  test('has everything looked for anew: what was read, what was at hand and what was told', async () => {
    const { loader, batches, atHand, give } = startLoader();
    const read = loader.load('a');
    await give('a', A);
    await read;
    atHand.set('b', B);
    expect(loader.load('b')).toBe(B);
    loader.prime('c', { id: 'c' });
    loader.clearAll();
    atHand.set('b', null);
    const again = [loader.load('a'), loader.load('c')];
    expect(loader.load('b')).toBeNull();
    await give('a', null);
    await give('c', null);
    expect(await all(again)).toEqual([null, null]);
    expect(batches).toEqual([['a'], ['a', 'c']]);
  });

  test('leaves those their answer who wait for it, and gives it to nobody else', async () => {
    const { loader, batches, give } = startLoader();
    const before = loader.load('a');
    await turn();
    const answered = give('a', A);
    loader.clearAll();
    await answered;
    expect(await before).toBe(A);
    const after = loader.load('a');
    await give('a', B);
    expect(await after).toBe(B);
    expect(batches).toEqual([['a'], ['a']]);
  });

  test('lets what is told from then on stand', () => {
    const { loader } = startLoader();
    loader.prime('a', A);
    loader.clearAll();
    loader.prime('a', B);
    expect(loader.load('a')).toBe(B);
  });
});
