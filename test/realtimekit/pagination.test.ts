import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSlice, type FetchPage, type PagingHints } from '../../src/realtimekit/pagination.ts';
import { runs } from '../support/runs.ts';

interface Model {
  total: number;
  firstPage: 0 | 1;
  cap: number;
  offsets: boolean;
  totals: boolean;
  /** What a page number below the first one gives. */
  below: 'error' | 'first page' | 'nothing';
}

interface Asked {
  pageNo: number;
  perPage: number;
}

const plain: Model = { total: 60, firstPage: 1, cap: 1000, offsets: true, totals: true, below: 'error' };
const numbers = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** An upstream whose rows are their own offsets, and the list of what it was asked. */
function upstream(differences: Partial<Model>) {
  const model = { ...plain, ...differences };
  const asked: Asked[] = [];
  const fetchPage: FetchPage<number> = async ({ pageNo, perPage }) => {
    asked.push({ pageNo, perPage });
    if (perPage < 1 || perPage > 100) throw new Error(`per_page ${perPage}`);
    const size = Math.min(perPage, model.cap);
    const index = pageNo - model.firstPage;
    if (index < 0 && model.below === 'error') throw new Error(`page_no ${pageNo}`);
    const from = Math.max(0, index) * size;
    const rows = index < 0 && model.below === 'nothing' ? [] : numbers(from, Math.min(model.total, from + size));
    return {
      rows,
      startOffset: model.offsets && rows.length > 0 ? from + 1 : null,
      totalCount: model.totals ? model.total : null,
    };
  };
  return { model, asked, fetchPage };
}

/** The fewest pages of at most `cap` rows that cover the window. */
function fewestPages(offset: number, count: number, cap: number): number {
  const sizes = numbers(1, Math.min(cap, 100) + 1);
  return Math.min(...sizes.map((size) => Math.floor((offset + count - 1) / size) - Math.floor(offset / size) + 1));
}

/** Reads one window and checks everything the answer promises; gives the number of requests. */
async function check(
  { model, asked, fetchPage }: ReturnType<typeof upstream>,
  offset: number,
  count: number,
  hints: PagingHints,
) {
  const before = asked.length;
  const to = offset + count;
  const window = await readSlice(fetchPage, { offset, count }, hints);
  expect(window.rows).toEqual(numbers(offset, Math.min(model.total, to)));
  expect(window.totalCount).toBe(model.totals ? model.total : null);
  // Without a total, a full page that happens to be the last one looks like any other.
  const unsure = !model.totals && model.total === to;
  expect(window.hasNext).toBe(unsure ? window.hasNext : to < model.total);
  return asked.length - before;
}

const total = fc.integer({ min: 0, max: 330 });
const count = fc.integer({ min: 1, max: 100 });
const offset = fc.integer({ min: 0, max: 350 });
const cap = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1, 10, 25, 1000));
const firstPage = fc.constantFrom<0 | 1>(0, 1);
const below = fc.constantFrom<Model['below']>('first page', 'nothing');
const flag = fc.boolean();

/** Every upstream whose numbering and cap can be found out without hints. */
const knowable = fc.oneof(
  fc.record({ total, firstPage, cap }),
  fc.record({ total, cap, offsets: fc.constant(false) }),
  fc.record({ total, offsets: flag, totals: fc.constant(false) }),
);
/** Every upstream, with hints that say how it is. */
const known = fc.record({ total, firstPage, cap, offsets: flag, totals: flag });
const truth = (model: Model): PagingHints => ({
  firstPage: model.firstPage,
  ...(model.cap < 100 ? { maxPerPage: model.cap } : {}),
});

async function walk(server: ReturnType<typeof upstream>, counts: number[], hints: PagingHints) {
  const seen: number[] = [];
  for (let i = 0, more = true; more && i < 500; i++) {
    const window = await readSlice(
      server.fetchPage,
      { offset: seen.length, count: counts[i % counts.length] ?? 1 },
      hints,
    );
    seen.push(...window.rows);
    more = window.hasNext;
  }
  expect(seen).toEqual(numbers(0, server.model.total));
}

const PARAMETERS = { numRuns: runs(60) };
const counts = fc.array(count, { minLength: 1, maxLength: 8 });

describe('every row once and in order', () => {
  test('walking by any counts', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(knowable, counts, (model, counts) => walk(upstream(model), counts, {})),
      PARAMETERS,
    );
  });

  test('walking by any counts an upstream that is known', async () => {
    expect.hasAssertions();
    const property = fc.asyncProperty(known, counts, async (model, counts) => {
      const server = upstream(model);
      await walk(server, counts, truth(server.model));
    });
    await fc.assert(property, PARAMETERS);
  });

  test('in any windows one after the other', async () => {
    expect.hasAssertions();
    const property = fc.asyncProperty(
      knowable,
      fc.array(fc.tuple(offset, count), { maxLength: 6 }),
      async (model, windows) => {
        const [server, hints] = [upstream(model), {}];
        for (const [offset, count] of windows) await check(server, offset, count, hints);
      },
    );
    await fc.assert(property, PARAMETERS);
  });

  test('in windows read at the same time', async () => {
    expect.hasAssertions();
    const property = fc.asyncProperty(
      knowable,
      fc.array(fc.tuple(offset, count), { maxLength: 6 }),
      async (model, windows) => {
        const hints = {};
        await Promise.all(windows.map(([offset, count]) => check(upstream(model), offset, count, hints)));
      },
    );
    await fc.assert(property, PARAMETERS);
  });

  test('whatever the hints say, where answers say where they start', async () => {
    const hints = fc.record({ firstPage, maxPerPage: cap }, { requiredKeys: [] });
    const models = fc.record({ total, firstPage, cap, below });
    const property = fc.asyncProperty(models, hints, offset, count, async (model, hints, offset, count) => {
      const server = upstream(model);
      const wasted = fewestPages(offset, count, hints.maxPerPage ?? 100);
      const requests = await check(server, offset, count, hints);
      expect(requests).toBeLessThanOrEqual(wasted + fewestPages(offset, count, model.cap) + 2);
      await check(server, offset, count, hints);
    });
    await fc.assert(property, PARAMETERS);
  });
});

describe('few requests', () => {
  test('a fresh reader needs at most three more than the fewest possible, knowing the upstream at most one', async () => {
    const models = fc.oneof(
      fc.record({ model: knowable, fresh: fc.constant(true) }),
      fc.record({ model: known, fresh: fc.constant(false) }),
    );
    const property = fc.asyncProperty(models, offset, count, async ({ model, fresh }, offset, count) => {
      const server = upstream(model);
      const requests = await check(server, offset, count, fresh ? {} : truth(server.model));
      expect(requests).toBeLessThanOrEqual(fewestPages(offset, count, server.model.cap) + (fresh ? 3 : 1));
    });
    await fc.assert(property, PARAMETERS);
  });

  test('a first window of an upstream that is as assumed is one request', async () => {
    const property = fc.asyncProperty(total, flag, flag, count, async (total, offsets, totals, count) => {
      expect(await check(upstream({ total, offsets, totals }), 0, count, {})).toBe(1);
    });
    await fc.assert(property, PARAMETERS);
  });

  test.each([
    [
      { offset: 0, count: 10 },
      { pageNo: 1, perPage: 10 },
    ],
    [
      { offset: 25, count: 25 },
      { pageNo: 2, perPage: 25 },
    ],
    [
      { offset: 7, count: 10 },
      { pageNo: 1, perPage: 17 },
    ],
    [
      { offset: 0, count: 100 },
      { pageNo: 1, perPage: 100 },
    ],
  ])('%o is the one page %o', async ({ offset, count }, page) => {
    const server = upstream({ total: 200 });
    await check(server, offset, count, {});
    expect(server.asked).toEqual([page]);
  });

  test('a cap is found once, and the rest then fetched side by side', async () => {
    const server = upstream({ cap: 10 });
    let [open, most] = [0, 0];
    const fetchPage: FetchPage<number> = async (page) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 1));
      open--;
      return server.fetchPage(page);
    };
    const hints: PagingHints = {};
    expect(await check({ ...server, fetchPage }, 0, 50, hints)).toBe(5);
    expect(most).toBe(4);
    expect(hints).toEqual({ firstPage: 1, maxPerPage: 10 });
    expect(await check({ ...server, fetchPage }, 10, 50, hints)).toBe(5);
    expect(most).toBe(5);
  });

  test('a cap wrongly learned is unlearned by the next first page', async () => {
    const hints: PagingHints = { firstPage: 1, maxPerPage: 1 };
    expect(await check(upstream({ total: 200 }), 0, 50, hints)).toBe(1);
    expect(hints).toEqual({ firstPage: 1 });
  });

  test('the one-object form is a cap of one', async () => {
    expect(await check(upstream({ total: 1, cap: 1 }), 0, 100, {})).toBe(1);
    expect(await check(upstream({ total: 300, cap: 1 }), 0, 100, {})).toBe(100);
    expect(await check(upstream({ total: 300, cap: 1, offsets: false }), 100, 100, {})).toBeLessThanOrEqual(103);
  });
});

describe('numbers from 0', () => {
  test('show by the start offset, and are remembered', async () => {
    const server = upstream({ firstPage: 0 });
    const hints: PagingHints = {};
    expect(await check(server, 0, 10, hints)).toBe(2);
    expect(hints).toEqual({ firstPage: 0 });
    expect(await check(server, 40, 10, hints)).toBe(1);
  });

  test('show by an empty page of a list that has rows', async () => {
    const hints: PagingHints = {};
    expect(await check(upstream({ total: 5, firstPage: 0, offsets: false }), 0, 10, hints)).toBe(2);
    expect(hints).toEqual({ firstPage: 0 });
  });

  test('show by a last page that came too early', async () => {
    const hints: PagingHints = {};
    await check(upstream({ total: 35, firstPage: 0, offsets: false }), 20, 10, hints);
    expect(hints).toEqual({ firstPage: 0 });
  });

  test('together with a cap, both unknown, in the middle of the list', async () => {
    expect.hasAssertions();
    for (const cap of numbers(1, 30)) await check(upstream({ firstPage: 0, cap }), 40, 10, {});
  });

  test('are not remembered when the total was a lie', async () => {
    const hints: PagingHints = {};
    const window = { offset: 0, count: 10 };
    const liar = async () => ({ rows: [], startOffset: null, totalCount: 3 });
    expect(await readSlice(liar, window, hints)).toEqual({ rows: [], totalCount: 3, hasNext: false });
    expect(hints).toEqual({});
  });
});

describe('an upstream that does not hold still', () => {
  const answer = fc.record({
    rows: fc.array(fc.nat(), { maxLength: 120 }),
    startOffset: fc.option(fc.integer({ min: -5, max: 300 })),
    totalCount: fc.option(fc.integer({ min: 0, max: 300 })),
  });

  test('is neither thrown at nor asked for ever', async () => {
    const hints = fc.record({ firstPage, maxPerPage: cap }, { requiredKeys: [] });
    const answers = fc.array(answer, { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(answers, hints, offset, count, async (answers, hints, offset, count) => {
      let requests = 0;
      const fetchPage = async () =>
        answers[requests++ % answers.length] ?? { rows: [], startOffset: null, totalCount: null };
      const window = await readSlice(fetchPage, { offset, count }, hints);
      expect(window.rows.length).toBeLessThanOrEqual(count);
      expect(requests).toBeLessThanOrEqual(12 * count);
    });
    await fc.assert(property, PARAMETERS);
  });

  test('rows that vanish between two pages are simply not there', async () => {
    const [before, after] = [upstream({ cap: 10 }), upstream({ total: 13, cap: 10 })];
    const fetchPage: FetchPage<number> = (page) => (before.asked.length === 0 ? before : after).fetchPage(page);
    const window = await readSlice(fetchPage, { offset: 0, count: 40 }, {});
    expect(window).toEqual({ rows: numbers(0, 13), totalCount: 13, hasNext: false });
  });

  test('errors reach the caller', async () => {
    const fetchPage = async () => Promise.reject(new Error('upstream is down'));
    await expect(readSlice(fetchPage, { offset: 0, count: 10 }, {})).rejects.toThrow('upstream is down');
  });
});
