/**
 * Reads any slice of a list from an API that has numbered pages only. Two facts about the API are unknown at first: whether the
 * first page has the number 1 or 0 (the base), and the maximum number of rows in a page.
 *
 * 1. Assume what the hints say; without hints, base 1 and a maximum of 100 rows.
 * 2. Plan the fewest pages that cover the missing rows, and request them in parallel (`planPages`). If no maximum is known, the
 *    first round requests one page only: its length shows whether pages are capped.
 * 3. Find the offset of each page: `start_offset`, if the response has one, tells base and page size too (`learnFromOffset`).
 *    Otherwise it is the requested offset, unless the page's length and `total_count` contradict that (`inferOffset`).
 * 4. Store the rows by offset, correct the assumptions, and save the corrections as hints for later reads.
 * 5. Repeat for the rows that are still missing, until a round changes nothing or `MAX_ROUNDS` is reached.
 *
 * Some facts cannot be detected:
 * - Without `start_offset`, a full page is assumed to be the requested one. Base 0 shows only when a page is empty or short and
 *   `total_count` says that it should not be.
 * - Without `total_count`, a short or empty page is assumed to be the last one. A cap or base 0 shows only by an unexpected
 *   `start_offset`, and `hasNext` may be true although the list ends with a full page.
 */
import type { OffsetRange, Page } from '../domain/models.ts';

/** One page as the API sent it. */
export interface UpstreamPage<Row> {
  /** All rows of the response, however many were requested. */
  rows: Row[];
  /** `paging.start_offset`: the 1-based position of the first row. Ignored if there are no rows. */
  startOffset: number | null;
  /** `paging.total_count`: the number of rows in the whole list. */
  totalCount: number | null;
}

export type FetchPage<Row> = (page: { pageNo: number; perPage: number }) => Promise<UpstreamPage<Row>>;

/** What earlier responses of a list showed about its pages. Hints may be wrong: each read checks and corrects them. */
export interface PagingHints {
  /** The number of the first page. */
  firstPage?: 0 | 1;
  /** The number of rows that pages were capped at; absent if no cap is known. */
  maxPerPage?: number;
}

/** The maximum number of rows that is requested in one page. */
export const MAX_PAGE_ROWS = 100;
/** Twice as many as any unchanging list needs, so that a list that keeps changing ends the read. */
const MAX_ROUNDS = 6;

/** A planned page: `index` is its 0-based position, given that the first page has the number `firstPage`. */
type PageRequest = { index: number; perPage: number; firstPage: 0 | 1 };
/** The rows from offset `from` up to, but not including, offset `to`; both 0-based. */
type RowInterval = { from: number; to: number };

/** The state of one `readSlice`. It has assumptions of its own, because concurrent reads change the hints. */
interface PagerState<Row> {
  fetchPage: (page: PageRequest) => Promise<UpstreamPage<Row>>;
  hints: PagingHints;
  /** Assumption: the number of the first page. */
  firstPage: 0 | 1;
  /** Assumption: the maximum number of rows in a page. */
  maxPerPage: number;
  /** Pages of up to this many rows are known not to be capped. */
  uncappedUpTo: number;
  /** Whether the other base is being tried, because a page was empty that should not be. */
  probingBase: boolean;
  /** The rows found so far, by 0-based offset. */
  rows: Map<number, Row>;
  totalCount: number | null;
  /** The offset after the last row of the list; infinite while unknown. */
  end: number;
}

/**
 * Reads the rows [offset, offset + count) of a list, in one request if a page of at most 100 rows can contain them. `count` must be
 * 1 to 100. Updates `hints`. Returns what was found if the list changes during the read; rejects with the errors of `fetchPage`.
 */
export async function readSlice<Row>(
  fetchPage: FetchPage<Row>,
  { offset, count }: OffsetRange,
  hints: PagingHints,
): Promise<Page<Row>> {
  const state = createState(fetchPage, hints);
  const wanted = { from: offset, to: offset + count };
  let lastProgress = '';
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const missing = findMissing(state, wanted);
    const progress = JSON.stringify([missing, state.firstPage, state.maxPerPage]);
    if (!missing || progress === lastProgress) break;
    lastProgress = progress;
    const requests = planPages(state, missing, round === 0);
    const pages = await Promise.all(
      requests.map(async (request) => ({ request, page: await state.fetchPage(request) })),
    );
    for (const { request, page } of pages) await applyPage(state, request, page);
  }
  const found = [...state.rows].filter(([at]) => at >= wanted.from && at < wanted.to).toSorted(([a], [b]) => a - b);
  const rows = found.map(([, row]) => row);
  return { rows, totalCount: state.totalCount, hasNext: rows.length > 0 && state.end > wanted.to };
}

function createState<Row>(fetchPage: FetchPage<Row>, hints: PagingHints): PagerState<Row> {
  return {
    fetchPage: ({ index, perPage, firstPage }) => fetchPage({ pageNo: index + firstPage, perPage }),
    hints,
    firstPage: hints.firstPage ?? 1,
    maxPerPage: Math.min(MAX_PAGE_ROWS, hints.maxPerPage ?? MAX_PAGE_ROWS),
    uncappedUpTo: hints.maxPerPage ?? 0,
    probingBase: false,
    rows: new Map(),
    totalCount: null,
    end: Infinity,
  };
}

/** The smallest interval that contains all wanted rows that have not been found; null if none is missing. */
function findMissing<Row>({ rows, end }: PagerState<Row>, wanted: RowInterval): RowInterval | null {
  let [from, to] = [wanted.from, Math.min(wanted.to, end)];
  while (from < to && rows.has(from)) from++;
  while (from < to && rows.has(to - 1)) to--;
  return from < to ? { from, to } : null;
}

/** The fewest pages that cover an interval, with the smallest page size that needs no more pages. */
function planPages<Row>(state: PagerState<Row>, { from, to }: RowInterval, isFirstRound: boolean): PageRequest[] {
  const { maxPerPage, firstPage, hints } = state;
  const span = (size: number) => Math.floor((to - 1) / size) - Math.floor(from / size);
  let perPage = 1;
  for (let size = 2; size <= maxPerPage; size++) if (span(size) < span(perPage)) perPage = size;
  // The first page starts at row 0 whatever its size. Requesting more rows than the cap costs nothing, and corrects a cap that is
  // too low before it costs many requests.
  if (isFirstRound && from === 0) return [{ index: 0, perPage: Math.min(to, MAX_PAGE_ROWS), firstPage }];
  const start = Math.floor(from / perPage);
  const pages = Array.from({ length: span(perPage) + 1 }, (_, i) => ({ index: start + i, perPage, firstPage }));
  return isFirstRound && hints.maxPerPage === undefined ? pages.slice(0, 1) : pages;
}

/** Stores the rows of a page by their offset, and corrects the assumptions. */
async function applyPage<Row>(state: PagerState<Row>, request: PageRequest, page: UpstreamPage<Row>): Promise<void> {
  if (page.totalCount !== null) state.totalCount = state.end = page.totalCount;
  const reported = page.startOffset !== null && page.rows.length > 0 ? page.startOffset - 1 : null;
  if (reported !== null) learnFromOffset(state, request, page, reported);
  const offset = reported ?? (await inferOffset(state, request, page));
  // The other base is a hint for later reads only if it found rows.
  const isBaseFound = state.probingBase && page.rows.length > 0 && request.firstPage === state.firstPage;
  if (reported === null && isBaseFound) state.hints.firstPage = request.firstPage;
  for (const [i, row] of page.rows.entries()) state.rows.set(offset + i, row);
}

/**
 * Corrects base and maximum from a page's reported offset: finds the explanation of the offset that needs the fewest corrections.
 * An offset that nothing explains changes nothing.
 */
function learnFromOffset<Row>(
  state: PagerState<Row>,
  { index, perPage, firstPage }: PageRequest,
  page: UpstreamPage<Row>,
  offset: number,
): void {
  const { length } = page.rows;
  const hasMore = page.totalCount !== null && offset + length < page.totalCount;
  const asRequested = { firstPage, index };
  const inOtherBase = { firstPage: otherBase(firstPage), index: index + firstPage - otherBase(firstPage) };
  const cappedSize = (position: number) => (position === 0 ? length : offset / position);
  const explanations = [
    { ...asRequested, size: perPage },
    { ...inOtherBase, size: perPage },
    { ...asRequested, size: cappedSize(index) },
    { ...inOtherBase, size: cappedSize(inOtherBase.index) },
  ];
  const match = explanations.find(
    ({ index, size }) =>
      Number.isInteger(size) && index * size === offset && (hasMore ? size === length : size >= length),
  );
  if (!match) return;
  state.firstPage = state.hints.firstPage = match.firstPage;
  if (match.size < perPage) setMaxPerPage(state, match.size);
  else if (length > state.maxPerPage) setMaxPerPage(state, MAX_PAGE_ROWS);
  // Without a total, a short page is the last one, unless it can also be a full page of a capped size in the other base.
  const isUnambiguous = match === explanations[0] && inOtherBase.index * length !== offset;
  if (page.totalCount === null && isUnambiguous && length < Math.min(perPage, state.maxPerPage)) {
    state.end = offset + length;
  }
}

/** The offset of a page that does not report one: the requested offset, unless the page's length contradicts it. */
async function inferOffset<Row>(
  state: PagerState<Row>,
  request: PageRequest,
  page: UpstreamPage<Row>,
): Promise<number> {
  const { length } = page.rows;
  const { totalCount } = page;
  const size = Math.max(length, Math.min(request.perPage, state.maxPerPage));
  const offset = request.index * size;
  if (length > state.maxPerPage) setMaxPerPage(state, MAX_PAGE_ROWS);
  if (length === size) state.uncappedUpTo = Math.max(state.uncappedUpTo, size);
  else if (totalCount === null) state.end = Math.min(state.end, offset + length);
  else if (length > 0) return offsetOfShortPage(state, { ...request, perPage: size }, length, totalCount);
  else if (totalCount > offset && !state.probingBase) {
    state.probingBase = true;
    state.firstPage = otherBase(request.firstPage);
  }
  return offset;
}

/** The offset of a page shorter than requested: it is the last page, or capped, or the last page of a list with base 0. */
async function offsetOfShortPage<Row>(
  state: PagerState<Row>,
  request: PageRequest,
  length: number,
  totalCount: number,
): Promise<number> {
  const { index, perPage, firstPage } = request;
  const isLast = index * perPage + length === totalCount;
  const isLastInBase0 =
    state.hints.firstPage === undefined && firstPage === 1 && (index + 1) * perPage + length === totalCount;
  if (isLast && (index === 0 || perPage <= state.uncappedUpTo)) return index * perPage;
  // The length of another page shows whether pages of this size are capped: the first page, or the second one instead of the first.
  const probe = index > 0 || isLastInBase0 ? await state.fetchPage({ ...request, index: index > 0 ? 0 : 1 }) : null;
  const probedLength = probe?.rows.length ?? length;
  if (probedLength > 0 && probedLength < perPage) {
    setMaxPerPage(state, probedLength);
    return index * probedLength;
  }
  state.uncappedUpTo = perPage;
  if (!isLastInBase0) return index * perPage;
  state.firstPage = state.hints.firstPage = 0;
  return (index + 1) * perPage;
}

function setMaxPerPage<Row>(state: PagerState<Row>, maxPerPage: number): void {
  state.maxPerPage = Math.min(maxPerPage, MAX_PAGE_ROWS);
  if (maxPerPage < MAX_PAGE_ROWS) state.hints.maxPerPage = maxPerPage;
  else delete state.hints.maxPerPage;
}

function otherBase(firstPage: 0 | 1): 0 | 1 {
  return firstPage === 1 ? 0 : 1;
}
