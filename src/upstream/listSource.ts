import { LRUCache } from 'lru-cache';

import type { Clock } from '../clock.ts';
import type { Livestream, LivestreamStatus, Range } from '../models.ts';
import type { Operation } from './operation.ts';
import { LARGEST_PAGE } from './paging.ts';
import type { Reads } from './reads.ts';

/** How long a list's length is remembered, in milliseconds: long enough to plan with, short enough to be tried again. */
const LENGTH_LASTS = 300_000;
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

/** Answers many keys from a few pages of the list of livestreams, where that costs fewer requests than asking for each key. */
export interface ListSource {
  /** By meeting: its livestream that is `LIVE` or `INVOKED`. */
  activeByMeeting(operation: Operation, meetingIds: readonly string[]): Promise<Harvest>;
  byId(operation: Operation, ids: readonly string[]): Promise<Harvest>;
}

/** A livestream goes from `INVOKED` to `LIVE` and never back: read in this order, none slips through between the two lists. */
const ACTIVE = ['INVOKED', 'LIVE'] as const;

export function createListSource(reads: Pick<Reads, 'livestreams' | 'livestreamsHead'>, clock: Clock): ListSource {
  /** Rows of the whole list, by account and status; infinite where the list was no use. */
  const lengths = new LRUCache<string, { rows: number; at: number }>({ max: MOST_LENGTHS });

  /** The requests that a list is believed to cost. */
  function cost(operation: Operation, status: Status): number {
    const known = lengths.get(lengthKey(operation, status));
    if (known !== undefined && clock.now() - known.at < LENGTH_LASTS) return pagesOf(known.rows);
    return status === null ? UNKNOWN_WHOLE : 1;
  }

  async function harvest(operation: Operation, plan: Plan): Promise<Harvest> {
    const missing = new Set(plan.keys);
    const found = new Map<string, Livestream>();
    let toldKeys = false;
    let rowsSeen = 0;
    for (const [index, status] of plan.statuses.entries()) {
      const later = plan.statuses.slice(index + 1).reduce((sum, next) => sum + cost(operation, next), 0);
      const isWorth = (pages: number): boolean => pages + later < missing.size;
      if (!isWorth(cost(operation, status))) return { found, isComplete: missing.size === 0 };
      const rows = await readWhole(operation, status, (livestreams) => {
        rowsSeen += livestreams.length;
        for (const livestream of livestreams) {
          const key = plan.keyOf(livestream);
          toldKeys ||= key !== null;
          if (key !== null && missing.delete(key)) found.set(key, livestream);
        }
        return isWorth;
      });
      if (!rows) return { found, isComplete: false };
    }
    // Rows that all lack the key are rows of which it was not told.
    return { found, isComplete: toldKeys || rowsSeen === 0 };
  }

  /** Hands over the list's rows; false when it broke off, because it is no use or costs more than it saves. */
  async function readWhole(
    operation: Operation,
    status: Status,
    take: (rows: readonly Livestream[]) => (pages: number) => boolean,
  ): Promise<boolean> {
    const query = { status, excludeMeetings: null, from: null, to: null, order: 'DESC' } as const;
    const head = await reads.livestreamsHead.read(operation, query);
    const size = head === null ? 0 : head.rows.length;
    lengths.set(lengthKey(operation, status), { rows: head?.totalCount ?? Infinity, at: clock.now() });
    if (head === null) return false;
    const isWorth = take(head.rows);
    const ranges = rangesOf(size, head.totalCount);
    if (ranges.length === 0) return size === head.totalCount;
    if (!isWorth(ranges.length)) return false;
    const pages = await Promise.all(ranges.map(async (range) => reads.livestreams.read(operation, { query, range })));
    const rest = pages.flatMap((page) => page.rows).filter((row) => row !== null);
    take(rest);
    // A list that changed while it was read, or holds more than it gives, says nothing about what was not in it.
    const ids = new Set([...head.rows, ...rest].map(({ id }) => id));
    return ids.size === head.totalCount && pages.every(({ totalCount }) => totalCount === head.totalCount);
  }

  return {
    activeByMeeting: async (operation, keys) =>
      harvest(operation, { keys, statuses: ACTIVE, keyOf: ({ meetingId }) => meetingId }),
    byId: async (operation, keys) => harvest(operation, { keys, statuses: [null], keyOf: ({ id }) => id }),
  };
}

type Status = LivestreamStatus | null;

interface Plan {
  keys: readonly string[];
  /** The lists to read, in this order. */
  statuses: readonly Status[];
  /** Which key a row answers; null: none. */
  keyOf: (livestream: Livestream) => string | null;
}

function lengthKey({ account }: Operation, status: Status): string {
  return `${account.id} ${status}`;
}

function pagesOf(rows: number): number {
  return Math.max(1, Math.ceil(rows / LARGEST_PAGE));
}

/** What follows the first `size` rows, in largest pages. */
function rangesOf(size: number, totalCount: number): Range[] {
  const pages = Math.max(0, Math.ceil((totalCount - size) / LARGEST_PAGE));
  return size === 0
    ? []
    : Array.from({ length: pages }, (_, index) => ({ offset: size + index * LARGEST_PAGE, count: LARGEST_PAGE }));
}
