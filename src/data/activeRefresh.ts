import { LRUCache } from 'lru-cache';

import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { ACTIVE_STATUSES, isActive } from '../domain/livestreamState.ts';
import type { Livestream, LivestreamQuery, LivestreamStatus, Page } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { raceAbort } from '../lib/timeout.ts';
import type { ActiveRows, BulkReads } from './bulkReads.ts';
import type { Lookup } from './cache/inFlightReads.ts';
import type { EntityReads, ReadsTogether } from './entityReads.ts';
import { LIST_LENGTH_TTL_MS } from './listLengths.ts';
import { type LivestreamsKey, livestreamsInStatus } from './listReads.ts';
import type { Operation } from './operation.ts';

interface ActiveRefreshOptions {
  reads: Pick<EntityReads, 'livestream' | 'activeLivestream' | 'livestreams' | 'livestreamsHead' | 'now'>;
  lists: Pick<BulkReads, 'active' | 'activeRequests'>;
  clock: Clock;
}

interface AccountState {
  /** The look-ups, by their ids, that wanted a newer value in this period. */
  wanted: Set<string>;
  /** Whether one of them needs the list of `INVOKED` livestreams, too. */
  needsInvoked: boolean;
  /** In milliseconds since the Unix epoch. A period ends with a refresh, or when its values are no longer fresh. */
  periodEndsAt: number;
  refresh: Refresh | null;
  /** When to look meetings up in the lists again, which did not prove that a meeting has no active livestream. */
  meetingsFrom: number;
}

/** Reads of the lists in flight. Everything that they return is newer than `startedAt`. */
interface Refresh {
  startedAt: HybridTimestamp;
  hasInvoked: boolean;
  /** Null if the lists failed or do not prove that they are complete. */
  rows: Promise<ActiveRows | null>;
}

/** One look-up alone is not worth a whole list. */
const MIN_LOOK_UPS = 2;
/** How many accounts are remembered. The others start a new period. */
const MAX_ACCOUNTS = 1000;

/**
 * Refreshes cached values for all operations from the lists of active livestreams, while the request budget is short: one refresh of
 * the lists serves everybody who asks for one of their livestreams.
 */
export function createActiveRefresh({ reads, lists, clock }: ActiveRefreshOptions): ReadsTogether {
  const states = new LRUCache<string, AccountState>({ max: MAX_ACCOUNTS });

  function stateOf(accountId: string, stretchMs: number): AccountState {
    const state = states.get(accountId) ?? {
      wanted: new Set(),
      needsInvoked: false,
      periodEndsAt: 0,
      refresh: null,
      meetingsFrom: 0,
    };
    states.set(accountId, state);
    if (clock.now() >= state.periodEndsAt) {
      state.wanted.clear();
      state.needsInvoked = false;
      state.periodEndsAt = clock.now() + stretchMs;
    }
    return state;
  }

  /**
   * Joins the refresh in flight, or starts one if at least as many look-ups as it takes requests have wanted a newer value. Undefined
   * if the look-up must be read alone.
   */
  function join(
    { accountId, id, operation, since }: Lookup<unknown>,
    { stretchMs, needsInvoked }: { stretchMs: number; needsInvoked: boolean },
  ): Refresh['rows'] | undefined {
    const state = stateOf(accountId, stretchMs);
    const isCoveredBy = ({ startedAt, hasInvoked }: Refresh): boolean =>
      startedAt.logical >= since.logical && (hasInvoked || !needsInvoked);
    if (state.refresh === null) {
      state.wanted.add(id);
      state.needsInvoked ||= needsInvoked;
      const requests = lists.activeRequests(operation, !state.needsInvoked);
      if (state.wanted.size < Math.max(MIN_LOOK_UPS, requests)) return undefined;
      state.refresh = start(operation, state.needsInvoked);
      state.periodEndsAt = clock.now();
      void state.refresh.rows.finally(() => {
        state.refresh = null;
      });
    }
    return isCoveredBy(state.refresh) ? raceAbort(state.refresh.rows, operation.signal).catch(() => null) : undefined;
  }

  /** Others wait for the refresh too, so that nobody can cancel it. */
  function start(operation: Operation, hasInvoked: boolean): Refresh {
    const startedAt = reads.now();
    const rows = lists.active({ ...operation, signal: undefined }, startedAt, !hasInvoked);
    return { startedAt, hasInvoked, rows: rows.catch(() => null) };
  }

  /** Caches the page as part of the newest head of its list, if the head covers it and was read within `maxAgeMs`. */
  function slice({ accountId, key }: Lookup<LivestreamsKey>, list: LivestreamQuery, maxAgeMs: number): boolean {
    const { head, readAt } = reads.livestreamsHead.getAnyAge(accountId, list) ?? NO_HEAD;
    if (head === null || clock.now() - readAt.wallTime >= maxAgeMs) return false;
    const { rows, totalCount } = head;
    const { offset, count } = key.range;
    const end = offset + count;
    if (end > rows.length && rows.length < totalCount) return false;
    const page: Page<Livestream> = { rows: rows.slice(offset, end), totalCount, hasNext: end < totalCount };
    reads.livestreams.set(accountId, key, page, readAt);
    return true;
  }

  /** The list of active livestreams that a page belongs to; undefined if it may belong to another one. */
  function activeListOf({ accountId, key }: Lookup<LivestreamsKey>): LivestreamQuery | undefined {
    const { status, excludeMeetings, from, to, order } = key.query;
    if (!isActiveStatus(status) || excludeMeetings === true || from !== null || to !== null || order !== 'DESC')
      return undefined;
    // RealtimeKit does not document its default, but a row in a meeting shows that meetings are not excluded.
    const includesMeetings = (): boolean =>
      reads.livestreams.getAnyAge(accountId, key)?.rows.some((row) => row !== null && row.meetingId !== null) === true;
    return excludeMeetings === false || includesMeetings() ? livestreamsInStatus(status) : undefined;
  }

  return {
    /** A livestream, if it was active when it was last read. One that is no longer in the lists must be read alone. */
    livestream(lookup, stretchMs) {
      const known = reads.livestream.getAnyAge(lookup.accountId, lookup.key);
      if (known === undefined || known === null || !isActive(known)) return undefined;
      // A livestream that is live never becomes `INVOKED` again.
      return join(lookup, { stretchMs, needsInvoked: known.status !== 'LIVE' });
    },
    activeLivestream(lookup, stretchMs) {
      const { accountId, key: meetingId } = lookup;
      const state = stateOf(accountId, stretchMs);
      if (clock.now() < state.meetingsFrom) return undefined;
      const needsInvoked = reads.activeLivestream.getAnyAge(accountId, meetingId)?.status !== 'LIVE';
      const refresh = join(lookup, { stretchMs, needsInvoked });
      return (
        refresh &&
        whenComplete(refresh, ({ rows, readAt, isExhaustive }) => {
          if (needsInvoked && !isExhaustive) state.meetingsFrom = clock.now() + LIST_LENGTH_TTL_MS;
          else if (isExhaustive && !rows.some((row) => row.meetingId === meetingId))
            reads.activeLivestream.set(accountId, meetingId, null, readAt);
        })
      );
    },
    livestreams(lookup, stretchMs) {
      const list = activeListOf(lookup);
      if (list === undefined) return undefined;
      // A page of an older head would soon have to be read again.
      if (slice(lookup, list, stretchMs / 2)) return Promise.resolve();
      return join(lookup, { stretchMs, needsInvoked: list.status !== 'LIVE' })?.then(() =>
        slice(lookup, list, Infinity),
      );
    },
  };
}

async function whenComplete(rows: Refresh['rows'], use: (rows: ActiveRows) => void): Promise<void> {
  const found = await rows;
  if (found !== null) use(found);
}

const NO_HEAD = { head: null, readAt: { logical: 0, wallTime: 0 } };

function isActiveStatus(status: LivestreamStatus | null): status is LivestreamStatus {
  return status !== null && ACTIVE_STATUSES.includes(status);
}
