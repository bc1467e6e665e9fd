import type { StartInput } from '../../domain/startStop.ts';
import { type MaybePromise, lazy, mapMaybePromise } from '../../lib/maybePromise.ts';
import { createLoader, type Loader } from './loader.ts';
import type {
  AnalyticsSource,
  Livestream,
  LivestreamQuery,
  LivestreamRef,
  LivestreamSession,
  Meeting,
  Range,
  Rows,
  TimeRange,
} from '../../domain/models.ts';
import { spanned } from '../../telemetry/tracer.ts';
import type { Account } from '../../data/account.ts';
import type { KeptAnswer } from '../../data/cache/responseCache.ts';
import type { BudgetSnapshot } from '../../budget/localBudget.ts';
import type { Kind } from '../../data/cache/cachedQuery.ts';
import type { Harvest } from '../../data/bulkReads.ts';
import type { StartOutcome, StopOutcome } from '../../domain/startStop.ts';
import type { Operation, RequestOrigin } from '../../data/operation.ts';
import type { UpstreamReport } from '../../data/operationReport.ts';
import type { Upstream } from '../../data/dataSource.ts';

/** What one operation reads and changes. What it has seen once, in whatever answer, it does not ask for again. */
export interface Loaders {
  meeting: Loader<Meeting | null>;
  livestream: Loader<Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: Loader<LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: Loader<LivestreamSession | null>;
  session: Loader<LivestreamSession | null>;
  meetings(search: string | null, range: Range): MaybePromise<Rows<Meeting>>;
  livestreams(query: LivestreamQuery, range: Range): MaybePromise<Rows<Livestream>>;
  meetingLivestreams(meetingId: string, range: Range): MaybePromise<Rows<Livestream>>;
  /** Of a livestream. */
  sessions(livestreamId: string, range: Range): MaybePromise<Rows<LivestreamSession>>;
  analytics(range: TimeRange): AnalyticsSource;
  /** A meeting's active livestream as it is now, whatever was read before: for a mutation that needs it. */
  activeLivestreamNow(meetingId: string): Promise<LivestreamRef | null>;
  /** Starts a livestream; what the operation reads after it is the new state. */
  start(input: StartInput): Promise<StartOutcome>;
  /** Stops a meeting's livestream; what the operation reads after it is the new state. */
  stop(meetingId: string): Promise<StopOutcome>;
  /** What is left of the request budget that the operation is paid from. */
  budget(): Promise<BudgetSnapshot>;
  /** Whether what the operation gave is true for a while, rather than for this moment. */
  isLasting(): boolean;
  /** Keeps the whole answer of the operation for those who ask the same, for as long as all that it was made of is fresh. */
  keep(question: string, answer: KeptAnswer): void;
  /** What the operation has cost until now. */
  report(): UpstreamReport;
}

/** Loaders for one operation; when its caller leaves, `signal` ends the reads that it waits for. */
export function createLoaders(
  upstream: Upstream,
  account: Account,
  signal: AbortSignal,
  origin: RequestOrigin = {},
): Loaders {
  const { reads, lists, control, answers } = upstream;
  const operation = upstream.operation(account, signal, see, origin);

  /** What is read for many keys is one piece of the operation. */
  function batch<Value>(
    name: string,
    keys: readonly string[],
    read: (operation: Operation) => Promise<Value>[],
  ): Promise<Value>[] {
    const { span: parent } = operation;
    if (parent === undefined) return read(operation);
    const attributes = { 'graphql.batch.keys': keys.length };
    return spanned(parent, `batch ${name}`, attributes, (span) => read({ ...operation, span }));
  }

  /** Each key by itself: the API has no read of many. */
  function single<Value extends object | null>(name: string, kind: Kind<string, Value>): Loader<Value> {
    return createLoader({
      peek: (key) => kind.peek(operation, key),
      read: (keys) => batch(name, keys, (within) => keys.map(async (key) => kind.read(within, key))),
    });
  }

  /** From a list, where that is cheaper. A list that fails is not the single reads' failure. */
  function listed<Row extends Value, Value extends object>(
    name: string,
    kind: Kind<string, Value | null>,
    harvest: ((operation: Operation, keys: readonly string[]) => Promise<Harvest<Row>>) | null,
  ): Loader<Value | null> {
    const read = (within: Operation, keys: readonly string[]): Promise<Value | null>[] => {
      const harvested = harvest?.(within, keys).catch(() => null);
      return keys.map(async (key) => {
        const { found, isComplete } = (await harvested) ?? NOTHING;
        return found.get(key) ?? (isComplete ? null : kind.read(within, key));
      });
    };
    return createLoader({
      peek: (key) => kind.peek(operation, key),
      read: (keys) => batch(name, keys, (within) => read(within, keys)),
    });
  }

  const session = single('session', reads.session);
  const activeSession = single('activeSession', reads.activeSession);
  const meeting = listed('meeting', reads.meeting, lists && (async (...asked) => lists.meetingsById(...asked)));
  const livestream = listed(
    'livestream',
    reads.livestream,
    lists && (async (...asked) => lists.livestreamsById(...asked)),
  );
  const activeLivestream = listed(
    'activeLivestream',
    reads.activeLivestream,
    lists && (async (...asked) => lists.activeByMeeting(...asked)),
  );

  /** Answers prime each other: a livestream that came in one serves every loader that could ask for it. */
  function see(seen: Livestream): void {
    livestream.prime(seen.id, seen);
    const isActive = seen.status === 'LIVE' || seen.status === 'INVOKED';
    if (isActive && seen.meetingId !== null) activeLivestream.prime(seen.meetingId, seen);
  }

  function valueOf<Key, Value>(kind: Kind<Key, Value>, key: Key): MaybePromise<Value> {
    return kind.peek(operation, key) ?? kind.read(operation, key);
  }

  /** A page of a list, whose rows prime the loader of their kind. */
  function page<Key, Row>(kind: Kind<Key, Rows<Row>>, key: Key, prime: (row: Row) => void): MaybePromise<Rows<Row>> {
    return mapMaybePromise(valueOf(kind, key), (rows) => {
      for (const row of rows.rows) if (row !== null) prime(row);
      return rows;
    });
  }

  /** After a mutation nothing that was read before can be trusted. */
  function forget(): void {
    for (const loader of [meeting, livestream, activeLivestream, activeSession, session]) loader.forget();
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    meetings: (search, range) => page(reads.meetings, { search, range }, (row) => meeting.prime(row.id, row)),
    livestreams: (query, range) => page(reads.livestreams, { query, range }, see),
    meetingLivestreams: (meetingId, range) => page(reads.meetingLivestreams, { meetingId, range }, see),
    sessions: (livestreamId, range) => valueOf(reads.sessions, { livestreamId, range }),
    analytics: (range) => ({
      overall: lazy(() => valueOf(reads.analytics, range)),
      days: lazy(() => valueOf(reads.dailyAnalytics, range)),
    }),
    activeLivestreamNow: async (meetingId) =>
      reads.activeLivestream.read({ ...operation, priority: 'mutation' }, meetingId, reads.now()),
    async start(input) {
      signal.throwIfAborted();
      operation.report.capFreshUntil(0);
      const outcome = await control.start(operation, input).finally(forget);
      if ('livestream' in outcome) activeLivestream.prime(input.meetingId, outcome.livestream);
      return outcome;
    },
    async stop(meetingId) {
      signal.throwIfAborted();
      operation.report.capFreshUntil(0);
      const outcome = await control.stop(operation, meetingId).finally(forget);
      if ('stopped' in outcome) activeLivestream.prime(meetingId, null);
      return outcome;
    },
    async budget() {
      operation.report.capFreshUntil(0);
      await account.budget.refresh();
      return account.budget.snapshot();
    },
    isLasting: () => answers.isLasting(operation),
    keep: (question, answer) => answers.keep(operation, question, answer),
    report: () => operation.report.report(account.budget.snapshot()),
  };
}

const NOTHING: Harvest<never> = { found: new Map<string, never>(), isComplete: false };
