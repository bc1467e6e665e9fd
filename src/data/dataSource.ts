import { createLocalBudget } from '../budget/localBudget.ts';
import { createSharedBudget } from '../budget/sharedBudget.ts';
import { budgetKey } from '../cluster/keys.ts';
import { type Cluster, createPeers } from '../cluster/peers.ts';
import { createSharedValues } from '../cluster/sharedValues.ts';
import { createSavedStartLock, createStartLock } from '../cluster/startLock.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { createConcurrencyLimit } from '../lib/concurrencyLimit.ts';
import { createPendingWork } from '../lib/pendingWork.ts';
import type { SavedState } from '../lib/savedState.ts';
import { type ClientOptions, type ClientSettings, createClient } from '../realtimekit/client.ts';
import { createEndpoints } from '../realtimekit/endpoints.ts';
import type { Transport } from '../realtimekit/transport.ts';
import { createAccounts } from './account.ts';
import { createActiveRefresh } from './activeRefresh.ts';
import { createBulkReads } from './bulkReads.ts';
import { createCache } from './cache/cache.ts';
import { createInvalidations } from './cache/invalidation.ts';
import { createResponseCache } from './cache/responseCache.ts';
import { tagsOfChange, TOKEN_REVOKED } from './cache/tags.ts';
import type { CachingSettings } from './cachingSettings.ts';
import { type ChangeListener, createChangeFeed } from './changeFeed.ts';
import { createEntityReads, type ReadsTogether } from './entityReads.ts';
import { createLiveFeeds } from './liveFeed.ts';
import { type LivestreamMutations, createLivestreamMutations } from './livestreamMutations.ts';
import { createMutationEffects } from './mutationEffects.ts';
import type { NewOperation } from './operation.ts';
import { OperationReport, type ReportListeners } from './operationReport.ts';
import { createOutdatedReads } from './outdatedResponses.ts';
import { applyRemoteChanges, createChangePublisher } from './replication.ts';

/** The maximum number of reads that one operation has in flight. The process has no such limit: a small pool would be worse than none. */
const MAX_READS_IN_FLIGHT = 64;
/** The maximum difference between two replicas' estimates of the store's time, in milliseconds. */
const CLOCK_SKEW_LEEWAY_MS = 50;

/** RealtimeKit's data for the rest of the gateway, for any number of accounts. */
export type DataSource = ReturnType<typeof createDataSource>;

interface DataSourceOptions extends ClientSettings, CachingSettings {
  transport: Transport;
  clock: Clock;
  /** Returns a number from 0 to 1, as `Math.random` does. */
  random: () => number;
  /** Null (the default) if there is only one replica. */
  cluster?: Cluster | null;
  /** Where a single replica saves what must survive its eviction; null (the default) if it is not evicted. */
  savedState?: SavedState | null;
  /** Whether callers share the budget of an account. Default: false. */
  hasCallers?: boolean;
  metrics?: ReportListeners['metrics'];
  onOutcome?: ClientOptions['onOutcome'];
  /**
   * Called with the tags of the responses that are outdated from now on, wherever they are stored: of a change that this replica made,
   * was notified of by a webhook, or has read, but not of those of other replicas. Must not throw.
   */
  onOutdated?: ((tags: readonly string[]) => void) | undefined;
}

/** Reads pass, in this order: bulk reads, the cache, single-flight, reads together with others, and then the client's own policies, such as retries. */
export function createDataSource(options: DataSourceOptions) {
  const { clock, ttl, cacheBytes, maxRequestsPerOperation, cluster = null, savedState = null } = options;
  const { metrics, onOutdated } = options;
  const client = createClient(options);
  const endpoints = createEndpoints(client);
  const peers = cluster && createPeers(cluster, clock);
  const cache = createCache({
    clock,
    ttl,
    maxBytes: cacheBytes,
    invalidations: createInvalidations({
      now: () => peers?.logicalNow() ?? clock.now(),
      localNow: () => clock.now(),
      leewayMs: peers === null ? 0 : CLOCK_SKEW_LEEWAY_MS,
      publish(tokenHash, tags, logical) {
        peers?.bus.publish({ kind: 'invalidate', tokenHash, tags: [...tags], logical });
        if (!tags.includes(TOKEN_REVOKED)) onOutdated?.(tags);
      },
    }),
    sharedValues: peers && createSharedValues(peers),
  });
  const localListeners = createChangeFeed();
  const allListeners = createChangeFeed();
  allListeners.subscribe(localListeners);
  if (peers !== null) allListeners.subscribe(createChangePublisher(peers));
  if (onOutdated !== undefined) allListeners.subscribe(createOutdatedReads(onOutdated));
  const { reads, ingestion } = createEntityReads(endpoints, cache, {
    ttl,
    listener: allListeners,
    readsTogether: () => readsTogether,
  });
  const bulkReads = options.bulkReads ? createBulkReads(reads, clock) : null;
  const readsTogether: ReadsTogether | null = bulkReads && createActiveRefresh({ reads, lists: bulkReads, clock });
  const accounts = createAccounts({
    createBudget: (tokenHash) =>
      peers === null
        ? createLocalBudget(
            clock,
            savedState && { savedState, key: budgetKey(tokenHash), requestTimeoutMs: options.totalTimeoutMs },
          )
        : createSharedBudget({
            store: peers.store,
            key: budgetKey(tokenHash),
            requestTimeoutMs: options.totalTimeoutMs,
            hasCallers: options.hasCallers === true,
          }),
    onRevoked: (tokenHash) => cache.invalidate(tokenHash, [TOKEN_REVOKED]),
  });
  if (peers !== null) {
    applyRemoteChanges(peers, { invalidations: cache, accounts, ingestion, localListeners });
    peers.store.onReconnect(() => accounts.resync());
    // This replica missed every invalidation before it started.
    cache.invalidateAll();
  }
  const untracked = createLivestreamMutations({
    endpoints,
    clockSkewMs: client.clockSkewMs,
    clock,
    effects: createMutationEffects({
      cache,
      activeLivestream: reads.activeLivestream,
      ingestion,
      listener: allListeners,
    }),
    lock: peers === null ? savedState && createSavedStartLock(savedState, clock) : createStartLock(peers),
  });
  const pendingMutations = createPendingWork();
  /** A mutation that was sent continues when its caller disconnects. */
  const mutations: LivestreamMutations = {
    start: async (...start) => pendingMutations.track(untracked.start(...start)),
    stop: async (...stop) => pendingMutations.track(untracked.stop(...stop)),
  };
  const newOperation: NewOperation = (
    account,
    signal,
    onLivestream,
    { counters, tags, minFreshMs = 0, span } = {},
  ) => ({
    account,
    report: new OperationReport(maxRequestsPerOperation, clock, { metrics, counters, tags }),
    startedAt: cache.now(),
    priority: 'read',
    runLimited: createConcurrencyLimit(MAX_READS_IN_FLIGHT),
    onLivestream,
    signal,
    minFreshMs,
    span,
  });
  const liveFeeds = createLiveFeeds({ reads, bulkReads, newOperation, clock });
  localListeners.subscribe(liveFeeds);
  return {
    /** What RealtimeKit's responses so far have shown about the pages of its lists. */
    paging: endpoints.hints,
    /** The account that pays for a token's requests. */
    account: accounts.forToken,
    operation: newOperation,
    /** Sends one request, without retries. Rejects if RealtimeKit cannot be reached or does not accept the token and the ids. */
    check: client.check,
    reads,
    /** Opens the one way from here to the subscriptions of an account. */
    openLiveFeed: liveFeeds.open,
    /** Notifies `listener` from now on: of what is read, and of what subscriptions must read back. */
    subscribe: (listener: ChangeListener): void => localListeners.subscribe(listener),
    /** Invalidates, for every account, what a webhook reports as changed, and notifies the listeners of every replica. */
    invalidateExternal(ids: ChangedIds): void {
      const timestamp = cache.invalidate(null, tagsOfChange(ids));
      allListeners.onWebhook(ids, timestamp);
    },
    /** The number of changes so far that this replica made or was told of. What is only read does not count. */
    changes: cache.invalidationCount,
    /** The number of replicas, this one included, as far as known. */
    replicaCount: (): number => peers?.store.replicaCount() ?? 1,
    /** Whether the replicas can notify each other. */
    isConnected: (): boolean => peers?.store.isUp() ?? true,
    /** Complete GraphQL results, for operations that are equal to an earlier one. */
    responseCache: createResponseCache(cache, clock),
    /** Null if the operator turned bulk reads off. */
    bulkReads,
    mutations,
    /** The starts and stops that have not settled, including those whose callers have disconnected. */
    pendingMutations,
  };
}
