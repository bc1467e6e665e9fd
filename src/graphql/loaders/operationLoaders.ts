import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';

import { isActive } from '../../domain/livestreamState.ts';
import type { StartInput } from '../../domain/startStop.ts';
import { lazy } from '../../lib/lazy.ts';
import { createLoader, type Loader } from './loader.ts';
import type {
  AnalyticsSource,
  Livestream,
  LivestreamQuery,
  LivestreamRef,
  LivestreamSession,
  Meeting,
  OffsetRange,
  Page,
  TimeRange,
} from '../../domain/models.ts';
import { withBatchSpan } from '../../telemetry/tracer.ts';
import type { Account } from '../../data/account.ts';
import type { CachedResponse } from '../../data/cache/responseCache.ts';
import type { BudgetSnapshot } from '../../budget/localBudget.ts';
import type { CachedQuery } from '../../data/cache/cachedQuery.ts';
import type { BulkResult } from '../../data/bulkReads.ts';
import type { StartOutcome, StopOutcome } from '../../domain/startStop.ts';
import type { Operation, RequestOrigin } from '../../data/operation.ts';
import type { UpstreamReport } from '../../data/operationReport.ts';
import type { DataSource } from '../../data/dataSource.ts';

/** What one operation reads and changes. What it has seen once, in whatever answer, it does not ask for again. */
export interface Loaders {
  meeting: Loader<Meeting | null>;
  livestream: Loader<Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: Loader<LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: Loader<LivestreamSession | null>;
  session: Loader<LivestreamSession | null>;
  meetings(search: string | null, range: OffsetRange): MaybePromise<Page<Meeting>>;
  livestreams(query: LivestreamQuery, range: OffsetRange): MaybePromise<Page<Livestream>>;
  meetingLivestreams(meetingId: string, range: OffsetRange): MaybePromise<Page<Livestream>>;
  /** Of a livestream. */
  sessions(livestreamId: string, range: OffsetRange): MaybePromise<Page<LivestreamSession>>;
  analytics(range: TimeRange): AnalyticsSource;
  /** A meeting's active livestream as it is now, whatever was read before: for a mutation that needs it. */
  refetchActiveLivestream(meetingId: string): Promise<LivestreamRef | null>;
  /** Starts a livestream; what the operation reads after it is the new state. */
  start(input: StartInput): Promise<StartOutcome>;
  /** Stops a meeting's livestream; what the operation reads after it is the new state. */
  stop(meetingId: string): Promise<StopOutcome>;
  /** What is left of the request budget that the operation is paid from. */
  budget(): Promise<BudgetSnapshot>;
  /** Whether what the operation gave is true for a while, rather than for this moment. */
  isCacheable(): boolean;
  /** Keeps the whole answer of the operation for those who ask the same, for as long as all that it was made of is fresh. */
  cacheResponse(question: string, answer: CachedResponse): void;
  /** What the operation has cost until now. */
  report(): UpstreamReport;
}

/** Loaders for one operation; when its caller leaves, `signal` ends the reads that it waits for. */
export function createLoaders(
  upstream: DataSource,
  account: Account,
  signal: AbortSignal,
  origin: RequestOrigin = {},
): Loaders {
  const { reads, bulkReads, mutations, responseCache } = upstream;
  const operation = upstream.operation(account, signal, primeLivestream, origin);

  /** What is read for many keys is one piece of the operation. */
  function batch<Value>(
    name: string,
    keys: readonly string[],
    read: (operation: Operation) => Promise<Value>[],
  ): Promise<Value>[] {
    const { span: parent } = operation;
    if (parent === undefined) return read(operation);
    const attributes = { 'graphql.batch.keys': keys.length };
    return withBatchSpan(parent, `batch ${name}`, attributes, (span) => read({ ...operation, span }));
  }

  /** Each key by itself: the API has no read of many. */
  function pointLoader<Value extends object | null>(name: string, kind: CachedQuery<string, Value>): Loader<Value> {
    return createLoader({
      getCached: (key) => kind.getFresh(operation, key),
      loadBatch: (keys) => batch(name, keys, (within) => keys.map(async (key) => kind.get(within, key))),
    });
  }

  /** From a list, where that is cheaper. A list that fails is not the single reads' failure. */
  function bulkLoader<Row extends Value, Value extends object>(
    name: string,
    kind: CachedQuery<string, Value | null>,
    harvest: ((operation: Operation, keys: readonly string[]) => Promise<BulkResult<Row>>) | null,
  ): Loader<Value | null> {
    const read = (within: Operation, keys: readonly string[]): Promise<Value | null>[] => {
      const harvested = harvest?.(within, keys).catch(() => null);
      return keys.map(async (key) => {
        const { found, isExhaustive } = (await harvested) ?? NOTHING;
        return found.get(key) ?? (isExhaustive ? null : kind.get(within, key));
      });
    };
    return createLoader({
      getCached: (key) => kind.getFresh(operation, key),
      loadBatch: (keys) => batch(name, keys, (within) => read(within, keys)),
    });
  }

  const session = pointLoader('session', reads.session);
  const activeSession = pointLoader('activeSession', reads.activeSession);
  const meeting = bulkLoader(
    'meeting',
    reads.meeting,
    bulkReads && (async (...asked) => bulkReads.meetingsById(...asked)),
  );
  const livestream = bulkLoader(
    'livestream',
    reads.livestream,
    bulkReads && (async (...asked) => bulkReads.livestreamsById(...asked)),
  );
  const activeLivestream = bulkLoader(
    'activeLivestream',
    reads.activeLivestream,
    bulkReads && (async (...asked) => bulkReads.activeByMeeting(...asked)),
  );

  /** Answers prime each other: a livestream that came in one serves every loader that could ask for it. */
  function primeLivestream(seen: Livestream): void {
    livestream.prime(seen.id, seen);
    if (isActive(seen) && seen.meetingId !== null) activeLivestream.prime(seen.meetingId, seen);
  }

  function getOrFetch<Key, Value>(kind: CachedQuery<Key, Value>, key: Key): MaybePromise<Value> {
    return kind.getFresh(operation, key) ?? kind.get(operation, key);
  }

  /** A page of a list, whose rows prime the loader of their kind. */
  function page<Key, Row>(
    kind: CachedQuery<Key, Page<Row>>,
    key: Key,
    prime: (row: Row) => void,
  ): MaybePromise<Page<Row>> {
    return handleMaybePromise(
      () => getOrFetch(kind, key),
      (rows) => {
        for (const row of rows.rows) if (row !== null) prime(row);
        return rows;
      },
    );
  }

  /** After a mutation nothing that was read before can be trusted. */
  function clearAll(): void {
    for (const loader of [meeting, livestream, activeLivestream, activeSession, session]) loader.clearAll();
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    meetings: (search, range) => page(reads.meetings, { search, range }, (row) => meeting.prime(row.id, row)),
    livestreams: (query, range) => page(reads.livestreams, { query, range }, primeLivestream),
    meetingLivestreams: (meetingId, range) => page(reads.meetingLivestreams, { meetingId, range }, primeLivestream),
    sessions: (livestreamId, range) => getOrFetch(reads.sessions, { livestreamId, range }),
    analytics: (range) => ({
      overall: lazy(() => getOrFetch(reads.analytics, range)),
      days: lazy(() => getOrFetch(reads.dailyAnalytics, range)),
    }),
    refetchActiveLivestream: async (meetingId) =>
      reads.activeLivestream.get({ ...operation, priority: 'mutation' }, meetingId, reads.now()),
    async start(input) {
      signal.throwIfAborted();
      operation.report.capFreshUntil(0);
      const outcome = await mutations.start(operation, input).finally(clearAll);
      if ('livestream' in outcome) activeLivestream.prime(input.meetingId, outcome.livestream);
      return outcome;
    },
    async stop(meetingId) {
      signal.throwIfAborted();
      operation.report.capFreshUntil(0);
      const outcome = await mutations.stop(operation, meetingId).finally(clearAll);
      if ('stopped' in outcome) activeLivestream.prime(meetingId, null);
      return outcome;
    },
    async budget() {
      operation.report.capFreshUntil(0);
      await account.budget.refresh();
      return account.budget.snapshot();
    },
    isCacheable: () => responseCache.isCacheable(operation),
    cacheResponse: (question, answer) => responseCache.set(operation, question, answer),
    report: () => operation.report.toUpstreamReport(account.budget.snapshot()),
  };
}

const NOTHING: BulkResult<never> = { found: new Map<string, never>(), isExhaustive: false };
