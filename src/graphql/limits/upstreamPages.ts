import { MAX_PAGE_SIZE } from '../connection.ts';

/** The number of rows that RealtimeKit's pages are known to be capped at, by list; absent if they have as many as requested. */
export type PageSizes = Readonly<Record<UpstreamList, { readonly maxPerPage?: number }>>;

type UpstreamList = 'meetings' | 'livestreams' | 'meetingLivestreams';

/** Pages that have as many rows as requested, up to 100. */
export const FULL_PAGES: PageSizes = { meetings: {}, livestreams: {}, meetingLivestreams: {} };

/** The lists behind the fields whose rows take no requests of their own. */
const LISTS: Readonly<Record<string, UpstreamList>> = {
  'Query.meetings': 'meetings',
  'Query.livestreams': 'livestreams',
  'Meeting.livestreams': 'meetingLivestreams',
};

/** The number of rows on a full page upstream of the list that a field reads; null if the field reads no such list. */
export function pageSizeOf(sizes: PageSizes, type: string, field: string): number | null {
  const list = LISTS[`${type}.${field}`];
  return list === undefined ? null : Math.min(sizes[list].maxPerPage ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE);
}

/** The maximum number of pages that rows lie on. The pages are numbered from the first row of the list, and the rows may start anywhere after a cursor. */
export function pagesOf(rows: number, pageSize: number, isAfterCursor: boolean): number {
  const pages = isAfterCursor ? Math.ceil((rows - 1) / pageSize) + 1 : Math.ceil(rows / pageSize);
  return Math.max(pages, 1);
}

/** Returns a function that returns whether a size has changed since its last call. */
export function createChangeDetector(sizes: PageSizes): () => boolean {
  const current = (): (number | undefined)[] => Object.values(sizes).map(({ maxPerPage }) => maxPerPage);
  let known = current();
  return () => {
    if (Object.values(sizes).every(({ maxPerPage }, index) => maxPerPage === known[index])) return false;
    known = current();
    return true;
  };
}
