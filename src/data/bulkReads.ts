import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { GatewayError } from '../domain/errors.ts';
import { ACTIVE_STATUSES, hasEnded, provesInactivity } from '../domain/livestreamState.ts';
import { MIN_LOOKUPS_IN_LIST } from '../domain/lookups.ts';
import type { Livestream, LivestreamStatus, Meeting, OffsetRange, Page } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { livestreamTag, livestreamTags, meetingTag } from './cache/tags.ts';
import type { EntityReads } from './entityReads.ts';
import { createListLengths, type MeasuredList } from './listLengths.ts';
import { type ListHead, livestreamsInStatus, pagesAfter, rangesAfter } from './listReads.ts';
import type { Operation } from './operation.ts';

/** How long not to read a list that failed. */
const FAILURE_TTL_MS = 30_000;
/** The assumed number of pages of a list of everything, past livestreams included, until its length is known. */
const ASSUMED_LIST_PAGES = 4;
/** The errors of requests for which no budget was left. */
const UNSENT_CODES: ReadonlySet<string> = new Set(['RATE_LIMITED', 'QUERY_TOO_EXPENSIVE']);

export interface BulkResult<Row> {
  /** By key. */
  found: Map<string, Row>;
  /** Whether the keys that were not found certainly do not exist. If false, the caller must read them one by one. */
  isExhaustive: boolean;
}

/** The active livestreams, as the lists show them. */
export interface ActiveRows {
  /** Those among them that have ended show that upstream ignored the status filter. */
  rows: Livestream[];
  /** When the first page was read. */
  readAt: HybridTimestamp;
  /** Whether a meeting without a row certainly has no active livestream. */
  isExhaustive: boolean;
}

export type ReadInBulk<Row> = (operation: Operation, keys: readonly string[]) => Promise<BulkResult<Row>>;

export type BulkReads = ReturnType<typeof createBulkReads>;

/** The lists to read, and the reads of single entities in which to cache that an entity does not exist. */
type BulkSources = Pick<
  EntityReads,
  'livestreams' | 'livestreamsHead' | 'livestream' | 'activeLivestream' | 'meetings' | 'meetingsHead'
>;

/**
 * Looks up many keys in the pages of lists, where that takes fewer requests than one request per key. A bulk read never fails: a list
 * that fails, does not report its length or is too long leaves its keys to reads of single entities.
 */
export function createBulkReads(reads: BulkSources, clock: Clock) {
  const lengths = createListLengths(clock);

  /** For the whole list. */
  function estimateRequests(operation: Operation, list: List<unknown>): number {
    const pages = lengths.estimate(operation, list);
    return list.isHeadFresh(operation) ? pages - 1 : pages;
  }

  async function readInBulk<Row extends { id: string }>(
    operation: Operation,
    plan: BulkPlan<Row>,
  ): Promise<BulkResult<Row>> {
    const missing = new Set(plan.keys);
    const found = new Map<string, Row>();
    const rows: Row[] = [];
    const onRows = (newRows: readonly Row[]): void => {
      rows.push(...newRows);
      for (const row of newRows) {
        const key = plan.keyOf(row);
        if (key !== null && missing.delete(key)) found.set(key, row);
      }
    };
    let since: HybridTimestamp | undefined;
    let firstReadAt: HybridTimestamp | undefined;
    for (const [index, list] of plan.lists.entries()) {
      const laterRequests = plan.lists
        .slice(index + 1)
        .reduce((sum, later) => sum + estimateRequests(operation, later), 0);
      const isCheaper = (requests: number): boolean => requests + laterRequests < missing.size;
      const estimate = estimateRequests(operation, list);
      // An incomplete list can be read in vain, which the cost of an operation allows for from a certain number of look-ups on.
      const isAllowedFor = plan.isComplete || estimate === 0 || plan.keys.length >= MIN_LOOKUPS_IN_LIST;
      if (!isAllowedFor || !isCheaper(estimate)) return { found, isExhaustive: false };
      // Keys that are not in an incomplete list cost a request each: the rows found so far must make up for the further pages.
      const paysOff = (requests: number): boolean => isCheaper(requests) && (plan.isComplete || requests < found.size);
      const readAt = await readFullList(operation, list, { since, onRows, isCheaper: paysOff }).catch(() => null);
      if (readAt === null) return { found, isExhaustive: false };
      since = readAt;
      firstReadAt ??= readAt;
    }
    const { tags } = operation.report;
    if (tags !== undefined)
      for (const key of plan.keys) for (const tag of plan.tagsOf(key, found.get(key))) tags.add(tag);
    const isExhaustive = plan.provesAbsence(rows);
    if (!isExhaustive) for (const list of plan.lists) lengths.remember(operation, list, Infinity);
    if (isExhaustive && firstReadAt !== undefined) for (const key of missing) plan.onAbsent(key, firstReadAt);
    return { found, isExhaustive };
  }

  /**
   * Reads a whole list, and returns the time at which its first page was read. Null if `onRows` may not have received every row:
   * because upstream does not report the length, because the list changed meanwhile, or because the other pages cost too much.
   */
  async function readFullList<Row extends { id: string }>(
    operation: Operation,
    list: List<Row>,
    { since, onRows, isCheaper }: ReadListOptions<Row>,
  ): Promise<HybridTimestamp | null> {
    const { head, readAt } = await list.head(operation, since).catch((error: unknown) => {
      // The list itself has not failed if no request for it could be sent.
      const isUnsent = error instanceof GatewayError && UNSENT_CODES.has(error.code);
      if (!isUnsent) lengths.remember(operation, list, Infinity, FAILURE_TTL_MS);
      throw error;
    });
    const furtherPages = head === null ? Infinity : pagesAfter(head);
    lengths.remember(operation, list, 1 + furtherPages);
    if (head === null) return null;
    onRows(head.rows);
    if (furtherPages > 0 && !isCheaper(furtherPages)) return null;
    const pages = await Promise.all(rangesAfter(head).map(async (range) => list.page(operation, range, readAt)));
    const rest = pages.flatMap((page) => page.rows).filter((row) => row !== null);
    onRows(rest);
    // A list that changed between its pages, or has fewer distinct rows than it reports, does not prove that a row is absent.
    const ids = new Set([...head.rows, ...rest].map(({ id }) => id));
    const isUnchanged = pages.every(({ totalCount }) => totalCount === head.totalCount);
    return isUnchanged && ids.size === head.totalCount ? readAt : null;
  }

  /** The list of livestreams in a status, or of all livestreams. */
  function livestreamList(status: LivestreamStatus | null): List<Livestream> {
    const query = livestreamsInStatus(status);
    return {
      name: `livestreams ${status}`,
      assumedPages: status === null ? ASSUMED_LIST_PAGES : 1,
      isHeadFresh: (operation) => reads.livestreamsHead.isFresh(operation, query),
      head: async (operation, since) => reads.livestreamsHead.get(operation, query, since),
      page: async (operation, range, since) => reads.livestreams.get(operation, { query, range }, since),
    };
  }

  /** One list per status, in the order in which a livestream passes through them: none slips through between two lists. */
  const allActive = ACTIVE_STATUSES.map(livestreamList);
  const activeLists = (isLiveOnly = false) => (isLiveOnly ? allActive.slice(-1) : allActive);
  const allLivestreams = livestreamList(null);
  const allMeetings: List<Meeting> = {
    name: 'meetings',
    assumedPages: ASSUMED_LIST_PAGES,
    isHeadFresh: (operation) => reads.meetingsHead.isFresh(operation, null),
    head: async (operation, since) => reads.meetingsHead.get(operation, null, since),
    page: async (operation, range, since) => reads.meetings.get(operation, { search: null, range }, since),
  };

  return {
    /** The active livestreams of these meetings, by meeting id. */
    activeByMeeting: async (operation: Operation, meetingIds: readonly string[]): Promise<BulkResult<Livestream>> =>
      readInBulk(operation, {
        keys: meetingIds,
        lists: allActive,
        keyOf: (livestream) => (hasEnded(livestream) ? null : livestream.meetingId),
        isComplete: true,
        provesAbsence: provesInactivity,
        onAbsent: (meetingId, readAt) => reads.activeLivestream.set(operation.account.id, meetingId, null, readAt),
        tagsOf: (meetingId, row) => [meetingTag(meetingId), ...(row === undefined ? [] : [livestreamTag(row.id)])],
      }),
    livestreamsById: async (operation: Operation, ids: readonly string[]): Promise<BulkResult<Livestream>> =>
      readInBulk(operation, {
        keys: ids,
        lists: [allLivestreams],
        keyOf: ({ id }) => id,
        isComplete: true,
        provesAbsence: () => true,
        onAbsent: (id, readAt) => reads.livestream.set(operation.account.id, id, null, readAt),
        tagsOf: (id, row) => livestreamTags(id, row?.meetingId),
      }),
    meetingsById: async (operation: Operation, ids: readonly string[]): Promise<BulkResult<Meeting>> => {
      const { found } = await readInBulk(operation, {
        keys: ids,
        lists: [allMeetings],
        keyOf: ({ id }) => id,
        // It has a status filter whose default RealtimeKit does not document.
        isComplete: false,
        provesAbsence: () => true,
        onAbsent: () => {},
        tagsOf: (id) => [meetingTag(id)],
      });
      return { found, isExhaustive: false };
    },
    /** How many requests `active` takes; infinite if the lists cannot be used. */
    activeRequests: (operation: Operation, isLiveOnly: boolean): number =>
      activeLists(isLiveOnly).reduce((sum, list) => sum + lengths.estimate(operation, list), 0),
    /**
     * All active livestreams, or those that are `LIVE`, read after `since`, at whatever cost in requests. Null if the lists do not prove
     * that they are complete. Unlike the other reads, it rejects if a list fails.
     */
    async active(operation: Operation, since?: HybridTimestamp, isLiveOnly = false): Promise<ActiveRows | null> {
      // A livestream that went live between the two lists is in both: the later row counts.
      const active = new Map<string, Livestream>();
      const onRows = (rows: readonly Livestream[]): void => rows.forEach((row) => active.set(row.id, row));
      const readAt: HybridTimestamp[] = [];
      for (const list of activeLists(isLiveOnly)) {
        const options = { since: readAt.at(-1) ?? since, onRows, isCheaper: () => true };
        const listReadAt = await readFullList(operation, list, options);
        if (listReadAt === null) return null;
        readAt.push(listReadAt);
      }
      const rows = [...active.values()];
      const [first] = readAt;
      return first === undefined ? null : { rows, readAt: first, isExhaustive: !isLiveOnly && provesInactivity(rows) };
    },
  };
}

interface List<Row> extends MeasuredList {
  /** Whether reading the head takes no request. */
  isHeadFresh: (operation: Operation) => boolean;
  /** Reads the first page, after `since`. */
  head: (operation: Operation, since: HybridTimestamp | undefined) => Promise<ListHead<Row>>;
  page: (operation: Operation, range: OffsetRange, since: HybridTimestamp) => Promise<Page<Row>>;
}

interface BulkPlan<Row> {
  keys: readonly string[];
  /** Read in this order. */
  lists: readonly List<Row>[];
  /** The key that a row belongs to; null if none. */
  keyOf: (row: Row) => string | null;
  /** Whether the lists contain every object. */
  isComplete: boolean;
  /** Whether these rows, all rows of the lists, prove that a key without a row does not exist. */
  provesAbsence: (rows: readonly Row[]) => boolean;
  /** What the result for a key depends on, besides the lists. `row` is undefined if none was found. */
  tagsOf: (key: string, row: Row | undefined) => string[];
  /** Called with each key that did not exist at `readAt`. */
  onAbsent: (key: string, readAt: HybridTimestamp) => void;
}

interface ReadListOptions<Row> {
  /** Use only pages read after this time. */
  since: HybridTimestamp | undefined;
  onRows: (rows: readonly Row[]) => void;
  /** Whether sending this many more requests is still cheaper than reads of single entities. */
  isCheaper: (requests: number) => boolean;
}
