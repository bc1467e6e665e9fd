import { LRUCache } from 'lru-cache';

import type { Clock } from '../clock.ts';
import type { Livestream, LivestreamQuery, LivestreamStatus, Range } from '../models.ts';
import type { Moment } from './changes.ts';
import { hasEnded, type Head } from './endpoints.ts';
import type { Operation } from './operation.ts';
import { LARGEST_PAGE } from './paging.ts';
import type { Reads } from './reads.ts';

/** How long a list's length is remembered, in milliseconds: long enough to plan with, short enough to be tried again. */
const LENGTH_LASTS = 300_000;
/** How long a list that failed is not asked for, in milliseconds. */
const FAILURE_LASTS = 30_000;
/** Pages that the list of all livestreams is believed to have until it is known: past ones stand in it too. */
const UNKNOWN_WHOLE = 4;
/** How many lists' lengths are remembered. */
const MOST_LENGTHS = 10_000;

/** What many single reads would give, as far as the lists give it for fewer requests. */
export interface Harvest {
  found: Map<string, Livestream>;
  /** Whether whatever was not found does not exist. */
  isComplete: boolean;
}

/**
 * Answers keys from the pages of the list of livestreams, where that costs fewer requests than asking for each key. What it cannot
 * answer, because a list fails, is of an odd form or is too long, is left to single reads.
 */
export interface ListSource {
  /** By meeting: its livestream that is `LIVE` or `INVOKED`. */
  activeByMeeting(operation: Operation, meetingIds: readonly string[]): Promise<Harvest>;
  byId(operation: Operation, ids: readonly string[]): Promise<Harvest>;
}

/**
 * A livestream goes from `INVOKED` to `LIVE` and never back: where each list is read after the one before it, none slips through
 * between the two.
 */
const ACTIVE = ['INVOKED', 'LIVE'] as const;

/** Whose reads it is made of, and where it puts what it finds not to exist. */
type Kinds = Pick<Reads, 'livestreams' | 'livestreamsHead' | 'livestream' | 'activeLivestream'>;

export function createListSource(reads: Kinds, clock: Clock): ListSource {
  /** Pages of the whole list, by account and status; infinite where the list is of no use. */
  const lengths = new LRUCache<string, { pages: number; until: number }>({ max: MOST_LENGTHS });

  function remember(operation: Operation, status: Status, pages: number, milliseconds = LENGTH_LASTS): void {
    lengths.set(lengthKey(operation, status), { pages, until: clock.now() + milliseconds });
  }

  /** The requests that a list is believed to cost. */
  function cost(operation: Operation, status: Status): number {
    const known = lengths.get(lengthKey(operation, status));
    const isKnown = known !== undefined && clock.now() < known.until;
    const pages = isKnown ? known.pages : status === null ? UNKNOWN_WHOLE : 1;
    return reads.livestreamsHead.isFresh(operation, queryOf(status)) ? pages - 1 : pages;
  }

  async function harvest(operation: Operation, plan: Plan): Promise<Harvest> {
    const missing = new Set(plan.keys);
    const found = new Map<string, Livestream>();
    const rows: Livestream[] = [];
    const take = (livestreams: readonly Livestream[]): void => {
      rows.push(...livestreams);
      for (const livestream of livestreams) {
        const key = plan.keyOf(livestream);
        if (key !== null && missing.delete(key)) found.set(key, livestream);
      }
    };
    let since: Moment | undefined;
    let begun: Moment | undefined;
    for (const [index, status] of plan.statuses.entries()) {
      const later = plan.statuses.slice(index + 1).reduce((sum, next) => sum + cost(operation, next), 0);
      const isWorth = (requests: number): boolean => requests + later < missing.size;
      if (!isWorth(cost(operation, status))) return { found, isComplete: false };
      const moment = await readWhole(operation, status, { since, take, isWorth }).catch(() => null);
      if (moment === null) return { found, isComplete: false };
      since = moment;
      begun ??= moment;
    }
    const isComplete = plan.isTold(rows);
    if (!isComplete) for (const status of plan.statuses) remember(operation, status, Infinity);
    if (isComplete && begun !== undefined) for (const key of missing) plan.absent(key, begun);
    return { found, isComplete };
  }

  /** Hands over the list's rows; null when they are not all of them, because that is not told or costs more than it saves. */
  async function readWhole(operation: Operation, status: Status, wish: Wish): Promise<Moment | null> {
    const query = queryOf(status);
    const { head, moment } = await reads.livestreamsHead.read(operation, query, wish.since).catch((error: unknown) => {
      remember(operation, status, Infinity, FAILURE_LASTS);
      throw error;
    });
    const furtherPages = head === null ? Infinity : pagesAfter(head);
    remember(operation, status, 1 + furtherPages);
    if (head === null) return null;
    wish.take(head.rows);
    if (furtherPages > 0 && !wish.isWorth(furtherPages)) return null;
    const pages = await Promise.all(
      rangesAfter(head).map(async (range) => reads.livestreams.read(operation, { query, range }, moment)),
    );
    const rest = pages.flatMap((page) => page.rows).filter((row) => row !== null);
    wish.take(rest);
    // A list that changed while it was read, or holds more than it gives, says nothing about what was not in it.
    const ids = new Set([...head.rows, ...rest].map(({ id }) => id));
    const isSteady = pages.every(({ totalCount }) => totalCount === head.totalCount);
    return isSteady && ids.size === head.totalCount ? moment : null;
  }

  return {
    activeByMeeting: async (operation, keys) =>
      harvest(operation, {
        keys,
        statuses: ACTIVE,
        keyOf: (livestream) => (hasEnded(livestream) ? null : livestream.meetingId),
        // Rows that all lack a meeting are rows of which it was not told, and ended ones were not asked for.
        isTold: (rows) =>
          rows.length === 0 || (rows.some(({ meetingId }) => meetingId !== null) && !rows.some((row) => hasEnded(row))),
        absent: (key, moment) => reads.activeLivestream.put(operation.account.id, key, null, moment),
      }),
    byId: async (operation, keys) =>
      harvest(operation, {
        keys,
        statuses: [null],
        keyOf: ({ id }) => id,
        isTold: () => true,
        absent: (key, moment) => reads.livestream.put(operation.account.id, key, null, moment),
      }),
  };
}

type Status = LivestreamStatus | null;

interface Plan {
  keys: readonly string[];
  /** The lists to read, in this order. */
  statuses: readonly Status[];
  /** Which key a row answers; null: none. */
  keyOf: (livestream: Livestream) => string | null;
  /** Whether these rows tell what they answer. */
  isTold: (rows: readonly Livestream[]) => boolean;
  /** Keeps in mind that there was nothing for the key at this moment. */
  absent: (key: string, moment: Moment) => void;
}

/** How a list is to be read. */
interface Wish {
  /** Not from before this moment. */
  since: Moment | undefined;
  take: (rows: readonly Livestream[]) => void;
  isWorth: (requests: number) => boolean;
}

function lengthKey({ account }: Operation, status: Status): string {
  return `${account.id} ${status}`;
}

/** `exclude_meetings` is said aloud, since its default is documented nowhere. */
function queryOf(status: Status): LivestreamQuery {
  return { status, excludeMeetings: false, from: null, to: null, order: 'DESC' };
}

/** How many pages follow the first; it shows how many rows a page holds. */
function pagesAfter({ rows, totalCount }: Head): number {
  return rows.length === 0 ? 0 : Math.max(0, Math.ceil(totalCount / rows.length) - 1);
}

/** What follows the first page, in largest pieces. */
function rangesAfter({ rows: { length }, totalCount }: Head): Range[] {
  const pieces = length === 0 ? 0 : Math.max(0, Math.ceil((totalCount - length) / LARGEST_PAGE));
  return Array.from({ length: pieces }, (_, index) => {
    const offset = length + index * LARGEST_PAGE;
    return { offset, count: Math.min(LARGEST_PAGE, totalCount - offset) };
  });
}
