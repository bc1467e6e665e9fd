import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Livestream, LivestreamQuery, LivestreamStatus, Page } from '../../src/domain/models.ts';
import type { CachedQuery } from '../../src/data/cache/cachedQuery.ts';
import { UpstreamError } from '../../src/domain/errors.ts';
import type { Head } from '../../src/realtimekit/endpoints.ts';
import { createBulkReads, type BulkResult } from '../../src/data/bulkReads.ts';
import type { LivestreamsKey } from '../../src/data/listReads.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { runs } from '../support/runs.ts';
import { createOperation } from '../support/upstream.ts';

const PAGE_ROWS = 100;

/** A livestream whose other fields do not matter. */
function livestream(id: string, status: LivestreamStatus, meetingId: string | null): Livestream {
  const otherFields = { disabled: false, ingestServer: null, streamKey: null, playbackUrl: null };
  return { id, status, meetingId, name: id, createdAt: null, updatedAt: null, ...otherFields };
}

/** `count` livestreams in one status, numbered from `from`. Each is in the meeting with its own number. */
function livestreams(count: number, status: LivestreamStatus, from = 0): Livestream[] {
  return Array.from({ length: count }, (_, index) => livestream(`l${from + index}`, status, `m${from + index}`));
}

/** `count` livestreams that are live, without a meeting. */
function withoutMeeting(count: number, from = 0): Livestream[] {
  return livestreams(count, 'LIVE', from).map(({ id, status }) => livestream(id, status, null));
}

const meetingIds = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `m${from + index}`);

/** How upstream responds, given the rows of the world that belong to the list. */
interface Responses {
  /** Null if upstream does not report the list's length. */
  head(rows: Livestream[], query: LivestreamQuery): Head<Livestream> | null;
  page(rows: Livestream[], key: LivestreamsKey): Page<Livestream>;
}

const CORRECT: Responses = {
  head: (rows) => ({ rows: rows.slice(0, PAGE_ROWS), totalCount: rows.length }),
  page: (rows, { range }) => ({
    rows: rows.slice(range.offset, range.offset + range.count),
    totalCount: rows.length,
    hasNext: rows.length > range.offset + range.count,
  }),
};

/** Bulk reads over a world, which a test may change. `requests` contains each request as its status and offset. */
function bulkReadsOver(world: Livestream[], overrides: Partial<Responses> = {}) {
  const responses = { ...CORRECT, ...overrides };
  const clock = createFakeClock();
  const operation = createOperation(clock);
  const requests: string[] = [];
  const rowsOf = ({ status }: LivestreamQuery): Livestream[] =>
    world.filter((row) => status === null || row.status === status);
  const bulkReads = createBulkReads(
    {
      livestreamsHead: uncachedQuery(async (query: LivestreamQuery) => {
        requests.push(`${query.status ?? 'all'} 0`);
        return {
          head: responses.head(rowsOf(query), query),
          readAt: { logical: requests.length, wallTime: clock.now() },
        };
      }),
      livestream: uncachedQuery(async () => null),
      meetings: uncachedQuery(async () => ({ rows: [], totalCount: 0, hasNext: false })),
      meetingsHead: uncachedQuery(async () => ({ head: null, readAt: { logical: 0, wallTime: 0 } })),
      activeLivestream: uncachedQuery(async () => null),
      livestreams: uncachedQuery(async (key: LivestreamsKey) => {
        requests.push(`${key.query.status ?? 'all'} ${key.range.offset}`);
        return responses.page(rowsOf(key.query), key);
      }),
    },
    clock,
  );
  return {
    clock,
    requests,
    active: async (keys: readonly string[], account = operation.account): Promise<BulkResult<Livestream>> =>
      bulkReads.activeByMeeting({ ...operation, account }, keys),
    byId: async (keys: readonly string[]): Promise<BulkResult<Livestream>> =>
      bulkReads.livestreamsById(operation, keys),
    otherAccount: { ...operation.account, id: 'another account' },
  };
}

/** A query that caches nothing. */
function uncachedQuery<Key, Value>(read: (key: Key) => Promise<Value>): CachedQuery<Key, Value> {
  return {
    getFresh: () => undefined,
    isFresh: () => false,
    get: async (_operation, key) => read(key),
    getAnyAge: () => undefined,
    timestampOf: () => undefined,
    set: () => {},
    expire: () => {},
  };
}

const keysOf = ({ found }: BulkResult<Livestream>): string[] => [...found.keys()].toSorted();

describe('the plan of a bulk read', () => {
  test('reads both lists for three meetings, and no list for two', async () => {
    const { active, requests } = bulkReadsOver(livestreams(3, 'LIVE'));
    expect(await active(['m0', 'm1'])).toEqual({ found: new Map(), isExhaustive: false });
    expect(requests).toEqual([]);
    expect(keysOf(await active(meetingIds(3)))).toEqual(meetingIds(3));
    expect(requests).toEqual(['INVOKED 0', 'LIVE 0']);
  });

  test('sends no request if there are no keys', async () => {
    const { active, byId, requests } = bulkReadsOver(livestreams(3, 'LIVE'));
    expect(keysOf(await active([]))).toEqual([]);
    expect(keysOf(await byId([]))).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('takes five requests for fifty meetings if 300 livestreams are LIVE and 200 are INVOKED', async () => {
    const world = [...livestreams(300, 'LIVE'), ...livestreams(200, 'INVOKED', 300)];
    const { active, requests } = bulkReadsOver(world);
    const keys = meetingIds(50, 275);
    const { found, isExhaustive } = await active(keys);
    expect(isExhaustive).toBe(true);
    expect(keys.map((key) => found.get(key)?.id)).toEqual(keys.map((key) => key.replace('m', 'l')));
    expect(requests).toEqual(['INVOKED 0', 'INVOKED 100', 'LIVE 0', 'LIVE 100', 'LIVE 200']);
  });

  test('does not read the list of LIVE livestreams if the list of INVOKED ones contains every key', async () => {
    const { active, requests } = bulkReadsOver([...livestreams(5, 'INVOKED'), ...livestreams(90, 'LIVE', 5)]);
    const { found } = await active(meetingIds(4));
    expect([...found.values()].map(({ status }) => status)).toEqual(['INVOKED', 'INVOKED', 'INVOKED', 'INVOKED']);
    expect(requests).toEqual(['INVOKED 0']);
  });

  test('leaves the last missing key to a read of a single entity', async () => {
    const { active, requests } = bulkReadsOver([...livestreams(3, 'INVOKED'), ...livestreams(1, 'LIVE', 3)]);
    const result = await active(meetingIds(4));
    expect(keysOf(result)).toEqual(meetingIds(3));
    expect(result.isExhaustive).toBe(false);
    expect(requests).toEqual(['INVOKED 0']);
  });

  test('stops reading a list that costs more than it saves, and does not read it again for five minutes', async () => {
    const { active, requests, clock, otherAccount } = bulkReadsOver(livestreams(900, 'LIVE'));
    const keys = meetingIds(8, 500);
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(requests.splice(0)).toEqual(['INVOKED 0', 'LIVE 0']);
    await active(keys);
    clock.advance(299_999);
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(requests.splice(0)).toEqual([]);
    // The lists of another account are not the same lists.
    await active(keys, otherAccount);
    expect(requests.splice(0)).toEqual(['INVOKED 0', 'LIVE 0']);
    clock.advance(1);
    await active(keys);
    expect(requests.splice(0)).toEqual(['INVOKED 0', 'LIVE 0']);
  });

  test('reads a long list if there are even more keys than pages', async () => {
    const { active, requests } = bulkReadsOver(livestreams(900, 'LIVE'));
    await active(meetingIds(8, 500));
    requests.splice(0);
    const result = await active(meetingIds(11, 500));
    expect(keysOf(result)).toEqual(meetingIds(11, 500).toSorted());
    expect(requests).toHaveLength(10);
  });

  test.each([
    ['RATE_LIMITED', true],
    ['QUERY_TOO_EXPENSIVE', true],
    ['UPSTREAM_UNAVAILABLE', false],
  ] as const)('after a list failed with %s, reads it again within seconds: %s', async (code, isReadAgain) => {
    const errors = [new UpstreamError('notSent', code, 'The list cannot be read.')];
    const { active, requests, clock } = bulkReadsOver(livestreams(3, 'LIVE'), {
      head(rows, query) {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return CORRECT.head(rows, query);
      },
    });
    expect(await active(meetingIds(20))).toEqual({ found: new Map(), isExhaustive: false });
    requests.splice(0);
    clock.advance(7000);
    await active(meetingIds(20));
    expect(requests).toEqual(isReadAgain ? ['INVOKED 0', 'LIVE 0'] : []);
  });

  test('returns the rows that it found before it stopped reading a list', async () => {
    const { active } = bulkReadsOver(livestreams(900, 'LIVE'));
    const result = await active(meetingIds(8, 96));
    expect(keysOf(result)).toEqual(meetingIds(4, 96));
    expect(result.isExhaustive).toBe(false);
  });

  test('reads the list of all livestreams only if there are more ids than the list is expected to have pages', async () => {
    const { byId, requests } = bulkReadsOver(livestreams(320, 'IDLE'));
    expect((await byId(['l1', 'l2', 'l3', 'l4'])).isExhaustive).toBe(false);
    expect(requests).toEqual([]);
    const result = await byId(['l1', 'l150', 'l319', 'none', 'none either']);
    expect(keysOf(result)).toEqual(['l1', 'l150', 'l319']);
    expect(result.isExhaustive).toBe(true);
    expect(requests.splice(0)).toEqual(['all 0', 'all 100', 'all 200', 'all 300']);
    // Its length is known now: four pages are not cheaper than four single reads.
    await byId(['l1', 'l2', 'l3', 'l4']);
    expect(requests).toEqual([]);
  });

  test('reads a list for two ids once the list is known to be short', async () => {
    const { byId, requests } = bulkReadsOver(livestreams(30, 'IDLE'));
    await byId(['l1', 'l2', 'l3', 'l4', 'l5']);
    requests.splice(0);
    expect(await byId(['l1', 'none'])).toMatchObject({ isExhaustive: true });
    expect(requests).toEqual(['all 0']);
  });

  test('counts a repeated key once', async () => {
    const { active, requests } = bulkReadsOver(livestreams(3, 'LIVE'));
    await active(['m0', 'm0', 'm1', 'm1']);
    expect(requests).toEqual([]);
  });
});

describe('a bulk read', () => {
  const keys = [...meetingIds(5), 'none'];

  test('is not exhaustive if the list does not report its length, and the list is not read again', async () => {
    const { active, requests } = bulkReadsOver(livestreams(3, 'LIVE'), { head: () => null });
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(requests).toEqual(['INVOKED 0']);
  });

  test('is not exhaustive if no row has a meeting', async () => {
    const { active } = bulkReadsOver(withoutMeeting(3));
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
  });

  test('does not find rows that have ended, even in a list of active livestreams', async () => {
    const { active } = bulkReadsOver([], { head: () => ({ rows: livestreams(3, 'IDLE'), totalCount: 3 }) });
    expect((await active(keys)).found.size).toBe(0);
  });

  test('is exhaustive if the lists are empty', async () => {
    const { active, requests } = bulkReadsOver([]);
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: true });
    expect(requests).toEqual(['INVOKED 0', 'LIVE 0']);
  });

  test('is exhaustive if at least one of the rows has a meeting', async () => {
    const independent = withoutMeeting(3, 10);
    const { active } = bulkReadsOver([...independent, ...livestreams(1, 'LIVE')]);
    const result = await active(keys);
    expect(keysOf(result)).toEqual(['m0']);
    expect(result.isExhaustive).toBe(true);
  });

  test.each([
    ['more rows than there are', 4],
    ['fewer rows than there are', 2],
    ['no rows', 0],
  ])('is not exhaustive if the total reports %s', async (_name, totalCount) => {
    const { active } = bulkReadsOver(livestreams(3, 'LIVE'), {
      head: (rows) => ({ rows, totalCount: rows.length === 0 ? 0 : totalCount }),
    });
    const result = await active(keys);
    expect(keysOf(result)).toEqual(meetingIds(3));
    expect(result.isExhaustive).toBe(false);
  });

  test('is not exhaustive if a repeated row takes the place of a missing one', async () => {
    const [first, second] = livestreams(2, 'LIVE');
    const { active } = bulkReadsOver(livestreams(3, 'LIVE'), {
      head: (rows) => ({
        rows: rows.length === 0 ? [] : [first, second, second].flatMap((row) => row ?? []),
        totalCount: rows.length,
      }),
    });
    const result = await active(keys);
    expect(keysOf(result)).toEqual(['m0', 'm1']);
    expect(result.isExhaustive).toBe(false);
  });

  test('is not exhaustive if a row repeated on a later page takes the place of a missing one', async () => {
    const { active } = bulkReadsOver(livestreams(103, 'LIVE'), {
      page: (rows, key) => ({ ...CORRECT.page(rows, key), rows: [...rows.slice(99, 100), ...rows.slice(101)] }),
    });
    const result = await active(meetingIds(8, 97));
    expect(result.found.has('m100')).toBe(false);
    expect(result.found.has('m101')).toBe(true);
    expect(result.isExhaustive).toBe(false);
  });

  test('is not exhaustive if a later page contains a row without an id', async () => {
    const { active } = bulkReadsOver(livestreams(101, 'LIVE'), {
      page: () => ({ rows: [null], totalCount: 101, hasNext: false }),
    });
    const result = await active(['m100', 'none', ...meetingIds(4)]);
    expect(keysOf(result)).toEqual(meetingIds(4));
    expect(result.isExhaustive).toBe(false);
  });

  test('is not exhaustive if a livestream ends between two pages', async () => {
    const world = livestreams(130, 'LIVE');
    const { active } = bulkReadsOver(world, {
      head(rows) {
        const head = CORRECT.head(rows, { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' });
        // The first livestream ends right after this page was read, so that the next page skips a row.
        if (rows.length > 0) world.shift();
        return head;
      },
    });
    const result = await active([...meetingIds(10, 98), 'none']);
    expect(result.isExhaustive).toBe(false);
    expect(result.found.has('m100')).toBe(false);
  });

  test('is not exhaustive if one livestream starts and another ends between two pages', async () => {
    const world = livestreams(130, 'LIVE');
    const { active } = bulkReadsOver(world, {
      head(rows) {
        const head = CORRECT.head(rows, { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' });
        if (rows.length > 0) {
          world.unshift(livestream('new', 'LIVE', 'new'));
          world.pop();
        }
        return head;
      },
    });
    expect((await active([...meetingIds(10, 120), 'new'])).isExhaustive).toBe(false);
  });

  test('is not exhaustive if a later page reports another length', async () => {
    const { active } = bulkReadsOver(livestreams(130, 'LIVE'), {
      page: (rows, key) => ({ ...CORRECT.page(rows, key), totalCount: null }),
    });
    const result = await active([...meetingIds(10, 95), 'none']);
    expect(keysOf(result)).toHaveLength(10);
    expect(result.isExhaustive).toBe(false);
  });

  test('is not exhaustive if later pages are empty', async () => {
    const { active } = bulkReadsOver(livestreams(130, 'LIVE'), {
      page: () => ({ rows: [], totalCount: 130, hasNext: false }),
    });
    const result = await active([...meetingIds(10, 95), 'none']);
    expect(keysOf(result)).toHaveLength(5);
    expect(result.isExhaustive).toBe(false);
  });
});

describe('a bulk read during changes', () => {
  test('finds a livestream that goes from INVOKED to LIVE between the two lists', async () => {
    const world = [...livestreams(1, 'INVOKED'), ...livestreams(3, 'LIVE', 1)];
    const { active } = bulkReadsOver(world, {
      head(rows, query) {
        const head = CORRECT.head(rows, query);
        if (query.status === 'INVOKED') world.splice(0, 1, livestream('l0', 'LIVE', 'm0'));
        return head;
      },
    });
    const { found, isExhaustive } = await active([...meetingIds(4), 'none']);
    expect(found.get('m0')?.id).toBe('l0');
    expect(isExhaustive).toBe(true);
  });

  test('may miss only a livestream that starts between the two lists', async () => {
    const world = livestreams(3, 'LIVE', 1);
    const { active } = bulkReadsOver(world, {
      head(rows, query) {
        const head = CORRECT.head(rows, query);
        if (query.status === 'INVOKED') world.push(livestream('l0', 'INVOKED', 'm0'));
        return head;
      },
    });
    const { found } = await active([...meetingIds(4), 'none']);
    expect(found.get('m0')).toBeUndefined();
    expect([...found.values()].map(({ id }) => id)).toEqual(['l1', 'l2', 'l3']);
  });

  test('leaves every key to reads of single entities if a list fails', async () => {
    const { active } = bulkReadsOver(livestreams(3, 'LIVE'), {
      head() {
        throw new Error('The list fails');
      },
    });
    expect(await active(meetingIds(4))).toEqual({ found: new Map(), isExhaustive: false });
  });
});

describe('a bulk read, in any world', () => {
  const STATUSES = ['LIVE', 'LIVE', 'LIVE', 'INVOKED', 'IDLE'] as const;

  /** Livestreams with numbers up to `last`, some without a meeting, and the numbers to look up. */
  const worldUpTo = (last: number) =>
    fc.record({
      world: fc
        .tuple(
          fc.uniqueArray(fc.tuple(fc.nat(last), fc.constantFrom(...STATUSES)), {
            maxLength: last,
            size: 'max',
            selector: ([number]) => number,
          }),
          fc.nat(3),
        )
        .map(([rows, independent]) =>
          rows.map(([number, status]) =>
            livestream(`l${number}`, status, number % 5 < independent ? null : `m${number}`),
          ),
        ),
      numbers: fc.uniqueArray(fc.nat(last + 40), { maxLength: 60, size: 'max' }),
    });
  /** Worlds whose lists have less than one page, about one page, or several pages. */
  const worlds = fc.constantFrom(20, 120, 320).chain(worldUpTo);
  /** How many rows a page has, and which of its rows, by index, upstream repeats, loses or sends without an id. */
  const distortions = fc.record({
    maxPerPage: fc.constantFrom(1, 2, 7, 50, 100),
    repeated: fc.option(fc.nat(120)),
    lost: fc.option(fc.nat(120)),
    withoutId: fc.option(fc.nat(120)),
    hasNoHead: fc.boolean(),
  });

  type Distortion = typeof distortions extends fc.Arbitrary<infer T> ? T : never;

  function distorted(rows: Livestream[], { repeated, lost }: Distortion): Livestream[] {
    const sent = rows.filter((_, index) => index !== lost);
    const repeatedRow = repeated === null ? undefined : sent[repeated];
    return repeatedRow === undefined ? sent : sent.with(0, repeatedRow);
  }

  /** Responses with correct totals, whatever else is wrong with them. */
  function withCorrectTotals(distortion: Distortion): Responses {
    return {
      head: (rows) =>
        distortion.hasNoHead
          ? null
          : { rows: distorted(rows.slice(0, distortion.maxPerPage), distortion), totalCount: rows.length },
      page(rows, key) {
        const page = CORRECT.page(rows, key);
        const sent = page.rows.map((row, index) => (index === distortion.withoutId ? null : row));
        return { ...page, rows: sent };
      },
    };
  }

  test('never declares a livestream absent that exists, as long as totals are correct', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, distortions, async ({ world, numbers }, distortion) => {
        const { active, byId } = bulkReadsOver(world, withCorrectTotals(distortion));
        const byMeeting = await active(numbers.map((number) => `m${number}`));
        const ids = await byId(numbers.map((number) => `l${number}`));
        for (const number of numbers) {
          const isActive = world.some(
            ({ meetingId, status }) => meetingId === `m${number}` && (status === 'LIVE' || status === 'INVOKED'),
          );
          const exists = world.some(({ id }) => id === `l${number}`);
          expect(byMeeting.isExhaustive && isActive && !byMeeting.found.has(`m${number}`)).toBe(false);
          expect(ids.isExhaustive && exists && !ids.found.has(`l${number}`)).toBe(false);
        }
      }),
      { numRuns: runs(50) },
    );
  });

  test('is exhaustive over correct lists of any length, unless they cost more than reads of single entities', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ world, numbers }) => {
        const { active, byId, requests } = bulkReadsOver(world);
        const ids = await byId(numbers.map((number) => `l${number}`));
        const pages = Math.max(1, Math.ceil(world.length / PAGE_ROWS));
        const isFew = numbers.length <= 4 || numbers.length - ids.found.size < pages;
        expect(ids.isExhaustive || isFew).toBe(true);
        // The first page shows a list's length: from there on, reading the list costs less than the missing keys.
        expect(requests.splice(0).length).toBeLessThanOrEqual(numbers.length);
        await active(numbers.map((number) => `m${number}`));
        // The same holds for each of the two lists. Once their lengths are known, they cost less than single reads.
        expect(requests.splice(0).length).toBeLessThan(Math.max(1, 2 * numbers.length));
        const again = await active(numbers.map((number) => `m${number}`));
        expect(!again.isExhaustive || requests.length < Math.max(1, numbers.length)).toBe(true);
      }),
      { numRuns: runs(40) },
    );
  });

  test('finds only what it looks up, and sends few requests, however wrong the lists are', async () => {
    const errors = fc.record({ total: fc.option(fc.integer({ min: -3, max: 2000 })), offset: fc.nat(30) });
    await fc.assert(
      fc.asyncProperty(worlds, distortions, errors, async ({ world, numbers }, distortion, { total, offset }) => {
        const correct = withCorrectTotals(distortion);
        // Rows from another place in the list, or from no list, with any total.
        const wrong = world.slice(0, offset);
        const { active, byId, requests } = bulkReadsOver(world, {
          head(rows, query) {
            const head = correct.head(rows, query);
            return head && { rows: [...wrong, ...head.rows].slice(0, PAGE_ROWS), totalCount: total ?? head.totalCount };
          },
          page(rows, key) {
            const page = correct.page(rows, { ...key, range: { ...key.range, offset: key.range.offset + offset } });
            return { ...page, rows: [...wrong, ...page.rows], totalCount: total ?? page.totalCount };
          },
        });
        const keys = numbers.map((number) => `m${number}`);
        const byMeeting = await active(keys);
        for (const [key, row] of byMeeting.found) {
          expect(row.meetingId).toBe(key);
          expect(keys).toContain(key);
        }
        // Each list costs at most as much as reading the missing keys one by one.
        expect(requests.splice(0).length).toBeLessThan(Math.max(1, 2 * numbers.length));
        const ids = await byId(numbers.map((number) => `l${number}`));
        for (const [key, row] of ids.found) expect(row.id).toBe(key);
        expect(requests.length).toBeLessThan(Math.max(1, numbers.length + 1));
      }),
      { numRuns: runs(50) },
    );
  });
});
