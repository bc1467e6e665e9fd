import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Livestream, LivestreamQuery, LivestreamStatus, Page } from '../../src/domain/models.ts';
import type { CachedQuery } from '../../src/data/cache/cachedQuery.ts';
import type { Head } from '../../src/realtimekit/endpoints.ts';
import { createBulkReads, type BulkResult } from '../../src/data/bulkReads.ts';
import type { LivestreamsKey } from '../../src/data/listReads.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { runs } from '../support/runs.ts';
import { createOperation } from '../support/upstream.ts';

const PAGE = 100;

/** A livestream of which nothing matters but these three. */
function livestream(id: string, status: LivestreamStatus, meetingId: string | null): Livestream {
  const told = { disabled: false, ingestServer: null, streamKey: null, playbackUrl: null };
  return { id, status, meetingId, name: id, createdAt: null, updatedAt: null, ...told };
}

/** So many of one status, each in a meeting of the same number. */
function many(count: number, status: LivestreamStatus, from = 0): Livestream[] {
  return Array.from({ length: count }, (_, index) => livestream(`l${from + index}`, status, `m${from + index}`));
}

/** So many that are LIVE, in no meeting that is told. */
function inNoMeeting(count: number, from = 0): Livestream[] {
  return many(count, 'LIVE', from).map(({ id, status }) => livestream(id, status, null));
}

const meetings = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `m${from + index}`);

/** What upstream answers with: the world's own rows, as long as nothing is replaced. */
interface Answers {
  /** Null: a list that does not tell its length. */
  head(rows: Livestream[], query: LivestreamQuery): Head<Livestream> | null;
  page(rows: Livestream[], key: LivestreamsKey): Page<Livestream>;
}

const HONEST: Answers = {
  head: (rows) => ({ rows: rows.slice(0, PAGE), totalCount: rows.length }),
  page: (rows, { range }) => ({
    rows: rows.slice(range.offset, range.offset + range.count),
    totalCount: rows.length,
    hasNext: rows.length > range.offset + range.count,
  }),
};

/** A list source over a world that a test may change, with everything it asked for. */
function sourceOver(world: Livestream[], changes: Partial<Answers> = {}) {
  const answers = { ...HONEST, ...changes };
  const clock = createFakeClock();
  const operation = createOperation(clock);
  const asked: string[] = [];
  const rowsOf = ({ status }: LivestreamQuery): Livestream[] =>
    world.filter((row) => status === null || row.status === status);
  const source = createBulkReads(
    {
      livestreamsHead: kindOf(async (query: LivestreamQuery) => {
        asked.push(`${query.status ?? 'all'} 0`);
        return { head: answers.head(rowsOf(query), query), readAt: { logical: asked.length, wallTime: clock.now() } };
      }),
      livestream: kindOf(async () => null),
      meetings: kindOf(async () => ({ rows: [], totalCount: 0, hasNext: false })),
      meetingsHead: kindOf(async () => ({ head: null, readAt: { logical: 0, wallTime: 0 } })),
      activeLivestream: kindOf(async () => null),
      livestreams: kindOf(async (key: LivestreamsKey) => {
        asked.push(`${key.query.status ?? 'all'} ${key.range.offset}`);
        return answers.page(rowsOf(key.query), key);
      }),
    },
    clock,
  );
  return {
    clock,
    asked,
    active: async (keys: readonly string[], account = operation.account): Promise<BulkResult<Livestream>> =>
      source.activeByMeeting({ ...operation, account }, keys),
    byId: async (keys: readonly string[]): Promise<BulkResult<Livestream>> => source.livestreamsById(operation, keys),
    another: { ...operation.account, id: 'another account' },
  };
}

/** Reads that keep nothing. */
function kindOf<Key, Value>(read: (key: Key) => Promise<Value>): CachedQuery<Key, Value> {
  return {
    getFresh: () => undefined,
    isFresh: () => false,
    get: async (_operation, key) => read(key),
    getAnyAge: () => undefined,
    set: () => {},
    expire: () => {},
  };
}

const keysOf = ({ found }: BulkResult<Livestream>): string[] => [...found.keys()].toSorted();

describe('the plan', () => {
  test('reads both lists for three meetings, and none for two', async () => {
    const { active, asked } = sourceOver(many(3, 'LIVE'));
    expect(await active(['m0', 'm1'])).toEqual({ found: new Map(), isExhaustive: false });
    expect(asked).toEqual([]);
    expect(keysOf(await active(meetings(3)))).toEqual(meetings(3));
    expect(asked).toEqual(['INVOKED 0', 'LIVE 0']);
  });

  test('reads nothing for no key at all', async () => {
    const { active, byId, asked } = sourceOver(many(3, 'LIVE'));
    expect(keysOf(await active([]))).toEqual([]);
    expect(keysOf(await byId([]))).toEqual([]);
    expect(asked).toEqual([]);
  });

  test('costs six requests for fifty meetings while 300 are LIVE and 200 INVOKED', async () => {
    const world = [...many(300, 'LIVE'), ...many(200, 'INVOKED', 300)];
    const { active, asked } = sourceOver(world);
    const keys = meetings(50, 275);
    const { found, isExhaustive } = await active(keys);
    expect(isExhaustive).toBe(true);
    expect(keys.map((key) => found.get(key)?.id)).toEqual(keys.map((key) => key.replace('m', 'l')));
    expect(asked).toEqual(['INVOKED 0', 'INVOKED 100', 'LIVE 0', 'LIVE 100', 'LIVE 200']);
  });

  test('does not read the list of those that are LIVE, where those that are INVOKED answer all', async () => {
    const { active, asked } = sourceOver([...many(5, 'INVOKED'), ...many(90, 'LIVE', 5)]);
    const { found } = await active(meetings(4));
    expect([...found.values()].map(({ status }) => status)).toEqual(['INVOKED', 'INVOKED', 'INVOKED', 'INVOKED']);
    expect(asked).toEqual(['INVOKED 0']);
  });

  test('leaves the last missing one to a single read', async () => {
    const { active, asked } = sourceOver([...many(3, 'INVOKED'), ...many(1, 'LIVE', 3)]);
    const harvest = await active(meetings(4));
    expect(keysOf(harvest)).toEqual(meetings(3));
    expect(harvest.isExhaustive).toBe(false);
    expect(asked).toEqual(['INVOKED 0']);
  });

  test('abandons a list that turns out longer than the saving, and remembers that for five minutes', async () => {
    const { active, asked, clock, another } = sourceOver(many(900, 'LIVE'));
    const keys = meetings(8, 500);
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(asked.splice(0)).toEqual(['INVOKED 0', 'LIVE 0']);
    await active(keys);
    clock.advance(299_999);
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(asked.splice(0)).toEqual([]);
    // Another account's lists are other lists.
    await active(keys, another);
    expect(asked.splice(0)).toEqual(['INVOKED 0', 'LIVE 0']);
    clock.advance(1);
    await active(keys);
    expect(asked.splice(0)).toEqual(['INVOKED 0', 'LIVE 0']);
  });

  test('reads a list that is known to be long, where even more is asked for', async () => {
    const { active, asked } = sourceOver(many(900, 'LIVE'));
    await active(meetings(8, 500));
    asked.splice(0);
    const harvest = await active(meetings(11, 500));
    expect(keysOf(harvest)).toEqual(meetings(11, 500).toSorted());
    expect(asked).toHaveLength(10);
  });

  test('gives what the abandoned list told until then', async () => {
    const { active } = sourceOver(many(900, 'LIVE'));
    const harvest = await active(meetings(8, 96));
    expect(keysOf(harvest)).toEqual(meetings(4, 96));
    expect(harvest.isExhaustive).toBe(false);
  });

  test('takes the whole list for ids only when it is believed to be shorter than they are many', async () => {
    const { byId, asked } = sourceOver(many(320, 'IDLE'));
    expect((await byId(['l1', 'l2', 'l3', 'l4'])).isExhaustive).toBe(false);
    expect(asked).toEqual([]);
    const harvest = await byId(['l1', 'l150', 'l319', 'none', 'none either']);
    expect(keysOf(harvest)).toEqual(['l1', 'l150', 'l319']);
    expect(harvest.isExhaustive).toBe(true);
    expect(asked.splice(0)).toEqual(['all 0', 'all 100', 'all 200', 'all 300']);
    // Its length is known now: the four pages are not worth it for four.
    await byId(['l1', 'l2', 'l3', 'l4']);
    expect(asked).toEqual([]);
  });

  test('takes a short list for two ids, once it is known to be short', async () => {
    const { byId, asked } = sourceOver(many(30, 'IDLE'));
    await byId(['l1', 'l2', 'l3', 'l4', 'l5']);
    asked.splice(0);
    expect(await byId(['l1', 'none'])).toMatchObject({ isExhaustive: true });
    expect(asked).toEqual(['all 0']);
  });

  test('counts a key that is asked for twice once', async () => {
    const { active, asked } = sourceOver(many(3, 'LIVE'));
    await active(['m0', 'm0', 'm1', 'm1']);
    expect(asked).toEqual([]);
  });
});

describe('what a list does not prove', () => {
  const keys = [...meetings(5), 'none'];

  test('a list without its length: nothing is absent, and the list is left alone from then on', async () => {
    const { active, asked } = sourceOver(many(3, 'LIVE'), { head: () => null });
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
    expect(asked).toEqual(['INVOKED 0']);
  });

  test('rows without their meeting', async () => {
    const { active } = sourceOver(inNoMeeting(3));
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: false });
  });

  test('rows that are of another status than was asked for are live in no meeting', async () => {
    const { active } = sourceOver([], { head: () => ({ rows: many(3, 'IDLE'), totalCount: 3 }) });
    expect((await active(keys)).found.size).toBe(0);
  });

  test('empty lists prove that nothing is live', async () => {
    const { active, asked } = sourceOver([]);
    expect(await active(keys)).toEqual({ found: new Map(), isExhaustive: true });
    expect(asked).toEqual(['INVOKED 0', 'LIVE 0']);
  });

  test('rows of livestreams that belong to no meeting, beside one that does, prove that the rest is not live', async () => {
    const independent = inNoMeeting(3, 10);
    const { active } = sourceOver([...independent, ...many(1, 'LIVE')]);
    const harvest = await active(keys);
    expect(keysOf(harvest)).toEqual(['m0']);
    expect(harvest.isExhaustive).toBe(true);
  });

  test.each([
    ['more than there are', 4],
    ['fewer than there are', 2],
    ['none', 0],
  ])('a total that tells %s', async (_name, totalCount) => {
    const { active } = sourceOver(many(3, 'LIVE'), {
      head: (rows) => ({ rows, totalCount: rows.length === 0 ? 0 : totalCount }),
    });
    const harvest = await active(keys);
    expect(keysOf(harvest)).toEqual(meetings(3));
    expect(harvest.isExhaustive).toBe(false);
  });

  test('a row that comes twice stands in for one that does not come', async () => {
    const [first, second] = many(2, 'LIVE');
    const { active } = sourceOver(many(3, 'LIVE'), {
      head: (rows) => ({
        rows: rows.length === 0 ? [] : [first, second, second].flatMap((row) => row ?? []),
        totalCount: rows.length,
      }),
    });
    const harvest = await active(keys);
    expect(keysOf(harvest)).toEqual(['m0', 'm1']);
    expect(harvest.isExhaustive).toBe(false);
  });

  test('a row that comes again on a later page, in place of one that does not come', async () => {
    const { active } = sourceOver(many(103, 'LIVE'), {
      page: (rows, key) => ({ ...HONEST.page(rows, key), rows: [...rows.slice(99, 100), ...rows.slice(101)] }),
    });
    const harvest = await active(meetings(8, 97));
    expect(harvest.found.has('m100')).toBe(false);
    expect(harvest.found.has('m101')).toBe(true);
    expect(harvest.isExhaustive).toBe(false);
  });

  test('a row without an id in a later page', async () => {
    const { active } = sourceOver(many(101, 'LIVE'), {
      page: () => ({ rows: [null], totalCount: 101, hasNext: false }),
    });
    const harvest = await active(['m100', 'none', ...meetings(4)]);
    expect(keysOf(harvest)).toEqual(meetings(4));
    expect(harvest.isExhaustive).toBe(false);
  });

  test('a list that changed between its pages', async () => {
    const world = many(130, 'LIVE');
    const { active } = sourceOver(world, {
      head(rows) {
        const head = HONEST.head(rows, { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' });
        // Right after it was read the first one stops: what stood at the end of this page is passed over by the next.
        if (rows.length > 0) world.shift();
        return head;
      },
    });
    const harvest = await active([...meetings(10, 98), 'none']);
    expect(harvest.isExhaustive).toBe(false);
    expect(harvest.found.has('m100')).toBe(false);
  });

  test('a list of which one is started and one stopped between its pages', async () => {
    const world = many(130, 'LIVE');
    const { active } = sourceOver(world, {
      head(rows) {
        const head = HONEST.head(rows, { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' });
        if (rows.length > 0) {
          world.unshift(livestream('new', 'LIVE', 'new'));
          world.pop();
        }
        return head;
      },
    });
    expect((await active([...meetings(10, 120), 'new'])).isExhaustive).toBe(false);
  });

  test('a later page that tells another length', async () => {
    const { active } = sourceOver(many(130, 'LIVE'), {
      page: (rows, key) => ({ ...HONEST.page(rows, key), totalCount: null }),
    });
    const harvest = await active([...meetings(10, 95), 'none']);
    expect(keysOf(harvest)).toHaveLength(10);
    expect(harvest.isExhaustive).toBe(false);
  });

  test('a list whose later pages are empty', async () => {
    const { active } = sourceOver(many(130, 'LIVE'), {
      page: () => ({ rows: [], totalCount: 130, hasNext: false }),
    });
    const harvest = await active([...meetings(10, 95), 'none']);
    expect(keysOf(harvest)).toHaveLength(5);
    expect(harvest.isExhaustive).toBe(false);
  });
});

describe('a livestream that changes while the lists are read', () => {
  test('is found though it goes from INVOKED to LIVE between the two', async () => {
    const world = [...many(1, 'INVOKED'), ...many(3, 'LIVE', 1)];
    const { active } = sourceOver(world, {
      head(rows, query) {
        const head = HONEST.head(rows, query);
        if (query.status === 'INVOKED') world.splice(0, 1, livestream('l0', 'LIVE', 'm0'));
        return head;
      },
    });
    const { found, isExhaustive } = await active([...meetings(4), 'none']);
    expect(found.get('m0')?.id).toBe('l0');
    expect(isExhaustive).toBe(true);
  });

  test('is at worst not there, if it was started between the two', async () => {
    const world = many(3, 'LIVE', 1);
    const { active } = sourceOver(world, {
      head(rows, query) {
        const head = HONEST.head(rows, query);
        if (query.status === 'INVOKED') world.push(livestream('l0', 'INVOKED', 'm0'));
        return head;
      },
    });
    const { found } = await active([...meetings(4), 'none']);
    expect(found.get('m0')).toBeUndefined();
    expect([...found.values()].map(({ id }) => id)).toEqual(['l1', 'l2', 'l3']);
  });

  test('leaves all to single reads where a list fails', async () => {
    const { active } = sourceOver(many(3, 'LIVE'), {
      head() {
        throw new Error('The list fails');
      },
    });
    expect(await active(meetings(4))).toEqual({ found: new Map(), isExhaustive: false });
  });
});

describe('in any world', () => {
  const STATUSES = ['LIVE', 'LIVE', 'LIVE', 'INVOKED', 'IDLE'] as const;

  /** Livestreams with numbers up to `last`, some of them of no meeting, and numbers to ask for. */
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
  /** Lists of less than a page, of about one, and of several. */
  const worlds = fc.constantFrom(20, 120, 320).chain(worldUpTo);
  /** How many rows a page holds, and what is done to each page's rows, told by their numbers. */
  const handling = fc.record({
    cap: fc.constantFrom(1, 2, 7, 50, 100),
    twice: fc.option(fc.nat(120)),
    lost: fc.option(fc.nat(120)),
    unread: fc.option(fc.nat(120)),
    headless: fc.boolean(),
  });

  type Handling = typeof handling extends fc.Arbitrary<infer T> ? T : never;

  function distorted(rows: Livestream[], { twice, lost }: Handling): Livestream[] {
    const kept = rows.filter((_, index) => index !== lost);
    const doubled = twice === null ? undefined : kept[twice];
    return doubled === undefined ? kept : kept.with(0, doubled);
  }

  /** Lists whose totals are true, whatever else is wrong with them. */
  function truthful(how: Handling): Answers {
    return {
      head: (rows) => (how.headless ? null : { rows: distorted(rows.slice(0, how.cap), how), totalCount: rows.length }),
      page(rows, key) {
        const page = HONEST.page(rows, key);
        const given = page.rows.map((row, index) => (index === how.unread ? null : row));
        return { ...page, rows: given };
      },
    };
  }

  test('nothing that exists is said not to, while totals are true', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, handling, async ({ world, numbers }, how) => {
        const { active, byId } = sourceOver(world, truthful(how));
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

  test('honest lists of whatever length are complete, unless they cost more than single reads', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ world, numbers }) => {
        const { active, byId, asked } = sourceOver(world);
        const ids = await byId(numbers.map((number) => `l${number}`));
        const pages = Math.max(1, Math.ceil(world.length / PAGE));
        const isFew = numbers.length <= 4 || numbers.length - ids.found.size < pages;
        expect(ids.isExhaustive || isFew).toBe(true);
        // How long a list is shows its first page: from there on it costs less than what is still missing.
        expect(asked.splice(0).length).toBeLessThanOrEqual(numbers.length);
        await active(numbers.map((number) => `m${number}`));
        // So too with each of two lists. Asked again, when their lengths are known, they cost less than single reads.
        expect(asked.splice(0).length).toBeLessThan(Math.max(1, 2 * numbers.length));
        const again = await active(numbers.map((number) => `m${number}`));
        expect(!again.isExhaustive || asked.length < Math.max(1, numbers.length)).toBe(true);
      }),
      { numRuns: runs(40) },
    );
  });

  test('what is found is what was asked for, and few requests are spent on it, however the lists lie', async () => {
    const lies = fc.record({ total: fc.option(fc.integer({ min: -3, max: 2000 })), offset: fc.nat(30) });
    await fc.assert(
      fc.asyncProperty(worlds, handling, lies, async ({ world, numbers }, how, { total, offset }) => {
        const honest = truthful(how);
        // Rows of another place, or of no list at all, under a total of any kind.
        const wrong = world.slice(0, offset);
        const { active, byId, asked } = sourceOver(world, {
          head(rows, query) {
            const head = honest.head(rows, query);
            return head && { rows: [...wrong, ...head.rows].slice(0, PAGE), totalCount: total ?? head.totalCount };
          },
          page(rows, key) {
            const page = honest.page(rows, { ...key, range: { ...key.range, offset: key.range.offset + offset } });
            return { ...page, rows: [...wrong, ...page.rows], totalCount: total ?? page.totalCount };
          },
        });
        const keys = numbers.map((number) => `m${number}`);
        const byMeeting = await active(keys);
        for (const [key, row] of byMeeting.found) {
          expect(row.meetingId).toBe(key);
          expect(keys).toContain(key);
        }
        // Each list costs at most what the keys that are still missing would cost one by one.
        expect(asked.splice(0).length).toBeLessThan(Math.max(1, 2 * numbers.length));
        const ids = await byId(numbers.map((number) => `l${number}`));
        for (const [key, row] of ids.found) expect(row.id).toBe(key);
        expect(asked.length).toBeLessThan(Math.max(1, numbers.length + 1));
      }),
      { numRuns: runs(50) },
    );
  });
});
