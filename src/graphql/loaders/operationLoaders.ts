import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';

import type { BudgetSnapshot } from '../../budget/localBudget.ts';
import type { Account } from '../../data/account.ts';
import type { BulkResult } from '../../data/bulkReads.ts';
import type { CachedQuery } from '../../data/cache/cachedQuery.ts';
import type { CachedResponse } from '../../data/cache/responseCache.ts';
import type { DataSource } from '../../data/dataSource.ts';
import type { Operation, RequestOrigin } from '../../data/operation.ts';
import type { UpstreamReport } from '../../data/operationReport.ts';
import { isActive } from '../../domain/livestreamState.ts';
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
import type { StartInput, StartOutcome, StopOutcome } from '../../domain/startStop.ts';
import { lazy } from '../../lib/lazy.ts';
import { withBatchSpan } from '../../telemetry/tracer.ts';
import { createLoader, type Loader } from './loader.ts';

/** All reads and mutations of one GraphQL operation. An entity from any response is not read again by the same operation. */
export interface OperationLoaders {
  meeting: Loader<Meeting | null>;
  livestream: Loader<Livestream | null>;
  /** The active livestream of a meeting, by meeting id. */
  activeLivestream: Loader<LivestreamRef | null>;
  /** The active session of a livestream, by livestream id. */
  activeSession: Loader<LivestreamSession | null>;
  session: Loader<LivestreamSession | null>;
  meetings(search: string | null, range: OffsetRange): MaybePromise<Page<Meeting>>;
  livestreams(query: LivestreamQuery, range: OffsetRange): MaybePromise<Page<Livestream>>;
  meetingLivestreams(meetingId: string, range: OffsetRange): MaybePromise<Page<Livestream>>;
  sessions(livestreamId: string, range: OffsetRange): MaybePromise<Page<LivestreamSession>>;
  analytics(range: TimeRange): AnalyticsSource;
  /** Reads the active livestream of a meeting from upstream, past the cache and with the priority of a mutation. */
  refetchActiveLivestream(meetingId: string): Promise<LivestreamRef | null>;
  /** Starts a livestream. Later reads of the operation return the state after the start. */
  startLivestream(input: StartInput): Promise<StartOutcome>;
  /** Stops the active livestream of a meeting. Later reads of the operation return the state after the stop. */
  stopLivestream(meetingId: string): Promise<StopOutcome>;
  /** Returns the request budget that the operation uses. Sends no upstream request. */
  readBudget(): Promise<BudgetSnapshot>;
  /** Whether the response of the operation may be served again: all parts of it are fresh for a while. */
  isCacheable(): boolean;
  /** Caches the response of the operation until its oldest part expires. */
  cacheResponse(key: string, response: CachedResponse): void;
  /** Returns the upstream requests that the operation has caused so far. */
  report(): UpstreamReport;
}

/** Creates the loaders of one operation. Aborting `signal` cancels the reads that nobody else waits for. */
export function createOperationLoaders(
  dataSource: DataSource,
  account: Account,
  signal: AbortSignal,
  origin: RequestOrigin = {},
): OperationLoaders {
  const { reads, bulkReads, mutations, responseCache } = dataSource;
  const operation = dataSource.operation(account, signal, primeLivestream, origin);

  /** Runs the reads of a batch under one span, if the operation is traced. */
  function traceBatch<Value>(
    name: string,
    keys: readonly string[],
    readAll: (operation: Operation) => Promise<Value>[],
  ): Promise<Value>[] {
    const { span: parent } = operation;
    if (parent === undefined) return readAll(operation);
    const attributes = { 'graphql.batch.keys': keys.length };
    return withBatchSpan(parent, `batch ${name}`, attributes, (span) => readAll({ ...operation, span }));
  }

  /** Reads each key with its own request, because the API has no read of several. */
  function pointLoader<Value extends object | null>(name: string, query: CachedQuery<string, Value>): Loader<Value> {
    return createLoader({
      getCached: (key) => query.getFresh(operation, key),
      loadBatch: (keys) =>
        traceBatch(name, keys, (tracedOperation) => keys.map(async (key) => query.get(tracedOperation, key))),
    });
  }

  /** Reads the keys from a list if that takes fewer requests. Keys that the list cannot settle get their own requests. */
  function bulkLoader<Row extends Value, Value extends object>(
    name: string,
    query: CachedQuery<string, Value | null>,
    readInBulk: (operation: Operation, keys: readonly string[]) => Promise<BulkResult<Row>> | undefined,
  ): Loader<Value | null> {
    const readAll = (tracedOperation: Operation, keys: readonly string[]): Promise<Value | null>[] => {
      const bulkRead = readInBulk(tracedOperation, keys)?.catch(() => null);
      return keys.map(async (key) => {
        const { found, isExhaustive } = (await bulkRead) ?? NO_BULK_RESULT;
        return found.get(key) ?? (isExhaustive ? null : query.get(tracedOperation, key));
      });
    };
    return createLoader({
      getCached: (key) => query.getFresh(operation, key),
      loadBatch: (keys) => traceBatch(name, keys, (tracedOperation) => readAll(tracedOperation, keys)),
    });
  }

  const session = pointLoader('session', reads.session);
  const activeSession = pointLoader('activeSession', reads.activeSession);
  const meeting = bulkLoader('meeting', reads.meeting, (...args) => bulkReads?.meetingsById(...args));
  const livestream = bulkLoader('livestream', reads.livestream, (...args) => bulkReads?.livestreamsById(...args));
  const activeLivestream = bulkLoader('activeLivestream', reads.activeLivestream, (...args) =>
    bulkReads?.activeByMeeting(...args),
  );

  /** Makes a livestream from any response available to every loader that could read it. */
  function primeLivestream(received: Livestream): void {
    livestream.prime(received.id, received);
    if (isActive(received) && received.meetingId !== null) activeLivestream.prime(received.meetingId, received);
  }

  function read<Key, Value>(query: CachedQuery<Key, Value>, key: Key): MaybePromise<Value> {
    return query.getFresh(operation, key) ?? query.get(operation, key);
  }

  /** Reads a page of a list and primes the loader of its rows. */
  function readPage<Key, Row>(
    query: CachedQuery<Key, Page<Row>>,
    key: Key,
    prime: (row: Row) => void,
  ): MaybePromise<Page<Row>> {
    return handleMaybePromise(
      () => read(query, key),
      (page) => {
        for (const row of page.rows) if (row !== null) prime(row);
        return page;
      },
    );
  }

  /** Discards everything that was read before a mutation. */
  function clearAll(): void {
    for (const loader of [meeting, livestream, activeLivestream, activeSession, session]) loader.clearAll();
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    meetings: (search, range) => readPage(reads.meetings, { search, range }, (row) => meeting.prime(row.id, row)),
    livestreams: (query, range) => readPage(reads.livestreams, { query, range }, primeLivestream),
    meetingLivestreams: (meetingId, range) => readPage(reads.meetingLivestreams, { meetingId, range }, primeLivestream),
    sessions: (livestreamId, range) => reads.sessions.get(operation, { livestreamId, range }),
    analytics: (range) => ({
      overall: lazy(() => reads.analytics.get(operation, range)),
      days: lazy(() => reads.dailyAnalytics.get(operation, range)),
    }),
    refetchActiveLivestream: async (meetingId) =>
      reads.activeLivestream.get({ ...operation, priority: 'mutation' }, meetingId, reads.now()),
    async startLivestream(input) {
      signal.throwIfAborted();
      operation.report.capFreshUntil(0);
      const outcome = await mutations.start(operation, input).finally(clearAll);
      if ('livestream' in outcome) activeLivestream.prime(input.meetingId, outcome.livestream);
      return outcome;
    },
    async stopLivestream(meetingId) {
      signal.throwIfAborted();
      operation.report.capFreshUntil(0);
      const outcome = await mutations.stop(operation, meetingId).finally(clearAll);
      if ('stopped' in outcome) activeLivestream.prime(meetingId, null);
      return outcome;
    },
    async readBudget() {
      operation.report.capFreshUntil(0);
      await account.budget.refresh();
      return account.budget.snapshot();
    },
    isCacheable: () => responseCache.isCacheable(operation),
    cacheResponse: (key, response) => responseCache.set(operation, key, response),
    report: () => operation.report.toUpstreamReport(account.budget.snapshot()),
  };
}

const NO_BULK_RESULT: BulkResult<never> = { found: new Map<string, never>(), isExhaustive: false };
