import { hasEnded } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import type { Livestream, LivestreamQuery, LivestreamStatus, Meeting, OffsetRange, Page } from '../domain/models.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { type Head } from '../realtimekit/endpoints.ts';
import type { Operation } from './operation.ts';
import { MAX_PAGE_ROWS } from '../realtimekit/pagination.ts';
import type { ListHead } from './listReads.ts';
import type { EntityReads } from './entityReads.ts';

/** How long a list's length is remembered, in milliseconds: long enough to plan with, short enough to be tried again. */
const LIST_LENGTH_TTL_MS = 300_000;
/** How long a list that failed is not asked for, in milliseconds. */
const FAILURE_TTL_MS = 30_000;
/** Pages that a list of all there is is believed to have until it is known: past livestreams stand in it too. */
const ASSUMED_LIST_PAGES = 4;
/** How many lists' lengths are remembered. */
const MAX_LIST_LENGTHS = 10_000;

/** What many single reads would give, as far as the lists give it for fewer requests. */
export interface BulkResult<Row> {
  found: Map<string, Row>;
  /** Whether whatever was not found does not exist. */
  isExhaustive: boolean;
}

/**
 * Answers keys from the pages of lists, where that costs fewer requests than asking for each key. What it cannot answer, because a
 * list fails, is of an odd form or is too long, is left to single reads.
 */
export interface BulkReads {
  /** By meeting: its livestream that is `LIVE` or `INVOKED`. */
  activeByMeeting(operation: Operation, meetingIds: readonly string[]): Promise<BulkResult<Livestream>>;
  livestreamsById(operation: Operation, ids: readonly string[]): Promise<BulkResult<Livestream>>;
  meetingsById(operation: Operation, ids: readonly string[]): Promise<BulkResult<Meeting>>;
  /** All livestreams that are `LIVE` or `INVOKED`, not from before `since`, whatever that costs; null: the lists do not tell. */
  active(operation: Operation, since?: HybridTimestamp): Promise<Livestream[] | null>;
}

/**
 * A livestream goes from `INVOKED` to `LIVE` and never back: where each list is read after the one before it, none slips through
 * between the two.
 */
const ACTIVE = ['INVOKED', 'LIVE'] as const;

/** Whose reads it is made of, and where it puts what it finds not to exist. */
type BulkSources = Pick<
  EntityReads,
  'livestreams' | 'livestreamsHead' | 'livestream' | 'activeLivestream' | 'meetings' | 'meetingsHead'
>;

export function createBulkReads(reads: BulkSources, clock: Clock): BulkReads {
  /** Pages of the whole list, by account and list; infinite where the list is of no use. */
  const lengths = new LRUCache<string, { pages: number; until: number }>({ max: MAX_LIST_LENGTHS });

  function remember(
    { account }: Operation,
    list: List<unknown>,
    pages: number,
    milliseconds = LIST_LENGTH_TTL_MS,
  ): void {
    lengths.set(`${account.id} ${list.name}`, { pages, until: clock.now() + milliseconds });
  }

  /** The requests that a list is believed to cost. */
  function estimateRequests(operation: Operation, list: List<unknown>): number {
    const known = lengths.get(`${operation.account.id} ${list.name}`);
    const isKnown = known !== undefined && clock.now() < known.until;
    const pages = isKnown ? known.pages : list.unknownPages;
    return list.isFresh(operation) ? pages - 1 : pages;
  }

  async function readInBulk<Row extends { id: string }>(
    operation: Operation,
    plan: Plan<Row>,
  ): Promise<BulkResult<Row>> {
    const missing = new Set(plan.keys);
    const found = new Map<string, Row>();
    const rows: Row[] = [];
    const take = (taken: readonly Row[]): void => {
      rows.push(...taken);
      for (const row of taken) {
        const key = plan.keyOf(row);
        if (key !== null && missing.delete(key)) found.set(key, row);
      }
    };
    let since: HybridTimestamp | undefined;
    let begun: HybridTimestamp | undefined;
    for (const [index, list] of plan.lists.entries()) {
      const later = plan.lists.slice(index + 1).reduce((sum, next) => sum + estimateRequests(operation, next), 0);
      const isCheaper = (requests: number): boolean => requests + later < missing.size;
      if (!isCheaper(estimateRequests(operation, list))) return { found, isExhaustive: false };
      const moment = await readFullList(operation, list, { since, take, isCheaper }).catch(() => null);
      if (moment === null) return { found, isExhaustive: false };
      since = moment;
      begun ??= moment;
    }
    const isExhaustive = plan.provesAbsence(rows);
    if (!isExhaustive) for (const list of plan.lists) remember(operation, list, Infinity);
    if (isExhaustive && begun !== undefined) for (const key of missing) plan.absent(key, begun);
    return { found, isExhaustive };
  }

  /** Hands over the list's rows; null when they are not all of them, because that is not told or costs more than it saves. */
  async function readFullList<Row extends { id: string }>(
    operation: Operation,
    list: List<Row>,
    wish: ReadOptions<Row>,
  ): Promise<HybridTimestamp | null> {
    const { head, moment } = await list.head(operation, wish.since).catch((error: unknown) => {
      remember(operation, list, Infinity, FAILURE_TTL_MS);
      throw error;
    });
    const furtherPages = head === null ? Infinity : pagesAfter(head);
    remember(operation, list, 1 + furtherPages);
    if (head === null) return null;
    wish.take(head.rows);
    if (furtherPages > 0 && !wish.isCheaper(furtherPages)) return null;
    const pages = await Promise.all(rangesAfter(head).map(async (range) => list.page(operation, range, moment)));
    const rest = pages.flatMap((page) => page.rows).filter((row) => row !== null);
    wish.take(rest);
    // A list that changed while it was read, or holds more than it gives, says nothing about what was not in it.
    const ids = new Set([...head.rows, ...rest].map(({ id }) => id));
    const isSteady = pages.every(({ totalCount }) => totalCount === head.totalCount);
    return isSteady && ids.size === head.totalCount ? moment : null;
  }

  /** All livestreams, or those of a status. */
  function livestreams(status: LivestreamStatus | null): List<Livestream> {
    const query = queryOf(status);
    return {
      name: `livestreams ${status}`,
      unknownPages: status === null ? ASSUMED_LIST_PAGES : 1,
      isFresh: (operation) => reads.livestreamsHead.isFresh(operation, query),
      head: async (operation, since) => reads.livestreamsHead.get(operation, query, since),
      page: async (operation, range, since) => reads.livestreams.get(operation, { query, range }, since),
    };
  }

  const meetings: List<Meeting> = {
    name: 'meetings',
    unknownPages: ASSUMED_LIST_PAGES,
    isFresh: (operation) => reads.meetingsHead.isFresh(operation, null),
    head: async (operation, since) => reads.meetingsHead.get(operation, null, since),
    page: async (operation, range, since) => reads.meetings.get(operation, { search: null, range }, since),
  };

  return {
    activeByMeeting: async (operation, keys) =>
      readInBulk(operation, {
        keys,
        lists: ACTIVE.map(livestreams),
        keyOf: (livestream) => (hasEnded(livestream) ? null : livestream.meetingId),
        // Rows that all lack a meeting are rows of which it was not told, and ended ones were not asked for.
        provesAbsence: (rows) =>
          rows.length === 0 || (rows.some(({ meetingId }) => meetingId !== null) && !rows.some((row) => hasEnded(row))),
        absent: (key, moment) => reads.activeLivestream.set(operation.account.id, key, null, moment),
      }),
    livestreamsById: async (operation, keys) =>
      readInBulk(operation, {
        keys,
        lists: [livestreams(null)],
        keyOf: ({ id }) => id,
        provesAbsence: () => true,
        absent: (key, moment) => reads.livestream.set(operation.account.id, key, null, moment),
      }),
    async active(operation, since) {
      const active = new Map<string, Livestream>();
      const take = (rows: readonly Livestream[]): void => {
        for (const row of rows) if (!hasEnded(row)) active.set(row.id, row);
      };
      let after = since;
      for (const list of ACTIVE.map(livestreams)) {
        const moment = await readFullList(operation, list, { since: after, take, isCheaper: () => true });
        if (moment === null) return null;
        after = moment;
      }
      return [...active.values()];
    },
    async meetingsById(operation, keys) {
      const { found } = await readInBulk(operation, {
        keys,
        lists: [meetings],
        keyOf: ({ id }) => id,
        provesAbsence: () => true,
        absent: () => {},
      });
      // Nothing tells that the list leaves none out: it can be asked for by status, and its default is documented nowhere.
      return { found, isExhaustive: false };
    },
  };
}

/** A list, and how it is read. */
interface List<Row> {
  name: string;
  /** Pages that it is believed to have until it is known. */
  unknownPages: number;
  /** Whether its head costs no request. */
  isFresh: (operation: Operation) => boolean;
  /** Its beginning, not from before `since`. */
  head: (operation: Operation, since: HybridTimestamp | undefined) => Promise<ListHead<Row>>;
  page: (operation: Operation, range: OffsetRange, since: HybridTimestamp) => Promise<Page<Row>>;
}

interface Plan<Row> {
  keys: readonly string[];
  /** To be read in this order. */
  lists: readonly List<Row>[];
  /** Which key a row answers; null: none. */
  keyOf: (row: Row) => string | null;
  /** Whether these rows tell what they answer. */
  provesAbsence: (rows: readonly Row[]) => boolean;
  /** Keeps in mind that there was nothing for the key at this moment. */
  absent: (key: string, moment: HybridTimestamp) => void;
}

/** How a list is to be read. */
interface ReadOptions<Row> {
  /** Not from before this moment. */
  since: HybridTimestamp | undefined;
  take: (rows: readonly Row[]) => void;
  isCheaper: (requests: number) => boolean;
}

/** `exclude_meetings` is said aloud, since its default is documented nowhere. */
function queryOf(status: LivestreamStatus | null): LivestreamQuery {
  return { status, excludeMeetings: false, from: null, to: null, order: 'DESC' };
}

/** How many pages follow the first; it shows how many rows a page holds. */
function pagesAfter({ rows, totalCount }: Head<unknown>): number {
  return rows.length === 0 ? 0 : Math.max(0, Math.ceil(totalCount / rows.length) - 1);
}

/** What follows the first page, in largest pieces. */
function rangesAfter({ rows: { length }, totalCount }: Head<unknown>): OffsetRange[] {
  const pieces = length === 0 ? 0 : Math.max(0, Math.ceil((totalCount - length) / MAX_PAGE_ROWS));
  return Array.from({ length: pieces }, (_, index) => {
    const offset = length + index * MAX_PAGE_ROWS;
    return { offset, count: Math.min(MAX_PAGE_ROWS, totalCount - offset) };
  });
}
