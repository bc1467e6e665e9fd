import type { Clock } from '../lib/clock.ts';
import type { Livestream } from '../domain/models.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import { createPendingWork, type PendingWork } from '../lib/pendingWork.ts';
import { type Account, createAccounts } from './account.ts';
import { type ResponseCache, createResponseCache } from './cache/responseCache.ts';
import { createLocalBudget } from '../budget/localBudget.ts';
import { createCache } from './cache/cache.ts';
import { createInvalidations } from './cache/invalidation.ts';
import { type ClientSettings, createClient } from '../realtimekit/client.ts';
import type { CachingSettings } from './cachingSettings.ts';
import { createEndpoints } from '../realtimekit/endpoints.ts';
import { createConcurrencyLimit } from '../lib/concurrencyLimit.ts';
import { createBulkReads, type BulkReads } from './bulkReads.ts';
import { createLivestreamMutations, type LivestreamMutations } from './livestreamMutations.ts';
import type { Operation, RequestOrigin } from './operation.ts';
import { createChangeFeed, type ChangeListener } from './changeFeed.ts';
import { createEntityReads, type EntityReads } from './entityReads.ts';
import { createBus } from '../cluster/bus.ts';
import { budgetKey } from '../cluster/keys.ts';
import { createChangePublisher, applyRemoteChanges } from './replication.ts';
import { createSharedValues } from '../cluster/sharedValues.ts';
import { createSharedBudget } from '../budget/sharedBudget.ts';
import { createStartLock } from '../cluster/startLock.ts';
import { livestreamTag, meetingTag, ANY_SESSION, ALL_LISTS, TOKEN_REVOKED } from './cache/tags.ts';
import { createOperationReport, type ReportListeners } from './operationReport.ts';
import type { Transport } from '../realtimekit/transport.ts';

/** How many reads one operation may have in flight; there is no cap for the process, since a small pool is worse than none. */
const MAX_READS_IN_FLIGHT = 64;

/** The API as the gateway sees it, for any number of accounts. */
export interface DataSource {
  /** The account that a token's requests are paid from. */
  account(token: string): Promise<Account>;
  /** Begins an operation. Its reads end when `signal` is aborted, and then reject with its reason. */
  operation(
    account: Account,
    signal: AbortSignal,
    see: (livestream: Livestream) => void,
    origin?: RequestOrigin,
  ): Operation;
  reads: EntityReads;
  /** Tells from now on what is seen. */
  subscribe(observer: ChangeListener): void;
  /** Something about these was changed by somebody else: what is kept of them is void, whoever pays, and all who observe are told. */
  invalidateExternal(ids: { livestreamId: string | null; meetingId: string | null }): void;
  /** How many replicas there may be, this one included. */
  replicaCount(): number;
  /** Whole answers of operations that asked the same. */
  responseCache: ResponseCache;
  /** Null: it is turned off. */
  bulkReads: BulkReads | null;
  /** Starting and stopping; what was sent goes on when its caller leaves. */
  mutations: LivestreamMutations;
  /** Starts and stops that are not settled yet, whether or not their callers are still there. */
  pendingMutations: Pick<PendingWork, 'size' | 'whenIdle'>;
}

export interface DataSourceOptions extends ClientSettings, CachingSettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  /** What all replicas have in common, and what the keys of this app begin with there; null: there is but one. */
  cluster?: { store: SharedStore; prefix: string } | null;
  metrics?: ReportListeners['metrics'];
}

/** The policies, outermost first: lists instead of single reads, kept answers, shared flights, then those of the client. */
export function createDataSource(options: DataSourceOptions): DataSource {
  const { clock, ttl, cacheBytes, maxRequestsPerOperation, bulkReads, cluster = null, metrics } = options;
  const client = createClient(options);
  const endpoints = createEndpoints(client, { meetings: {}, livestreams: {}, meetingLivestreams: {}, sessions: {} });
  const others = cluster && { ...cluster, clock, bus: createBus(cluster.store) };
  const invalidations = createInvalidations({
    now: () => others?.store.now() ?? clock.now(),
    localNow: () => clock.now(),
    leewayMs: others === null ? 0 : CLOCK_SKEW_LEEWAY_MS,
    publish: (tokenHash, tags, logical) =>
      others?.bus.publish({ kind: 'invalidate', tokenHash, tags: [...tags], logical }),
  });
  const cache = createCache({
    clock,
    ttl: ttl,
    maxBytes: cacheBytes,
    invalidations,
    sharedValues: others && createSharedValues(others),
  });
  const observers = createChangeFeed();
  const allListeners = createChangeFeed();
  allListeners.add(observers);
  if (others !== null) allListeners.add(createChangePublisher(others));
  const reads = createEntityReads(endpoints, cache, { freshness: ttl, observer: allListeners });
  const accounts = createAccounts({
    budgetOf: (hash) =>
      others === null
        ? createLocalBudget(clock)
        : createSharedBudget({ store: others.store, key: budgetKey(hash), requestTimeoutMs: options.totalTimeoutMs }),
    onRevoked: (hash) => cache.invalidate(hash, [TOKEN_REVOKED]),
  });
  if (others !== null) {
    applyRemoteChanges({ ...others, changes: invalidations, accounts, reads, observers });
    others.store.onReconnect(() => accounts.resync());
    // What was changed before it began, this replica was not told.
    invalidations.invalidateAll();
  }
  const control = createLivestreamMutations({
    endpoints,
    clockSkew: client.clockSkew,
    clock,
    effects: reads,
    lock: others && createStartLock(others),
  });
  const pendingMutations = createPendingWork();
  return {
    account: async (token) => accounts.of(token),
    operation: (account, signal, onLivestream, { tally, span } = {}) => ({
      account,
      report: createOperationReport(maxRequestsPerOperation, clock, { metrics, tally }),
      startedAt: cache.now(),
      priority: 'read',
      runLimited: createConcurrencyLimit(MAX_READS_IN_FLIGHT),
      onLivestream,
      signal,
      span,
    }),
    reads,
    subscribe: (observer) => observers.add(observer),
    invalidateExternal(ids) {
      const { livestreamId, meetingId } = ids;
      const moment = cache.invalidate(null, [
        ALL_LISTS,
        ANY_SESSION,
        ...(livestreamId === null ? [] : [livestreamTag(livestreamId)]),
        ...(meetingId === null ? [] : [meetingTag(meetingId)]),
      ]);
      allListeners.onWebhook(ids, moment);
    },
    replicaCount: () => others?.store.replicaCount() ?? 1,
    responseCache: createResponseCache(cache, clock),
    bulkReads: bulkReads ? createBulkReads(reads, clock) : null,
    mutations: {
      start: async (operation, input) => pendingMutations.track(control.start(operation, input)),
      stop: async (operation, meetingId) => pendingMutations.track(control.stop(operation, meetingId)),
    },
    pendingMutations,
  };
}

/** How far apart replicas may be about the store's time, in milliseconds. */
const CLOCK_SKEW_LEEWAY_MS = 50;
