import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSlice, type FetchPage, type PagingHints } from '../../src/realtimekit/pagination.ts';
import { runs } from '../support/runs.ts';

/** How a simulated API behaves. */
interface Model {
  /** Rows in the list. */
  total: number;
  firstPage: 0 | 1;
  /** Maximum rows in a page. */
  cap: number;
  /** Whether responses have a start offset. */
  offsets: boolean;
  /** Whether responses have a total count. */
  totals: boolean;
  /** The response for a page number below the first page's. */
  below: 'error' | 'first page' | 'nothing';
}

interface PageParameters {
  pageNo: number;
  perPage: number;
}

const plain: Model = { total: 60, firstPage: 1, cap: 1000, offsets: true, totals: true, below: 'error' };
const numbers = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** A simulated API whose rows are their own offsets, and the requests that it got. */
function createApi(differences: Partial<Model>) {
  const model = { ...plain, ...differences };
  const requests: PageParameters[] = [];
  const fetchPage: FetchPage<number> = async ({ pageNo, perPage }) => {
    requests.push({ pageNo, perPage });
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
  return { model, requests, fetchPage };
}

/** The fewest pages of at most `cap` rows that cover a slice. */
function fewestPages(offset: number, count: number, cap: number): number {
  const sizes = numbers(1, Math.min(cap, 100) + 1);
  return Math.min(...sizes.map((size) => Math.floor((offset + count - 1) / size) - Math.floor(offset / size) + 1));
}

/** Reads a slice and checks the whole result; returns the number of requests. */
async function check(
  { model, requests, fetchPage }: ReturnType<typeof createApi>,
  offset: number,
  count: number,
  hints: PagingHints,
) {
  const before = requests.length;
  const to = offset + count;
  const slice = await readSlice(fetchPage, { offset, count }, hints);
  expect(slice.rows).toEqual(numbers(offset, Math.min(model.total, to)));
  expect(slice.totalCount).toBe(model.totals ? model.total : null);
  // Without a total, a full page that happens to be the last one looks like any other.
  const isAmbiguous = !model.totals && model.total === to;
  expect(slice.hasNext).toBe(isAmbiguous ? slice.hasNext : to < model.total);
  return requests.length - before;
}

const total = fc.integer({ min: 0, max: 330 });
const count = fc.integer({ min: 1, max: 100 });
const offset = fc.integer({ min: 0, max: 350 });
const cap = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1, 10, 25, 1000));
const firstPage = fc.constantFrom<0 | 1>(0, 1);
const below = fc.constantFrom<Model['below']>('first page', 'nothing');
const flag = fc.boolean();

/** Every API whose base and cap can be detected without hints. */
const detectable = fc.oneof(
  fc.record({ total, firstPage, cap }),
  fc.record({ total, cap, offsets: fc.constant(false) }),
  fc.record({ total, offsets: flag, totals: fc.constant(false) }),
);
/** Every API, including those that need correct hints. */
const anyApi = fc.record({ total, firstPage, cap, offsets: flag, totals: flag });
const correctHints = (model: Model): PagingHints => ({
  firstPage: model.firstPage,
  ...(model.cap < 100 ? { maxPerPage: model.cap } : {}),
});

/** Reads the whole list, slice by slice, with these counts in turn, and checks the rows. */
async function readAll(api: ReturnType<typeof createApi>, counts: number[], hints: PagingHints) {
  const rows: (number | null)[] = [];
  for (let i = 0, more = true; more && i < 500; i++) {
    const slice = await readSlice(api.fetchPage, { offset: rows.length, count: counts[i % counts.length] ?? 1 }, hints);
    rows.push(...slice.rows);
    more = slice.hasNext;
  }
  expect(rows).toEqual(numbers(0, api.model.total));
}

const PARAMETERS = { numRuns: runs(60) };
const counts = fc.array(count, { minLength: 1, maxLength: 8 });

describe('readSlice', () => {
  test('returns every row once and in order when the list is read slice by slice', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(detectable, counts, (model, counts) => readAll(createApi(model), counts, {})),
      PARAMETERS,
    );
  });

  test('returns every row once and in order from any API if the hints are correct', async () => {
    expect.hasAssertions();
    const property = fc.asyncProperty(anyApi, counts, async (model, counts) => {
      const api = createApi(model);
      await readAll(api, counts, correctHints(api.model));
    });
    await fc.assert(property, PARAMETERS);
  });

  test('returns the rows of any slices that are read one after the other', async () => {
    expect.hasAssertions();
    const property = fc.asyncProperty(
      detectable,
      fc.array(fc.tuple(offset, count), { maxLength: 6 }),
      async (model, slices) => {
        const [api, hints] = [createApi(model), {}];
        for (const [offset, count] of slices) await check(api, offset, count, hints);
      },
    );
    await fc.assert(property, PARAMETERS);
  });

  test('returns the rows of slices that are read concurrently with shared hints', async () => {
    expect.hasAssertions();
    const property = fc.asyncProperty(
      detectable,
      fc.array(fc.tuple(offset, count), { maxLength: 6 }),
      async (model, slices) => {
        const hints = {};
        await Promise.all(slices.map(([offset, count]) => check(createApi(model), offset, count, hints)));
      },
    );
    await fc.assert(property, PARAMETERS);
  });

  test('returns the rows in spite of wrong hints if responses have a start offset', async () => {
    const hints = fc.record({ firstPage, maxPerPage: cap }, { requiredKeys: [] });
    const models = fc.record({ total, firstPage, cap, below });
    const property = fc.asyncProperty(models, hints, offset, count, async (model, hints, offset, count) => {
      const api = createApi(model);
      const wasted = fewestPages(offset, count, hints.maxPerPage ?? 100);
      const requests = await check(api, offset, count, hints);
      expect(requests).toBeLessThanOrEqual(wasted + fewestPages(offset, count, model.cap) + 2);
      await check(api, offset, count, hints);
    });
    await fc.assert(property, PARAMETERS);
  });

  test('rejects with the errors of fetchPage', async () => {
    const fetchPage = async () => Promise.reject(new Error('upstream is down'));
    await expect(readSlice(fetchPage, { offset: 0, count: 10 }, {})).rejects.toThrow('upstream is down');
  });
});

describe('the number of requests', () => {
  test('is at most three above the minimum without hints, and one above it with correct hints', async () => {
    const models = fc.oneof(
      fc.record({ model: detectable, hasHints: fc.constant(false) }),
      fc.record({ model: anyApi, hasHints: fc.constant(true) }),
    );
    const property = fc.asyncProperty(models, offset, count, async ({ model, hasHints }, offset, count) => {
      const api = createApi(model);
      const requests = await check(api, offset, count, hasHints ? correctHints(api.model) : {});
      expect(requests).toBeLessThanOrEqual(fewestPages(offset, count, api.model.cap) + (hasHints ? 1 : 3));
    });
    await fc.assert(property, PARAMETERS);
  });

  test('is one for the first slice of an API with base 1 and no cap', async () => {
    const property = fc.asyncProperty(total, flag, flag, count, async (total, offsets, totals, count) => {
      expect(await check(createApi({ total, offsets, totals }), 0, count, {})).toBe(1);
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
  ])('is one for the slice %o: the page %o', async ({ offset, count }, page) => {
    const api = createApi({ total: 200 });
    await check(api, offset, count, {});
    expect(api.requests).toEqual([page]);
  });

  test('is minimal for a cap, which is detected once; the remaining pages are requested in parallel', async () => {
    const api = createApi({ cap: 10 });
    let [inFlight, maxInFlight] = [0, 0];
    const fetchPage: FetchPage<number> = async (page) => {
      maxInFlight = Math.max(maxInFlight, ++inFlight);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inFlight--;
      return api.fetchPage(page);
    };
    const hints: PagingHints = {};
    expect(await check({ ...api, fetchPage }, 0, 50, hints)).toBe(5);
    expect(maxInFlight).toBe(4);
    expect(hints).toEqual({ firstPage: 1, maxPerPage: 10 });
    expect(await check({ ...api, fetchPage }, 10, 50, hints)).toBe(5);
    expect(maxInFlight).toBe(5);
  });

  test('is one for a first page although the hints have a cap that is too low, which is then corrected', async () => {
    const hints: PagingHints = { firstPage: 1, maxPerPage: 1 };
    expect(await check(createApi({ total: 200 }), 0, 50, hints)).toBe(1);
    expect(hints).toEqual({ firstPage: 1 });
  });

  test('is one for each row of a list with a cap of one, as in the format with a single object', async () => {
    expect(await check(createApi({ total: 1, cap: 1 }), 0, 100, {})).toBe(1);
    expect(await check(createApi({ total: 300, cap: 1 }), 0, 100, {})).toBe(100);
    expect(await check(createApi({ total: 300, cap: 1, offsets: false }), 100, 100, {})).toBeLessThanOrEqual(103);
  });
});

describe('page numbers from 0', () => {
  test('are detected by a start offset, and saved as a hint', async () => {
    const api = createApi({ firstPage: 0 });
    const hints: PagingHints = {};
    expect(await check(api, 0, 10, hints)).toBe(2);
    expect(hints).toEqual({ firstPage: 0 });
    expect(await check(api, 40, 10, hints)).toBe(1);
  });

  test('are detected by an empty page of a list that has rows', async () => {
    const hints: PagingHints = {};
    expect(await check(createApi({ total: 5, firstPage: 0, offsets: false }), 0, 10, hints)).toBe(2);
    expect(hints).toEqual({ firstPage: 0 });
  });

  test('are detected by a short page before the end of the list', async () => {
    const hints: PagingHints = {};
    await check(createApi({ total: 35, firstPage: 0, offsets: false }), 20, 10, hints);
    expect(hints).toEqual({ firstPage: 0 });
  });

  test('are detected together with a cap in the middle of the list', async () => {
    expect.hasAssertions();
    for (const cap of numbers(1, 30)) await check(createApi({ firstPage: 0, cap }), 40, 10, {});
  });

  test('are not saved as a hint when the total count is wrong', async () => {
    const hints: PagingHints = {};
    const range = { offset: 0, count: 10 };
    const fetchPage = async () => ({ rows: [], startOffset: null, totalCount: 3 });
    expect(await readSlice(fetchPage, range, hints)).toEqual({ rows: [], totalCount: 3, hasNext: false });
    expect(hints).toEqual({});
  });
});

describe('a list that changes during the read', () => {
  const page = fc.record({
    rows: fc.array(fc.nat(), { maxLength: 120 }),
    startOffset: fc.option(fc.integer({ min: -5, max: 300 })),
    totalCount: fc.option(fc.integer({ min: 0, max: 300 })),
  });

  test('neither fails the read nor makes it endless', async () => {
    const hints = fc.record({ firstPage, maxPerPage: cap }, { requiredKeys: [] });
    const pages = fc.array(page, { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(pages, hints, offset, count, async (pages, hints, offset, count) => {
      let requests = 0;
      const fetchPage = async () =>
        pages[requests++ % pages.length] ?? { rows: [], startOffset: null, totalCount: null };
      const slice = await readSlice(fetchPage, { offset, count }, hints);
      expect(slice.rows.length).toBeLessThanOrEqual(count);
      expect(requests).toBeLessThanOrEqual(12 * count);
    });
    await fc.assert(property, PARAMETERS);
  });

  test('is returned without the rows that were removed meanwhile', async () => {
    const [before, after] = [createApi({ cap: 10 }), createApi({ total: 13, cap: 10 })];
    const fetchPage: FetchPage<number> = (page) => (before.requests.length === 0 ? before : after).fetchPage(page);
    const slice = await readSlice(fetchPage, { offset: 0, count: 40 }, {});
    expect(slice).toEqual({ rows: numbers(0, 13), totalCount: 13, hasNext: false });
  });
});
