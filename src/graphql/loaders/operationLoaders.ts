import type { MaybePromise } from '@whatwg-node/promise-helpers';

import type { BudgetSnapshot } from '../../budget/reserve.ts';
import type { Account } from '../../data/account.ts';
import type { BulkResult, ReadInBulk } from '../../data/bulkReads.ts';
import type { CachedQuery } from '../../data/cache/cachedQuery.ts';
import { joinTags } from '../../data/cache/tags.ts';
import type { CachedResponse, ResponseContents } from '../../data/cache/responseCache.ts';
import type { DataSource } from '../../data/dataSource.ts';
import type { EntityReads } from '../../data/entityReads.ts';
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
import type { CancellationSignal } from '../../lib/cancellation.ts';
import { lazy } from '../../lib/lazy.ts';
import { whenReady } from '../../lib/maybePromise.ts';
import { withBatchSpan } from '../../telemetry/tracer.ts';
import { EntityTags } from './entityTags.ts';
import { createBatchedRead, Loader } from './loader.ts';

/** All reads and mutations of one GraphQL operation. An entity from any response is not read again by the same operation. */
export class OperationLoaders {
  /** What the representations of `_entities` depend on; null if nobody wants to know, or if the operation has none. */
  entityTags: EntityTags | null = null;
  readonly #dataSource: DataSource;
  readonly #reads: EntityReads;
  readonly #operation: Operation;
  // Created when they are needed: many operations need none, and most of them few.
  #meeting: Loader<Meeting | null> | undefined;
  #livestream: Loader<Livestream | null> | undefined;
  #activeLivestream: Loader<LivestreamRef | null> | undefined;
  #activeSession: Loader<LivestreamSession | null> | undefined;
  #session: Loader<LivestreamSession | null> | undefined;

  /** Aborting `signal` cancels the reads that nobody else waits for. */
  constructor(dataSource: DataSource, account: Account, signal: CancellationSignal, origin: RequestOrigin = {}) {
    this.#dataSource = dataSource;
    this.#reads = dataSource.reads;
    this.#operation = dataSource.operation(account, signal, (livestream) => this.#primeLivestream(livestream), origin);
  }

  get meeting(): Loader<Meeting | null> {
    const readInBulk = this.#dataSource.bulkReads?.meetingsById;
    return (this.#meeting ??= this.#bulkLoader('meeting', this.#reads.meeting, readInBulk));
  }

  get livestream(): Loader<Livestream | null> {
    const readInBulk = this.#dataSource.bulkReads?.livestreamsById;
    return (this.#livestream ??= this.#bulkLoader('livestream', this.#reads.livestream, readInBulk));
  }

  /** The active livestream of a meeting, by meeting id. */
  get activeLivestream(): Loader<LivestreamRef | null> {
    const readInBulk = this.#dataSource.bulkReads?.activeByMeeting;
    return (this.#activeLivestream ??= this.#bulkLoader('activeLivestream', this.#reads.activeLivestream, readInBulk));
  }

  /** The active session of a livestream, by livestream id. */
  get activeSession(): Loader<LivestreamSession | null> {
    return (this.#activeSession ??= this.#pointLoader('activeSession', this.#reads.activeSession));
  }

  get session(): Loader<LivestreamSession | null> {
    return (this.#session ??= this.#pointLoader('session', this.#reads.session));
  }

  meetings(search: string | null, range: OffsetRange): MaybePromise<Page<Meeting>> {
    return this.#readPage(this.#reads.meetings, { search, range }, (row) => this.meeting.prime(row.id, row));
  }

  livestreams(query: LivestreamQuery, range: OffsetRange): MaybePromise<Page<Livestream>> {
    return this.#readPage(this.#reads.livestreams, { query, range }, (row) => this.#primeLivestream(row));
  }

  meetingLivestreams(meetingId: string, range: OffsetRange): MaybePromise<Page<Livestream>> {
    return this.#readPage(this.#reads.meetingLivestreams, { meetingId, range }, (row) => this.#primeLivestream(row));
  }

  sessions(livestreamId: string, range: OffsetRange): MaybePromise<Page<LivestreamSession>> {
    return this.#reads.sessions.get(this.#operation, { livestreamId, range });
  }

  analytics(range: TimeRange): AnalyticsSource {
    return {
      overall: lazy(() => this.#reads.analytics.get(this.#operation, range)),
      days: lazy(() => this.#reads.dailyAnalytics.get(this.#operation, range)),
    };
  }

  /** Reads the active livestream of a meeting from upstream, past the cache and with the priority of a mutation. */
  async refetchActiveLivestream(meetingId: string): Promise<LivestreamRef | null> {
    return this.#reads.activeLivestream.get({ ...this.#operation, priority: 'mutation' }, meetingId, this.#reads.now());
  }

  /** Starts a livestream. Later reads of the operation return the state after the start. */
  async startLivestream(input: StartInput): Promise<StartOutcome> {
    const { mutations } = this.#dataSource;
    const outcome = await this.#mutate((operation) => mutations.start(operation, input));
    if ('livestream' in outcome) this.activeLivestream.prime(input.meetingId, outcome.livestream);
    return outcome;
  }

  /** Stops the active livestream of a meeting. Later reads of the operation return the state after the stop. */
  async stopLivestream(meetingId: string): Promise<StopOutcome> {
    const { mutations } = this.#dataSource;
    const outcome = await this.#mutate((operation) => mutations.stop(operation, meetingId));
    if ('stopped' in outcome) this.activeLivestream.prime(meetingId, null);
    return outcome;
  }

  /** Returns the request budget that the operation uses, and the caller's share of it. Sends no upstream request. */
  async readBudget(): Promise<BudgetSnapshot & { share: BudgetSnapshot }> {
    const { account, report } = this.#operation;
    report.expire();
    await account.budget.refresh();
    const snapshot = account.budget.snapshot();
    return { ...snapshot, share: account.budget.share() ?? snapshot };
  }

  /** Whether the response of the operation may be served again: all parts of it are fresh for a while. */
  isCacheable(): boolean {
    return this.#dataSource.responseCache.isCacheable(this.#operation);
  }

  /** Describes the response of the operation, with the age of what it contains. */
  describeResponse(contents: ResponseContents): CachedResponse {
    return this.#dataSource.responseCache.describe(this.#operation, contents);
  }

  /** Caches the response of the operation until its oldest part expires. */
  cacheResponse(key: string, response: CachedResponse): void {
    this.#dataSource.responseCache.set(this.#operation, key, response);
  }

  /** Starts to collect the tags of representations. Null if nobody wants to know them. */
  startEntityTags(count: number): EntityTags | null {
    return (this.entityTags = this.#operation.report.tags === undefined ? null : new EntityTags(count));
  }

  /** What the operation's result depends on. */
  tags(): string[] {
    const joined = joinTags(this.#operation.report.tags ?? []);
    return joined === '' ? [] : joined.split(',');
  }

  /** Returns the upstream requests that the operation has caused so far. */
  report(): UpstreamReport {
    const { account, report } = this.#operation;
    return report.toUpstreamReport(account.budget.snapshot());
  }

  /** The number of upstream requests that the operation has sent so far. */
  sentRequests(): number {
    return this.#operation.report.sentRequests();
  }

  /** Reads each key with its own request, because the API has no read of several. Only a trace shows such reads as a batch. */
  #pointLoader<Value extends object | null>(name: string, query: CachedQuery<string, Value>): Loader<Value> {
    const operation = this.#operation;
    if (operation.span === undefined) return new Loader((key) => query.get(operation, key));
    return this.#batchLoader(name, query, (traced, keys) => keys.map(async (key) => query.get(traced, key)));
  }

  /** Reads the keys from a list if that takes fewer requests. Keys that the list cannot settle get their own requests. */
  #bulkLoader<Row extends Value, Value extends object>(
    name: string,
    query: CachedQuery<string, Value | null>,
    readInBulk: ReadInBulk<Row> | undefined,
  ): Loader<Value | null> {
    return this.#batchLoader(name, query, (operation, keys) => {
      const bulkRead = keys.length === 1 ? undefined : readInBulk?.(operation, keys).catch(() => undefined);
      return keys.map(async (key) => {
        const { found, isExhaustive } = (await bulkRead) ?? NO_BULK_RESULT;
        return found.get(key) ?? (isExhaustive ? null : query.get(operation, key));
      });
    });
  }

  /** Reads a batch with `readAll`, under one span if the operation is traced. */
  #batchLoader<Value extends object | null>(
    name: string,
    query: CachedQuery<string, Value>,
    readAll: (operation: Operation, keys: readonly string[]) => Promise<Value>[],
  ): Loader<Value> {
    const operation = this.#operation;
    const { span: parent } = operation;
    const read = createBatchedRead({
      getCached: (key) => query.getFresh(operation, key),
      loadBatch(keys) {
        if (parent === undefined) return readAll(operation, keys);
        const attributes = { 'graphql.batch.keys': keys.length };
        return withBatchSpan(parent, `batch ${name}`, attributes, (span) => readAll({ ...operation, span }, keys));
      },
    });
    return new Loader(read);
  }

  /** Reads a page of a list and primes the loader of its rows. */
  #readPage<Key, Row>(
    query: CachedQuery<Key, Page<Row>>,
    key: Key,
    prime: (row: Row) => void,
  ): MaybePromise<Page<Row>> {
    return whenReady(query.get(this.#operation, key), (page) => {
      for (const row of page.rows) if (row !== null) prime(row);
      return page;
    });
  }

  /** Makes a livestream from any response available to every loader that could read it. */
  #primeLivestream(received: Livestream): void {
    this.livestream.prime(received.id, received);
    if (isActive(received) && received.meetingId !== null) this.activeLivestream.prime(received.meetingId, received);
  }

  /** Sends a mutation, and discards everything that was read before it. */
  async #mutate<Outcome>(send: (operation: Operation) => Promise<Outcome>): Promise<Outcome> {
    this.#operation.signal?.throwIfAborted();
    this.#operation.report.expire();
    return send(this.#operation).finally(() => {
      for (const loader of [
        this.#meeting,
        this.#livestream,
        this.#activeLivestream,
        this.#activeSession,
        this.#session,
      ])
        loader?.clearAll();
    });
  }
}

const NO_BULK_RESULT: BulkResult<never> = { found: new Map<string, never>(), isExhaustive: false };
