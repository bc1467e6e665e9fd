import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { DEFAULT_TTL } from '../../../src/data/cache/ttl.ts';
import { UpstreamError } from '../../../src/domain/errors.ts';
import { upstreamErrorOf } from '../../support/upstream.ts';
import { createThingQuery } from './thingQuery.ts';

const unavailable = () => new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'RealtimeKit is unavailable.');

describe('a cached value', () => {
  test('is returned without a promise while it is fresh', async () => {
    const { clock, query, reads, operation, fill } = createThingQuery();
    await fill('a', 'cached');
    clock.advance(1999);
    expect(query.get(operation(), 'a')).toEqual({ text: 'cached' });
    expect(reads).toHaveLength(1);
  });

  test('is as old as the start of its read, not as the arrival of the response', async () => {
    const { clock, query, reads, operation, get } = createThingQuery();
    const reading = get('a');
    clock.advance(1500);
    reads[0]?.resolve({ text: 'true at the start' });
    await reading;
    clock.advance(499);
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'true at the start' });
    clock.advance(1);
    expect(query.getFresh(operation(), 'a')).toBeUndefined();
  });

  test('is neither replaced nor expired by older data', () => {
    const { cache, query, operation } = createThingQuery();
    const earlier = cache.invalidate('account', []);
    const later = cache.invalidate('account', []);
    query.set('account', 'a', { text: 'later' }, later);
    query.set('account', 'a', { text: 'earlier' }, earlier);
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'later' });
    query.expire('account', 'a', earlier);
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'later' });
    query.expire('account', 'a', cache.invalidate('account', []));
    expect(query.getFresh(operation(), 'a')).toBeUndefined();
  });
});

test('a cached value is no longer served once a newer read is rejected, however fresh it is', async () => {
  const { cache, query, reads, operation, fill } = createThingQuery();
  await fill('a', 'cached');
  const reading = query.get(operation(), 'a', cache.now());
  reads[1]?.reject(new UpstreamError('rejected', 'FORBIDDEN', 'The read failed.'));
  await expect(reading).rejects.toThrow('The read failed.');
  expect(query.getFresh(operation(), 'a')).toBeUndefined();
});

describe('refresh ahead', () => {
  const options = { refreshAhead: true, ttlMs: () => 20_000 };

  test('reads a value once more in the last second of its TTL, and serves the old value meanwhile', async () => {
    const { clock, query, reads, operation, get, fill } = createThingQuery(options);
    await fill('a', 'old');
    clock.advance(18_999);
    expect([query.getFresh(operation(), 'a'), reads.length]).toEqual([{ text: 'old' }, 1]);
    clock.advance(1);
    const served = [query.getFresh(operation(), 'a'), query.getFresh(operation(), 'a'), await get('a')];
    expect([served, reads.length]).toEqual([[{ text: 'old' }, { text: 'old' }, { text: 'old' }], 2]);
    reads[1]?.resolve({ text: 'new' });
    await expect.poll(() => query.getFresh(operation(), 'a')).toEqual({ text: 'new' });
    expect(reads).toHaveLength(2);
  });

  test('does not read while the budget is short, and leaves the old value in place when the read fails', async () => {
    const { clock, query, reads, operation, fill } = createThingQuery(options);
    await fill('a', 'old');
    clock.advance(19_500);
    const { account } = operation();
    const short = { account: { ...account, budget: { ...account.budget, pressure: () => 1.2 } } };
    expect([query.getFresh(operation(short), 'a'), reads.length]).toEqual([{ text: 'old' }, 1]);
    expect([query.getFresh(operation(), 'a'), reads.length]).toEqual([{ text: 'old' }, 2]);
    reads[1]?.reject(unavailable());
    await expect.poll(() => query.getFresh(operation(), 'a')).toEqual({ text: 'old' });
  });
});

describe('request coalescing', () => {
  test('makes one read of concurrent lookups of a key', async () => {
    const { reads, get } = createThingQuery();
    const all = Promise.all([get('a'), get('a'), get('a')]);
    expect(reads).toHaveLength(1);
    reads[0]?.resolve({ text: 'one' });
    expect(await all).toEqual([{ text: 'one' }, { text: 'one' }, { text: 'one' }]);
  });

  test('starts a new read after the read in flight was cancelled or has failed', async () => {
    const { query, reads, operation, get } = createThingQuery();
    const caller = new AbortController();
    const cancelled = get('a', { signal: caller.signal });
    caller.abort(new Error('gone'));
    await expect(cancelled).rejects.toThrow('gone');
    expect(reads[0]?.operation.signal?.aborted).toBe(true);

    const failed = Promise.allSettled([get('a'), get('a')]);
    expect(reads).toHaveLength(2);
    reads[1]?.reject(unavailable());
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);

    const last = get('a');
    expect(reads).toHaveLength(3);
    reads[2]?.resolve({ text: 'three' });
    // The result of the cancelled read is discarded.
    reads[0]?.resolve({ text: 'one' });
    expect(await last).toEqual({ text: 'three' });
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'three' });
  });

  test('reads again for a joined lookup when the operation that started the read has used up its requests', async () => {
    const { reads, get } = createThingQuery();
    const all = Promise.allSettled([get('a'), get('a')]);
    reads[0]?.reject(new UpstreamError('notSent', 'QUERY_TOO_EXPENSIVE', 'Too many requests.'));
    await expect.poll(() => reads.length).toBe(2);
    reads[1]?.resolve({ text: 'two' });
    expect(await all).toMatchObject([
      { status: 'rejected', reason: { code: 'QUERY_TOO_EXPENSIVE' } },
      { status: 'fulfilled', value: { text: 'two' } },
    ]);
  });
});

describe('an expired value', () => {
  test('is served when the newer one is slow, and the newer one is cached when it comes', async () => {
    const { clock, query, reads, operation, get, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = get('a');
    expect(clock.pending()).toBe(1);
    clock.advance(DEFAULT_TTL.revalidateTimeoutMs);
    expect(await reading).toEqual({ text: 'old' });
    await expect.poll(() => clock.pending()).toBe(0);
    reads[1]?.resolve({ text: 'new' });
    await expect.poll(() => query.getFresh(operation(), 'a')).toEqual({ text: 'new' });
  });

  test('is not read again for an operation that was aborted before', async () => {
    const { clock, reads, get, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = get('a', { signal: AbortSignal.abort(new Error('gone')) });
    await expect(reading).rejects.toThrow('gone');
    expect(reads).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  test('is not served when the newer one comes in time', async () => {
    const { clock, reads, get, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = get('a');
    clock.advance(DEFAULT_TTL.revalidateTimeoutMs - 1);
    reads[1]?.resolve({ text: 'new' });
    expect(await reading).toEqual({ text: 'new' });
    await expect.poll(() => clock.pending()).toBe(0);
  });

  test('is revalidated even if every operation that asked for it is aborted', async () => {
    const { clock, query, reads, operation, get, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(2000);
    const callers = [new AbortController(), new AbortController()];
    const aborted = Promise.allSettled(callers.map(({ signal }) => get('a', { signal })));
    for (const caller of callers) caller.abort(new Error('gone'));
    await aborted;
    expect(reads[1]?.operation.signal?.aborted).toBe(false);
    await expect.poll(() => clock.pending()).toBe(0);
    for (const { signal } of callers) expect(getEventListeners(signal, 'abort')).toEqual([]);
    reads[1]?.resolve({ text: 'new' });
    await expect.poll(() => query.getFresh(operation(), 'a')).toEqual({ text: 'new' });
    expect(reads).toHaveLength(2);
  });

  test.each([
    ['RATE_LIMITED', true],
    ['UPSTREAM_TIMEOUT', true],
    ['UPSTREAM_UNAVAILABLE', true],
    ['UPSTREAM_INVALID_RESPONSE', true],
    ['QUERY_TOO_EXPENSIVE', true],
    ['UNAUTHENTICATED', false],
    ['FORBIDDEN', false],
    ['BAD_USER_INPUT', false],
  ] as const)('when the new read fails with %s, is served: %s', async (code, isServed) => {
    const { clock, reads, get, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = get('a');
    reads[1]?.reject(new UpstreamError('rejected', code, 'The read failed.'));
    const outcome = await reading.catch((error: unknown) => error);
    expect(outcome).toMatchObject(isServed ? { text: 'old' } : { code });
    await expect.poll(() => clock.pending()).toBe(0);
  });

  test('is served until its maximum stale age, and not at that age', async () => {
    const maxAgeMs = 2000 + DEFAULT_TTL.maxStaleMs;
    const { clock, reads, get, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(maxAgeMs - 1);
    const served = get('a');
    reads[1]?.reject(unavailable());
    expect(await served).toEqual({ text: 'old' });
    await expect.poll(() => clock.pending()).toBe(0);

    clock.advance(1);
    const failing = get('a');
    // No revalidation timeout is running: there is no value to serve after it.
    expect(clock.pending()).toBe(0);
    reads[2]?.reject(unavailable());
    expect((await upstreamErrorOf(failing)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  test('is reported as stale, and not as an upstream request', async () => {
    const { clock, query, reads, operation, fill } = createThingQuery();
    await fill('a', 'old');
    clock.advance(2000);
    const current = operation();
    const reading = query.get(current, 'a');
    reads[1]?.reject(unavailable());
    await reading;
    const { calls, cacheHits, requests } = current.report.toUpstreamReport(current.account.budget.snapshot());
    expect(calls.map(({ source }) => source)).toEqual(['stale']);
    expect([cacheHits, requests]).toEqual([1, 0]);
  });
});

describe('an invalidation', () => {
  test('removes the values with its tag, and no others', async () => {
    const { cache, query, operation, fill } = createThingQuery();
    await fill('a', 'old');
    await fill('b', 'other');
    cache.invalidate('account', ['a']);
    expect(query.getFresh(operation(), 'a')).toBeUndefined();
    expect(query.getAnyAge('account', 'a')).toBeUndefined();
    expect(query.getFresh(operation(), 'b')).toEqual({ text: 'other' });
  });

  test('keeps a value from being served even if the new read fails', async () => {
    const { cache, reads, get, fill } = createThingQuery();
    await fill('a', 'old');
    cache.invalidate('account', ['a']);
    const reading = get('a');
    reads[1]?.reject(unavailable());
    expect((await upstreamErrorOf(reading)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  test('keeps a read that started before it from overwriting a newer value', async () => {
    const { cache, query, reads, operation, get } = createThingQuery();
    const before = get('a');
    cache.invalidate('account', ['a']);
    const after = get('a');
    expect(reads).toHaveLength(2);
    reads[1]?.resolve({ text: 'new' });
    expect(await after).toEqual({ text: 'new' });
    reads[0]?.resolve({ text: 'old' });
    expect(await before).toEqual({ text: 'old' });
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'new' });
  });

  test('keeps the value of a read that started before it out of the cache, but not from its caller', async () => {
    const { cache, query, reads, operation, get } = createThingQuery();
    const before = get('a');
    cache.invalidate('account', ['a']);
    reads[0]?.resolve({ text: 'old' });
    expect(await before).toEqual({ text: 'old' });
    expect(query.getFresh(operation(), 'a')).toBeUndefined();
  });

  test('does not affect another account', async () => {
    const { cache, query, operation, fill } = createThingQuery();
    await fill('a', 'cached');
    cache.invalidate('another', ['a']);
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'cached' });
  });

  test('holds however many other invalidations follow', async () => {
    const { cache, query, operation, fill } = createThingQuery();
    await fill('a', 'old');
    cache.invalidate('account', ['a']);
    for (let index = 0; index < 20_000; index += 1) cache.invalidate('another', [`tag-${index}`]);
    expect(query.getFresh(operation(), 'a')).toBeUndefined();
    await fill('a', 'new');
    expect(query.getFresh(operation(), 'a')).toEqual({ text: 'new' });
  });

  test('applies to tags that only the value reveals', async () => {
    const tags = (_key: string, value: { text: string } | null) => (value === null ? [] : [value.text]);
    const { cache, query, reads, operation, get } = createThingQuery({ tags });
    const before = get('a');
    cache.invalidate('account', ['topic']);
    reads[0]?.resolve({ text: 'topic' });
    await before;
    expect(query.getFresh(operation(), 'a')).toBeUndefined();
  });
});
