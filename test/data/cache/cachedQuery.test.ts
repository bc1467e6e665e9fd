import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { UpstreamError } from '../../../src/domain/errors.ts';
import type { CachedQueryOptions } from '../../../src/data/cache/cachedQuery.ts';
import { createCache } from '../../../src/data/cache/cache.ts';
import { DEFAULT_CACHING, type CachingSettings } from '../../../src/data/cachingSettings.ts';
import { DEFAULT_TTL } from '../../../src/data/cache/ttl.ts';
import type { Operation } from '../../../src/data/operation.ts';
import { byteSizeOf } from '../../../src/data/cache/byteSize.ts';
import type { TransportRequest, TransportResponse } from '../../../src/realtimekit/transport.ts';
import { createDataSource, type DataSource } from '../../../src/data/dataSource.ts';
import { createFakeClock } from '../../support/fakeClock.ts';
import { APP, createOperation, failureOf } from '../../support/upstream.ts';

interface Thing {
  text: string;
}

/** One kind of read whose answers the test gives; `reads` are those that were begun, oldest first. */
function shelf(options: Partial<CachedQueryOptions<string, Thing | null>> & { bytes?: number } = {}) {
  const { bytes: maxBytes = 9_000_000, ...kindOptions } = options;
  const clock = createFakeClock();
  const cache = createCache({ clock, ttl: DEFAULT_TTL, maxBytes });
  const reads: (PromiseWithResolvers<Thing | null> & { operation: Operation })[] = [];
  const kind = cache.createQuery<string, Thing | null>({
    route: '/things/{id}',
    keyOf: (key) => key,
    load: async (operation) => {
      const read = { ...Promise.withResolvers<Thing | null>(), operation };
      reads.push(read);
      return read.promise;
    },
    ttlMs: () => 2000,
    tags: (key) => [key],
    ...kindOptions,
  });
  const operation = (changes: Partial<Operation> = {}) => createOperation(clock, changes);
  /** Reads `key` and answers at once. */
  async function fill(key: string, text: string): Promise<void> {
    const reading = kind.get(operation(), key);
    reads.at(-1)?.resolve({ text });
    await reading;
  }
  return { clock, cache, kind, reads, operation, fill };
}

const unavailable = () => new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'It is away.');

describe('an answer that is read ahead', () => {
  const ahead = { refreshAhead: true, freshness: () => 20_000 };

  test('is read anew once in its last second, and given at once meanwhile', async () => {
    const { clock, kind, reads, operation, fill } = shelf(ahead);
    await fill('a', 'old');
    clock.advance(18_999);
    expect([kind.getFresh(operation(), 'a'), reads.length]).toEqual([{ text: 'old' }, 1]);
    clock.advance(1);
    const given = [kind.getFresh(operation(), 'a'), kind.getFresh(operation(), 'a'), await kind.get(operation(), 'a')];
    expect([given, reads.length]).toEqual([[{ text: 'old' }, { text: 'old' }, { text: 'old' }], 2]);
    reads[1]?.resolve({ text: 'new' });
    await expect.poll(() => kind.getFresh(operation(), 'a')).toEqual({ text: 'new' });
    expect(reads).toHaveLength(2);
  });

  test('is left alone while the budget is short, and not waited for when the reading fails', async () => {
    const { clock, kind, reads, operation, fill } = shelf(ahead);
    await fill('a', 'old');
    clock.advance(19_500);
    const { account } = operation();
    const short = { account: { ...account, budget: { ...account.budget, pressure: () => 1.2 } } };
    expect([kind.getFresh(operation(short), 'a'), reads.length]).toEqual([{ text: 'old' }, 1]);
    expect([kind.getFresh(operation(), 'a'), reads.length]).toEqual([{ text: 'old' }, 2]);
    reads[1]?.reject(unavailable());
    await expect.poll(() => kind.getFresh(operation(), 'a')).toEqual({ text: 'old' });
  });
});

describe('reads of one key', () => {
  test('that are under way together are one', async () => {
    const { kind, reads, operation } = shelf();
    const all = Promise.all([kind.get(operation(), 'a'), kind.get(operation(), 'a'), kind.get(operation(), 'a')]);
    expect(reads).toHaveLength(1);
    reads[0]?.resolve({ text: 'one' });
    expect(await all).toEqual([{ text: 'one' }, { text: 'one' }, { text: 'one' }]);
  });

  test('begin afresh once the one under way was cancelled or has failed', async () => {
    const { kind, reads, operation } = shelf();
    const leaver = new AbortController();
    const left = kind.get(operation({ signal: leaver.signal }), 'a');
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(reads[0]?.operation.signal?.aborted).toBe(true);

    const failed = Promise.allSettled([kind.get(operation(), 'a'), kind.get(operation(), 'a')]);
    expect(reads).toHaveLength(2);
    reads[1]?.reject(unavailable());
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);

    const last = kind.get(operation(), 'a');
    expect(reads).toHaveLength(3);
    reads[2]?.resolve({ text: 'three' });
    // What the cancelled read still gives comes too late for anyone.
    reads[0]?.resolve({ text: 'one' });
    expect(await last).toEqual({ text: 'three' });
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'three' });
  });

  test('are not failed by the share of another operation', async () => {
    const { kind, reads, operation } = shelf();
    const all = Promise.allSettled([kind.get(operation(), 'a'), kind.get(operation(), 'a')]);
    reads[0]?.reject(new UpstreamError('notSent', 'QUERY_TOO_EXPENSIVE', 'It has had its share.'));
    await expect.poll(() => reads.length).toBe(2);
    reads[1]?.resolve({ text: 'two' });
    expect(await all).toMatchObject([
      { status: 'rejected', reason: { code: 'QUERY_TOO_EXPENSIVE' } },
      { status: 'fulfilled', value: { text: 'two' } },
    ]);
  });
});

describe('an answer that has grown old', () => {
  test('is served when the newer one is slow, which is then there for the next', async () => {
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = kind.get(operation(), 'a');
    expect(clock.pending()).toBe(1);
    clock.advance(DEFAULT_TTL.revalidateTimeoutMs);
    expect(await reading).toEqual({ text: 'old' });
    await expect.poll(() => clock.pending()).toBe(0);
    reads[1]?.resolve({ text: 'new' });
    await expect.poll(() => kind.getFresh(operation(), 'a')).toEqual({ text: 'new' });
  });

  test('asks for nothing, and harms nobody, when its caller has left before', async () => {
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = kind.get(operation({ signal: AbortSignal.abort(new Error('gone')) }), 'a');
    await expect(reading).rejects.toThrow('gone');
    expect(reads).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  test('is not served when the newer one comes in time', async () => {
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = kind.get(operation(), 'a');
    clock.advance(DEFAULT_TTL.revalidateTimeoutMs - 1);
    reads[1]?.resolve({ text: 'new' });
    expect(await reading).toEqual({ text: 'new' });
    await expect.poll(() => clock.pending()).toBe(0);
  });

  test('is brought up to date although everyone who asked for it has left', async () => {
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(2000);
    const leavers = [new AbortController(), new AbortController()];
    const left = Promise.allSettled(leavers.map(({ signal }) => kind.get(operation({ signal }), 'a')));
    for (const leaver of leavers) leaver.abort(new Error('gone'));
    await left;
    expect(reads[1]?.operation.signal?.aborted).toBe(false);
    await expect.poll(() => clock.pending()).toBe(0);
    for (const { signal } of leavers) expect(getEventListeners(signal, 'abort')).toEqual([]);
    reads[1]?.resolve({ text: 'new' });
    await expect.poll(() => kind.getFresh(operation(), 'a')).toEqual({ text: 'new' });
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
  ] as const)('after %s is served: %s', async (code, isServed) => {
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(2000);
    const reading = kind.get(operation(), 'a');
    reads[1]?.reject(new UpstreamError('rejected', code, 'It failed.'));
    const outcome = await reading.catch((error: unknown) => error);
    expect(outcome).toMatchObject(isServed ? { text: 'old' } : { code });
    await expect.poll(() => clock.pending()).toBe(0);
  });

  test('is served up to its bound, and not at it', async () => {
    const bound = 2000 + DEFAULT_TTL.maxStaleMs;
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(bound - 1);
    const served = kind.get(operation(), 'a');
    reads[1]?.reject(unavailable());
    expect(await served).toEqual({ text: 'old' });
    await expect.poll(() => clock.pending()).toBe(0);

    clock.advance(1);
    const waited = kind.get(operation(), 'a');
    // No patience is timed: there is nothing to serve in the end.
    expect(clock.pending()).toBe(0);
    reads[2]?.reject(unavailable());
    expect((await failureOf(waited)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  test('is not told as if upstream had been asked', async () => {
    const { clock, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    clock.advance(2000);
    const asking = operation();
    const reading = kind.get(asking, 'a');
    reads[1]?.reject(unavailable());
    await reading;
    const { calls, cacheHits, requests } = asking.report.toUpstreamReport(asking.account.budget.snapshot());
    expect(calls.map(({ source }) => source)).toEqual(['stale']);
    expect([cacheHits, requests]).toEqual([1, 0]);
  });
});

describe('what is changed', () => {
  test('voids what is kept of it, and nothing else', async () => {
    const { cache, kind, operation, fill } = shelf();
    await fill('a', 'old');
    await fill('b', 'other');
    cache.invalidate('account', ['a']);
    expect(kind.getFresh(operation(), 'a')).toBeUndefined();
    expect(kind.getAnyAge('account', 'a')).toBeUndefined();
    expect(kind.getFresh(operation(), 'b')).toEqual({ text: 'other' });
  });

  test('is not served even when reading it again fails', async () => {
    const { cache, kind, reads, operation, fill } = shelf();
    await fill('a', 'old');
    cache.invalidate('account', ['a']);
    const reading = kind.get(operation(), 'a');
    reads[1]?.reject(unavailable());
    expect((await failureOf(reading)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  test('is not overwritten by a read that began before it', async () => {
    const { cache, kind, reads, operation } = shelf();
    const before = kind.get(operation(), 'a');
    cache.invalidate('account', ['a']);
    const after = kind.get(operation(), 'a');
    expect(reads).toHaveLength(2);
    reads[1]?.resolve({ text: 'new' });
    expect(await after).toEqual({ text: 'new' });
    reads[0]?.resolve({ text: 'old' });
    expect(await before).toEqual({ text: 'old' });
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'new' });
  });

  test('is not kept from a read that began before it, when nothing newer is known', async () => {
    const { cache, kind, reads, operation } = shelf();
    const before = kind.get(operation(), 'a');
    cache.invalidate('account', ['a']);
    reads[0]?.resolve({ text: 'old' });
    expect(await before).toEqual({ text: 'old' });
    expect(kind.getFresh(operation(), 'a')).toBeUndefined();
  });

  test('is no concern of another account', async () => {
    const { cache, kind, operation, fill } = shelf();
    await fill('a', 'kept');
    cache.invalidate('another', ['a']);
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'kept' });
  });

  test('stays void however many other changes there are', async () => {
    const { cache, kind, operation, fill } = shelf();
    await fill('a', 'old');
    cache.invalidate('account', ['a']);
    for (let index = 0; index < 20_000; index += 1) cache.invalidate('another', [`tag-${index}`]);
    expect(kind.getFresh(operation(), 'a')).toBeUndefined();
    await fill('a', 'new');
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'new' });
  });

  test('is void by what the answer speaks of, which may be known only with the answer', async () => {
    const { cache, kind, reads, operation } = shelf({ tags: (_key, value) => (value === null ? [] : [value.text]) });
    const before = kind.get(operation(), 'a');
    cache.invalidate('account', ['topic']);
    reads[0]?.resolve({ text: 'topic' });
    await before;
    expect(kind.getFresh(operation(), 'a')).toBeUndefined();
  });
});

describe('what is put', () => {
  test('does not replace what is newer', () => {
    const { cache, kind, operation } = shelf();
    const earlier = cache.invalidate('account', []);
    const later = cache.invalidate('account', []);
    kind.set('account', 'a', { text: 'later' }, later);
    kind.set('account', 'a', { text: 'earlier' }, earlier);
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'later' });
    kind.expire('account', 'a', earlier);
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'later' });
    kind.expire('account', 'a', cache.invalidate('account', []));
    expect(kind.getFresh(operation(), 'a')).toBeUndefined();
  });

  test('is as old as what it tells of, not as its arrival', async () => {
    const { clock, kind, reads, operation } = shelf();
    const reading = kind.get(operation(), 'a');
    clock.advance(1500);
    reads[0]?.resolve({ text: 'told at the beginning' });
    await reading;
    clock.advance(499);
    expect(kind.getFresh(operation(), 'a')).toEqual({ text: 'told at the beginning' });
    clock.advance(1);
    expect(kind.getFresh(operation(), 'a')).toBeUndefined();
  });
});

/** Bytes that keeping an answer costs at least, whatever it is. */
const EACH = 400;

describe('memory', () => {
  test('holds no more than its bound, and what was used last', () => {
    const { cache, kind } = shelf({ bytes: 20_000 });
    const moment = cache.invalidate('account', []);
    const keys = Array.from({ length: 5000 }, (_, index) => `key-${index}`);
    for (const key of keys) kind.set('account', key, { text: `thing ${key}` }, moment);
    const kept = keys.filter((key) => kind.getAnyAge('account', key) !== undefined);
    const size = kept.reduce((sum, key) => sum + EACH + byteSizeOf({ text: `thing ${key}` }), 0);
    expect(kept.length).toBeGreaterThan(0);
    expect(size).toBeLessThanOrEqual(20_000);
    expect(kept).toEqual(keys.slice(-kept.length));
  });

  test('counts what it costs to remember that there is nothing', () => {
    const { cache, kind } = shelf({ bytes: 20_000 });
    const moment = cache.invalidate('account', []);
    const keys = Array.from({ length: 5000 }, (_, index) => `key-${index}`);
    for (const key of keys) kind.set('account', key, null, moment);
    const kept = keys.filter((key) => kind.getAnyAge('account', key) !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length * EACH).toBeLessThanOrEqual(20_000);
  });

  test('does not keep an answer that is bigger than its bound, nor the older one in its place', async () => {
    const { clock, kind, reads, operation, fill } = shelf({ bytes: 9000 });
    await fill('a', 'small');
    clock.advance(2000);
    const reading = kind.get(operation(), 'a');
    reads[1]?.resolve({ text: 'x'.repeat(2000) });
    expect(await reading).toEqual({ text: 'x'.repeat(2000) });
    expect(kind.getAnyAge('account', 'a')).toBeUndefined();
    await fill('b', 'small');
    expect(kind.getFresh(operation(), 'b')).toEqual({ text: 'small' });
  });

  test('is bounded for whole answers too: thousands of rows leave no more than the bound', async () => {
    const { upstream, operationOf } = service({ cacheBytes: 10_000 });
    const operation = await operationOf('A');
    for (let page = 0; page < 30; page += 1) {
      const { rows } = await upstream.reads.livestreams.get(operation, {
        query: ALL,
        range: { offset: page * 100, count: 100 },
      });
      expect(rows).toHaveLength(100);
    }
    const ids = Array.from({ length: 3000 }, (_, row) => `row-${row}`);
    const held = ids.map((id) => upstream.reads.livestream.getAnyAge(operation.account.id, id));
    const size = held.reduce((sum, value) => sum + (value ? EACH + byteSizeOf(value) : 0), 0);
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThanOrEqual(10_000);
  });
});

const ALL = { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' } as const;
const RANGE = { offset: 0, count: 3 };

/** An API in which every token sees texts of its own under the same ids. */
function service(caching: Partial<CachingSettings> = {}) {
  const clock = createFakeClock();
  const urls: string[] = [];
  const transport = async (request: TransportRequest): Promise<TransportResponse> => {
    urls.push(request.url);
    const owner = request.headers['authorization']?.replace('Bearer token-', '') ?? 'nobody';
    return { status: 200, headers: {}, body: JSON.stringify({ success: true, ...answerOf(request.url, owner) }) };
  };
  const upstream = createDataSource({
    ...DEFAULT_CACHING,
    ...APP,
    baseUrl: 'https://api.test',
    attemptTimeoutMs: 10_000,
    totalTimeoutMs: 25_000,
    transport,
    clock,
    random: () => 0,
    requestsPerSecond: 0,
    ...caching,
  });
  const operationOf = async (name: string, signal = new AbortController().signal): Promise<Operation> =>
    upstream.operation(await upstream.account(`token-${name}`), signal, () => {});
  return { clock, upstream, urls, operationOf };
}

function answerOf(url: string, owner: string): { data: unknown; paging?: unknown } {
  const { pathname, searchParams } = new URL(url);
  const livestream = { id: 'live', name: `livestream of ${owner}`, status: 'LIVE', meeting_id: 'meet' };
  const session = { id: 'sess', livestream_id: 'live', err_message: `session of ${owner}` };
  if (pathname.endsWith('/active-livestream-session')) return { data: { livestream, session } };
  if (pathname.endsWith('/active-livestream')) return { data: livestream };
  if (pathname.includes('/livestreams/sessions/')) return { data: session };
  if (pathname.endsWith('/livestreams/live')) return { data: { livestream, session } };
  if (pathname.endsWith('/meetings/meet')) return { data: { id: 'meet', title: `meeting of ${owner}` } };
  if (pathname.endsWith('/meetings')) return { data: [{ id: 'meet', title: `meeting of ${owner}` }] };
  if (pathname.endsWith('/meetings/meet/livestream')) return { data: { livestreams: [livestream] } };
  const perPage = Number(searchParams.get('per_page'));
  const first = (Number(searchParams.get('page_no')) - 1) * perPage;
  const rows = Array.from({ length: perPage }, (_, row) => ({
    ...livestream,
    id: `row-${first + row}`,
    meeting_id: '',
  }));
  return { data: rows, paging: { start_offset: first + 1, total_count: 3000 } };
}

type Read = (reads: DataSource['reads'], operation: Operation) => Promise<unknown>;

/** Every kind of read. */
const KINDS: [string, Read][] = [
  ['meeting', (reads, operation) => reads.meeting.get(operation, 'meet')],
  ['livestream', (reads, operation) => reads.livestream.get(operation, 'live')],
  ['active livestream', (reads, operation) => reads.activeLivestream.get(operation, 'meet')],
  ['active session', (reads, operation) => reads.activeSession.get(operation, 'live')],
  ['session', (reads, operation) => reads.session.get(operation, 'sess')],
  ['meetings', (reads, operation) => reads.meetings.get(operation, { search: null, range: RANGE })],
  ['livestreams', (reads, operation) => reads.livestreams.get(operation, { query: ALL, range: RANGE })],
  [
    'livestreams of a meeting',
    (reads, operation) => reads.meetingLivestreams.get(operation, { meetingId: 'meet', range: RANGE }),
  ],
  [
    'sessions of a livestream',
    (reads, operation) => reads.sessions.get(operation, { livestreamId: 'live', range: RANGE }),
  ],
  ['beginning of a list', async (reads, operation) => (await reads.livestreamsHead.get(operation, ALL)).head],
];

describe('two credentials', () => {
  test.each(KINDS)('never see each other’s %s, one after the other or at once', async (_kind, read) => {
    const { upstream, urls, operationOf } = service();
    const [alice, bob] = [await operationOf('A'), await operationOf('B')];
    const ofAlice = JSON.stringify(await read(upstream.reads, alice));
    const asked = urls.length;
    const ofBob = JSON.stringify(await read(upstream.reads, bob));
    expect(urls).toHaveLength(2 * asked);
    expect(ofAlice).toContain(' of A"');
    expect(ofBob).toBe(ofAlice.replaceAll(' of A"', ' of B"'));

    // What each knows by now is its own too.
    const [again, andAgain] = [await read(upstream.reads, alice), await read(upstream.reads, bob)];
    expect([JSON.stringify(again), JSON.stringify(andAgain)]).toEqual([ofAlice, ofBob]);
    expect(urls).toHaveLength(2 * asked);
  });

  test.each(KINDS)('share no request for a %s, but two operations of one do', async (_kind, read) => {
    const { upstream, urls, operationOf } = service();
    const operations = await Promise.all(['A', 'B', 'A', 'B'].map((name) => operationOf(name)));
    const answers = await Promise.all(operations.map((operation) => read(upstream.reads, operation)));
    const owners = answers.map((answer) => / of (\w)"/.exec(JSON.stringify(answer))?.[1]);
    expect(owners).toEqual(['A', 'B', 'A', 'B']);
    expect(urls).toHaveLength(2);
  });

  test('prime nothing of each other’s from lists and sessions', async () => {
    const { upstream, operationOf } = service();
    const [alice, bob] = [await operationOf('A'), await operationOf('B')];
    for (const [, read] of KINDS) await read(upstream.reads, alice);
    const { livestream, activeLivestream, session, meeting } = upstream.reads;
    for (const kind of [livestream, activeLivestream, session, meeting]) {
      for (const key of ['live', 'meet', 'sess', 'row-0', 'row-1']) {
        expect(kind.getFresh(bob, key)).toBeUndefined();
        expect(kind.getAnyAge(bob.account.id, key)).toBeUndefined();
      }
    }
    expect(livestream.getFresh(alice, 'row-0')?.name).toBe('livestream of A');
  });

  test('are told apart by what does not tell the token', async () => {
    const { upstream } = service();
    const tokens = ['token-A', 'token-B', APP.token];
    const accounts = await Promise.all(tokens.map((token) => upstream.account(token)));
    expect(new Set(accounts.map(({ id }) => id)).size).toBe(3);
    for (const [index, { id }] of accounts.entries()) {
      for (const token of tokens) {
        expect(id).not.toContain(token);
        expect(atob(id)).not.toContain(token);
        expect(token).not.toContain(id);
      }
      const again = await upstream.account(tokens[index] ?? '');
      expect(again.id).toBe(id);
      expect(again.budget).toBe(accounts[index]?.budget);
    }
  });
});

describe('a read', () => {
  test.each(KINDS)('of a %s leaves no timer, nor a listener at its caller’s signal', async (_kind, read) => {
    const { clock, upstream, operationOf } = service();
    const caller = new AbortController();
    const operation = await operationOf('A', caller.signal);
    await read(upstream.reads, operation);
    clock.advance(10_000);
    await read(upstream.reads, operation);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    await expect.poll(() => clock.pending()).toBe(0);
  });
});
