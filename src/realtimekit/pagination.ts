/**
 * Windows of any offset and size over an upstream that knows only numbered pages.
 * Each answer fits what is believed about numbering and page size, or corrects it; what is then missing is asked again.
 *
 * What no answer can show:
 * - without start offset a full page is believed to be the one asked for: numbers from 0 come to light only at an empty
 *   or short page, by `totalCount`; with neither of the two, never;
 * - without `totalCount` a short or empty page means the end: a cap, or numbers from 0, come to light only by a start
 *   offset other than computed, and a full last page may be followed by nothing.
 */

/** One page as upstream gave it. */
export interface UpstreamPage<Row> {
  /** As many as upstream sent, whatever was asked. */
  rows: Row[];
  /** `paging.start_offset`: 1-based, inclusive. Not looked at when there are no rows. */
  startOffset: number | null;
  /** `paging.total_count`: rows in the whole list. */
  totalCount: number | null;
}

export type FetchPage<Row> = (page: { pageNo: number; perPage: number }) => Promise<UpstreamPage<Row>>;

/** What earlier answers of this endpoint taught; kept between calls by the owner, always only a hint. */
export interface PagingHints {
  firstPage?: 0 | 1;
  /** The most rows a page was seen to hold where more were asked for. */
  maxPerPage?: number;
}

/** `hasNext`: whether rows follow the window. */
export type Window<Row> = { rows: Row[]; totalCount: number | null; hasNext: boolean };

/** Rows: the most that is ever asked of one page. */
export const MAX_PAGE_ROWS = 100;
/** Twice what a list that holds still was seen to need; one that does not must not keep us. */
const MAX_ROUNDS = 6;

const other = (firstPage: 0 | 1): 0 | 1 => (firstPage === 1 ? 0 : 1);

/** A request: the page of this index, counted from 0, if the first page has the number believed when asking. */
type Asked = { index: number; perPage: number; firstPage: 0 | 1 };
/** Rows [from, to), counted from 0. */
type Range = { from: number; to: number };

/** The state of one `readWindow`. Its beliefs are its own, for other calls may change the hints meanwhile. */
interface PagerState<Row> {
  ask: (page: Asked) => Promise<UpstreamPage<Row>>;
  hints: PagingHints;
  firstPage: 0 | 1;
  /** Rows a page holds at most. */
  cap: number;
  /** Pages of up to so many rows are known not to be capped. */
  proven: number;
  /** By row offset, counted from 0. */
  rows: Map<number, Row>;
  totalCount: number | null;
  /** The list's length as far as known, else infinite. */
  end: number;
  /** The other numbering is on trial, because a page was empty. */
  trial: boolean;
}

/**
 * Rows [offset, offset + count) of a list, in one request where one page of at most 100 rows can hold them; `count` is
 * 1 to 100. Learns into `hints`. A list that changes meanwhile gives what was found; errors of `fetchPage` pass through.
 */
export async function readWindow<Row>(
  fetchPage: FetchPage<Row>,
  { offset, count }: { offset: number; count: number },
  hints: PagingHints,
): Promise<Window<Row>> {
  const reading = begin(fetchPage, hints);
  const wanted = { from: offset, to: offset + count };
  let before = '';
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const gap = missing(reading, wanted);
    const now = JSON.stringify([gap, reading.firstPage, reading.cap]);
    if (!gap || now === before) break;
    before = now;
    const asked = pagesFor(reading, gap, round === 0);
    const answers = await Promise.all(asked.map(async (page) => ({ page, answer: await reading.ask(page) })));
    for (const { page, answer } of answers) await applyPage(reading, page, answer);
  }
  const found = [...reading.rows].filter(([at]) => at >= wanted.from && at < wanted.to).toSorted(([a], [b]) => a - b);
  const rows = found.map(([, row]) => row);
  return { rows, totalCount: reading.totalCount, hasNext: rows.length > 0 && reading.end > wanted.to };
}

function begin<Row>(fetchPage: FetchPage<Row>, hints: PagingHints): PagerState<Row> {
  const ask = ({ index, perPage, firstPage }: Asked) => fetchPage({ pageNo: index + firstPage, perPage });
  const cap = Math.min(MAX_PAGE_ROWS, hints.maxPerPage ?? MAX_PAGE_ROWS);
  const beliefs = { firstPage: hints.firstPage ?? 1, cap, proven: hints.maxPerPage ?? 0, trial: false };
  return { ask, hints, ...beliefs, rows: new Map(), totalCount: null, end: Infinity };
}

/** From the first to the last row of the window not yet there. */
function missing<Row>({ rows, end }: PagerState<Row>, wanted: Range): Range | null {
  let [from, to] = [wanted.from, Math.min(wanted.to, end)];
  while (from < to && rows.has(from)) from++;
  while (from < to && rows.has(to - 1)) to--;
  return from < to ? { from, to } : null;
}

/** The pages to ask for now: as few as possible, of the smallest such size. */
function pagesFor<Row>(reading: PagerState<Row>, { from, to }: Range, first: boolean): Asked[] {
  const { cap, firstPage, hints } = reading;
  const span = (size: number) => Math.floor((to - 1) / size) - Math.floor(from / size);
  let perPage = 1;
  for (let size = 2; size <= cap; size++) if (span(size) < span(perPage)) perPage = size;
  // The first page begins at row 0 whatever its size: asking it for more than the cap costs nothing, and is how a cap
  // wrongly learned is unlearned before it costs many requests.
  if (first && from === 0) return [{ index: 0, perPage: Math.min(to, MAX_PAGE_ROWS), firstPage }];
  const start = Math.floor(from / perPage);
  const pages = Array.from({ length: span(perPage) + 1 }, (_, i) => ({ index: start + i, perPage, firstPage }));
  return first && hints.maxPerPage === undefined ? pages.slice(0, 1) : pages;
}

/** Puts an answer's rows where they belong and learns from them. */
async function applyPage<Row>(reading: PagerState<Row>, asked: Asked, page: UpstreamPage<Row>): Promise<void> {
  if (page.totalCount !== null) reading.totalCount = reading.end = page.totalCount;
  const told = page.startOffset !== null && page.rows.length > 0 ? page.startOffset - 1 : null;
  if (told !== null) learnFromOffset(reading, asked, page, told);
  const at = told ?? (await placeByNumber(reading, asked, page));
  // Only a trial that gave rows is worth remembering.
  const succeeded = reading.trial && page.rows.length > 0 && asked.firstPage === reading.firstPage;
  if (told === null && succeeded) reading.hints.firstPage = asked.firstPage;
  for (const [i, row] of page.rows.entries()) reading.rows.set(at + i, row);
}

/** Which numbering and page size bring this page to this place? The most believed explanation that fits wins. */
function learnFromOffset<Row>(reading: PagerState<Row>, asked: Asked, page: UpstreamPage<Row>, at: number): void {
  const { length } = page.rows;
  const { index, perPage, firstPage } = asked;
  const more = page.totalCount !== null && at + length < page.totalCount;
  const second = { first: other(firstPage), index: index + firstPage - other(firstPage) };
  const sizeFor = (index: number) => (index === 0 ? length : at / index);
  const guesses = [
    { first: firstPage, index, size: perPage },
    { ...second, size: perPage },
    { first: firstPage, index, size: sizeFor(index) },
    { ...second, size: sizeFor(second.index) },
  ];
  const fit = guesses.find(
    ({ index, size }) => Number.isInteger(size) && index * size === at && (more ? size === length : size >= length),
  );
  if (!fit) return;
  reading.firstPage = reading.hints.firstPage = fit.first;
  if (fit.size < perPage) setCap(reading, fit.size);
  else if (length > reading.cap) setCap(reading, MAX_PAGE_ROWS);
  // Without a total a short page is the end, unless it may as well be a full page of a capped size, numbered otherwise.
  const asAsked = fit === guesses[0] && second.index * length !== at;
  if (page.totalCount === null && asAsked && length < Math.min(perPage, reading.cap)) reading.end = at + length;
}

/** Where rows without a start offset belong: where they were asked for, unless their number speaks against it. */
async function placeByNumber<Row>(reading: PagerState<Row>, asked: Asked, page: UpstreamPage<Row>): Promise<number> {
  const { length } = page.rows;
  const total = page.totalCount;
  const size = Math.max(length, Math.min(asked.perPage, reading.cap));
  const at = asked.index * size;
  if (length > reading.cap) setCap(reading, MAX_PAGE_ROWS);
  if (length === size) reading.proven = Math.max(reading.proven, size);
  else if (total === null) reading.end = Math.min(reading.end, at + length);
  else if (length > 0) return placeShort(reading, { ...asked, perPage: size }, length, total);
  else if (total > at && !reading.trial) {
    reading.trial = true;
    reading.firstPage = other(asked.firstPage);
  }
  return at;
}

/** A page shorter than asked is the last one, or of a capped size, or the last one of a list numbered from 0. */
async function placeShort<Row>(reading: PagerState<Row>, asked: Asked, length: number, total: number): Promise<number> {
  const { index, perPage, firstPage } = asked;
  const isLast = index * perPage + length === total;
  const isLastFrom0 =
    reading.hints.firstPage === undefined && firstPage === 1 && (index + 1) * perPage + length === total;
  if (isLast && (index === 0 || perPage <= reading.proven)) return index * perPage;
  // A page of the same size elsewhere shows whether sizes are capped: the first one, or for that one the second.
  const probe = index > 0 || isLastFrom0 ? await reading.ask({ ...asked, index: index > 0 ? 0 : 1 }) : null;
  const seen = probe?.rows.length ?? length;
  if (seen > 0 && seen < perPage) {
    setCap(reading, seen);
    return index * seen;
  }
  reading.proven = perPage;
  if (!isLastFrom0) return index * perPage;
  reading.firstPage = reading.hints.firstPage = 0;
  return (index + 1) * perPage;
}

function setCap<Row>(reading: PagerState<Row>, cap: number): void {
  reading.cap = Math.min(cap, MAX_PAGE_ROWS);
  if (cap < MAX_PAGE_ROWS) reading.hints.maxPerPage = cap;
  else delete reading.hints.maxPerPage;
}
