import type { Clock } from '../lib/clock.ts';
import type { Livestream } from '../domain/models.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import { createUnderWay, type UnderWay } from '../lib/pendingWork.ts';
import { type Account, createAccounts } from './account.ts';
import { type Answers, createAnswers } from './cache/responseCache.ts';
import { createLocalBudget } from '../budget/localBudget.ts';
import { createCache } from './cache/cache.ts';
import { createChanges } from './cache/invalidation.ts';
import { type ClientSettings, createClient } from '../realtimekit/client.ts';
import type { EconomySettings } from './cachingSettings.ts';
import { createEndpoints } from '../realtimekit/endpoints.ts';
import { createLimit } from '../lib/concurrencyLimit.ts';
import { createListSource, type ListSource } from './bulkReads.ts';
import { createLivestreamControl, type LivestreamControl } from './livestreamMutations.ts';
import type { Operation, RequestOrigin } from './operation.ts';
import { createObservers, type Observer } from './changeFeed.ts';
import { createReads, type Reads } from './entityReads.ts';
import { createReplicas } from '../cluster/bus.ts';
import { createTelling, hearOthers } from './replication.ts';
import { createSecondLevel } from '../cluster/sharedValues.ts';
import { createSharedBudget } from '../budget/sharedBudget.ts';
import { createStartLock } from '../cluster/startLock.ts';
import { aboutLivestream, aboutMeeting, ANY_SESSION, LISTS, REFUSED } from './cache/tags.ts';
import { createOperationReport, type ReportListeners } from './operationReport.ts';
import type { Transport } from '../realtimekit/transport.ts';

/** How many reads one operation may have in flight; there is no cap for the process, since a small pool is worse than none. */
const MOST_IN_FLIGHT = 64;

/** The API as the gateway sees it, for any number of accounts. */
export interface Upstream {
  /** The account that a token's requests are paid from. */
  account(token: string): Promise<Account>;
  /** Begins an operation. Its reads end when `signal` is aborted, and then reject with its reason. */
  operation(
    account: Account,
    signal: AbortSignal,
    see: (livestream: Livestream) => void,
    origin?: RequestOrigin,
  ): Operation;
  reads: Reads;
  /** Tells from now on what is seen. */
  observe(observer: Observer): void;
  /** Something about these was changed by somebody else: what is kept of them is void, whoever pays, and all who observe are told. */
  told(ids: { livestreamId: string | null; meetingId: string | null }): void;
  /** How many replicas there may be, this one included. */
  replicas(): number;
  /** Whole answers of operations that asked the same. */
  answers: Answers;
  /** Null: it is turned off. */
  lists: ListSource | null;
  /** Starting and stopping; what was sent goes on when its caller leaves. */
  control: LivestreamControl;
  /** Starts and stops that are not settled yet, whether or not their callers are still there. */
  mutations: Pick<UnderWay, 'size' | 'none'>;
}

export interface UpstreamOptions extends ClientSettings, EconomySettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  /** What all replicas have in common, and what the keys of this app begin with there; null: there is but one. */
  shared?: { store: SharedStore; prefix: string } | null;
  metrics?: ReportListeners['metrics'];
}

/** The policies, outermost first: lists instead of single reads, kept answers, shared flights, then those of the client. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { clock, freshness, cacheBytes, share, usesLists, shared = null, metrics } = options;
  const client = createClient(options);
  const endpoints = createEndpoints(client, { meetings: {}, livestreams: {}, meetingLivestreams: {}, sessions: {} });
  const others = shared && { ...shared, clock, replicas: createReplicas(shared.store) };
  const changes = createChanges({
    now: () => others?.store.now() ?? clock.now(),
    localNow: () => clock.now(),
    leeway: others === null ? 0 : LEEWAY,
    tell: (hash, tags, order) => others?.replicas.tell({ kind: 'changed', hash, tags: [...tags], order }),
  });
  const cache = createCache({
    clock,
    freshness,
    bytes: cacheBytes,
    changes,
    second: others && createSecondLevel(others),
  });
  const observers = createObservers();
  const everybody = createObservers();
  everybody.add(observers);
  if (others !== null) everybody.add(createTelling(others));
  const reads = createReads(endpoints, cache, { freshness, observer: everybody });
  const accounts = createAccounts({
    budgetOf: (hash) =>
      others === null
        ? createLocalBudget(clock)
        : createSharedBudget({ store: others.store, key: `${BUDGETS}${hash}`, held: options.totalTimeout }),
    onRevoked: (hash) => cache.changed(hash, [REFUSED]),
  });
  if (others !== null) {
    hearOthers({ ...others, changes, accounts, reads, observers });
    others.store.onUp(() => accounts.resync());
    // What was changed before it began, this replica was not told.
    changes.missedSome();
  }
  const control = createLivestreamControl({
    endpoints,
    clockSkew: client.clockSkew,
    clock,
    effects: reads,
    lock: others && createStartLock(others),
  });
  const mutations = createUnderWay();
  return {
    account: async (token) => accounts.of(token),
    operation: (account, signal, onLivestream, { tally, span } = {}) => ({
      account,
      report: createOperationReport(share, clock, { metrics, tally }),
      startedAt: cache.now(),
      priority: 'read',
      runLimited: createLimit(MOST_IN_FLIGHT),
      onLivestream,
      signal,
      span,
    }),
    reads,
    observe: (observer) => observers.add(observer),
    told(ids) {
      const { livestreamId, meetingId } = ids;
      const moment = cache.changed(null, [
        LISTS,
        ANY_SESSION,
        ...(livestreamId === null ? [] : [aboutLivestream(livestreamId)]),
        ...(meetingId === null ? [] : [aboutMeeting(meetingId)]),
      ]);
      everybody.told(ids, moment);
    },
    replicas: () => others?.store.replicas() ?? 1,
    answers: createAnswers(cache, clock),
    lists: usesLists ? createListSource(reads, clock) : null,
    control: {
      start: async (operation, input) => mutations.during(control.start(operation, input)),
      stop: async (operation, meetingId) => mutations.during(control.stop(operation, meetingId)),
    },
    mutations,
  };
}

/** How far apart replicas may be about the store's time, in milliseconds. */
const LEEWAY = 50;

/** A token has one budget, whichever of its apps is served. */
const BUDGETS = 'realtimekit-graphql 1 budget ';
