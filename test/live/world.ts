import {
  createLiveSubscriptions,
  DEFAULT_LIVE_LIMITS,
  type LiveLimits,
  type LiveSubscriptions,
} from '../../src/live/subscriptions.ts';
import { BUDGETS_SINCE_KEY } from '../../src/cluster/keys.ts';
import type { Account } from '../../src/data/account.ts';
import type { Operation } from '../../src/data/operation.ts';
import type { LiveState, LiveSubscription, SubscriptionTarget } from '../../src/live/types.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { DEFAULT_CACHING, type CachingSettings } from '../../src/data/cachingSettings.ts';
import { type Transport, TransportError, type TransportResponse } from '../../src/realtimekit/transport.ts';
import { createDataSource, type DataSource } from '../../src/data/dataSource.ts';
import { at, asArray } from '../support/gateway.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';
import { connectInProcess } from '../support/model/world.ts';
import { APP } from '../support/upstream.ts';

export const TOKEN = 'token-of-the-gateway';
export const APP_WIDE: SubscriptionTarget = { livestreamId: null, meetingId: null };
export const livestreamTarget = (livestreamId: string): SubscriptionTarget => ({ livestreamId, meetingId: null });
export const meetingTarget = (meetingId: string): SubscriptionTarget => ({ livestreamId: null, meetingId });

/** `connect`: no connection can be made. `hang`: no request gets a response. */
export type Outage = 'connect' | 'hang';

export interface LiveWorldOptions {
  settings?: SettingsPatch;
  caching?: Partial<CachingSettings>;
  limits?: Partial<LiveLimits>;
  /** How many gateways share a store. By default there is one gateway, without a store. */
  replicas?: number;
  /** How long each request takes to reach upstream, and its response to come back. */
  latency?: () => [requestMs: number, responseMs: number];
}

/** A subscriber that reads every event at once, or, if it is slow, nothing until `catchUp`. */
export interface TestSubscriber {
  target: SubscriptionTarget;
  /** The states received, in order. */
  states: LiveState[];
  error: unknown;
  hasEnded: boolean;
  /** The last state received of each livestream, by its id. */
  lastStates(): Map<string, LiveState>;
  /** Reports that the session of a state it received could not be read. */
  nack(livestreamId: string): void;
  unsubscribe(): Promise<void>;
  /** Makes a slow subscriber read what waits, and every event from then on. */
  catchUp(): void;
}

/** Live subscriptions to a sandbox in the same process. Everything uses one clock, which the tests advance. */
export async function createLiveWorld(options: LiveWorldOptions = {}) {
  /** The number of exchanges in flight: the clock stands still meanwhile. */
  let exchanges = 0;
  let restCalls = 0;
  let outage: Outage | null = null;
  let sessionsHang = false;
  let areSessionsHidden = false;
  let brokenPaths: string[] = [];
  const requests: string[] = [];
  let onResponse = (_body: unknown): void => {};
  const clock = createSteppedClock(() => exchanges > 0);
  const sandbox = createSandbox({ clock, settings: options.settings ?? {} });
  const { baseUrl, exchange } = connectInProcess(sandbox);
  const root = `${baseUrl}/accounts/${APP.accountId}/realtime/kit/${APP.appId}`;
  const latency = options.latency ?? (() => [0, 0]);

  function after(delayMs: number, callback: () => void): void {
    if (delayMs === 0) callback();
    else clock.after(delayMs, callback);
  }

  const transport: Transport = (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    requests.push(`${request.method} ${request.url.slice(root.length)}`);
    request.signal.addEventListener('abort', () => reject(asError(request.signal.reason)), { once: true });
    const [requestMs, responseMs] = latency();
    const outageNow = outage;
    const isSessionRequest = request.url.endsWith('active-livestream-session');
    if (outageNow === 'hang' || (sessionsHang && isSessionRequest)) return promise;
    if (areSessionsHidden && isSessionRequest) resolve({ status: 404, headers: {}, body: '{"success":false}' });
    if (brokenPaths.includes(request.url.slice(root.length).replace(/\?.*/, '')))
      resolve({ status: 500, headers: {}, body: '' });
    after(requestMs, () => {
      if (outageNow === 'connect') return reject(new TransportError('connect', 'No connection.'));
      exchanges += 1;
      exchange(request)
        .then(
          (response) => {
            onResponse(parseOrNull(response.body));
            return after(responseMs, () => resolve(response));
          },
          () => reject(new TransportError('interrupted', 'The connection broke.')),
        )
        .finally(() => {
          exchanges -= 1;
        });
      return undefined;
    });
    return promise;
  };

  const store = createMemoryStore({ clock, minReplicas: options.replicas ?? 1 });

  function createReplica(ownStore: MemoryReplica | null): { dataSource: DataSource; subscriptions: LiveSubscriptions } {
    const dataSource = createDataSource({
      ...DEFAULT_CACHING,
      ...options.caching,
      baseUrl,
      ...APP,
      attemptTimeoutMs: 10_000,
      totalTimeoutMs: 25_000,
      requestsPerSecond: 0,
      transport,
      clock,
      random: () => 0,
      cluster: ownStore && { store: ownStore, prefix: 'app ' },
    });
    const ttl = options.caching?.ttl ?? DEFAULT_CACHING.ttl;
    const limits = { ...DEFAULT_LIVE_LIMITS, ...options.limits };
    return { dataSource, subscriptions: createLiveSubscriptions({ dataSource, clock, ttl, limits }) };
  }

  // The store has been in use for long, so that replicas need not expect leases of others in the first minute.
  store.put(BUDGETS_SINCE_KEY, '1');
  const stores = Array.from({ length: options.replicas ?? 0 }, (_, index) => store.connect({ clockAheadMs: index }));
  const replicas = stores.map((ownStore) => Object.assign(createReplica(ownStore), { store: ownStore }));
  const { dataSource, subscriptions } = replicas[0] ?? createReplica(null);
  const account = await dataSource.account(TOKEN);

  const newOperation = (by: Account): Operation => dataSource.operation(by, new AbortController().signal, () => {});

  async function rest(path: string, method: 'GET' | 'POST' = 'GET'): Promise<unknown> {
    restCalls += 1;
    exchanges += 1;
    // The sandbox's faults are meant for the gateway's requests only.
    const { faults } = sandbox.overview();
    sandbox.setFaults([]);
    const headers = { authorization: `Bearer rest-${restCalls}`, 'content-type': 'application/json' };
    // With a name that differs from the gateway's own: a start whose response was lost must not take this livestream for its own.
    const body = method === 'POST' ? { body: JSON.stringify({ name: 'Started elsewhere' }) } : {};
    const response = await exchange({ method, url: root + path, headers, ...body }).finally(() => {
      exchanges -= 1;
      sandbox.setFaults(faults);
    });
    return at(JSON.parse(response.body), 'data');
  }

  return {
    clock,
    transport,
    baseUrl,
    sandbox,
    exampleIds: sandbox.exampleIds,
    dataSource,
    subscriptions,
    account,
    /** A second gateway, without a store. */
    createGateway: () => createReplica(null),
    /** The gateways that share a store. The first one has `dataSource` and `subscriptions`. */
    replicas,
    advance: async (ms: number) => clock.pass(ms),
    /** The gateways' requests since `clearRequests`. */
    requests: () => [...requests],
    clearRequests: () => void requests.splice(0),
    /** Calls `listener` with each JSON response to a gateway, at the time when upstream sends it. */
    onResponse(listener: (body: unknown) => void) {
      onResponse = listener;
    },
    setOutage(kind: Outage | null) {
      outage = kind;
    },
    /** While set, no request for a running session gets a response. */
    setSessionsHang(hang: boolean) {
      sessionsHang = hang;
    },
    /** While set, upstream does not find any running session. */
    setSessionsHidden(hidden: boolean) {
      areSessionsHidden = hidden;
    },
    /** From now on, requests for these paths get a 500. */
    setBrokenPaths(paths: string[]) {
      brokenPaths = paths;
    },
    async startThroughGateway(meetingId: string, by = account): Promise<void> {
      await dataSource.mutations.start(newOperation(by), { meetingId, name: 'Started here', video: null });
    },
    async stopThroughGateway(meetingId: string, by = account): Promise<void> {
      await dataSource.mutations.stop(newOperation(by), meetingId);
    },
    /** Starts a livestream directly over the REST API. Returns its id. */
    async start(meetingId: string): Promise<string> {
      return String(at(await rest(`/meetings/${meetingId}/livestreams`, 'POST'), 'id'));
    },
    /** Stops the meeting's livestream directly over the REST API. */
    async stop(meetingId: string): Promise<void> {
      await rest(`/meetings/${meetingId}/active-livestream/stop`, 'POST');
    },
    /** All livestreams, read directly over the REST API. */
    async actualLivestreams(): Promise<ActualLivestream[]> {
      const { livestreams } = sandbox.overview().counts;
      const pages = Array.from({ length: Math.ceil(livestreams / 100) }, (_, page) => page + 1);
      const read = async (page: number): Promise<unknown> => rest(`/livestreams?per_page=100&page_no=${page}`);
      return (await Promise.all(pages.map(read))).flatMap(asArray).map((row) => parseActualLivestream(row));
    },
    /** The meeting's livestreams, newest first, read directly over the REST API. */
    async actualLivestreamsOf(meetingId: string): Promise<ActualLivestream[]> {
      const rows = asArray(at(await rest(`/meetings/${meetingId}/livestream?per_page=100`), 'livestreams'));
      return rows.map((row) => parseActualLivestream(row, meetingId));
    },
    /** Reads directly over the REST API. Returns the response's data. */
    rest: async (path: string) => rest(path),
    /** The id of the livestream's running session, read directly over the REST API. */
    async actualSessionId(id: string): Promise<string | null> {
      const session = at(await rest(`/livestreams/${id}/active-livestream-session`), 'session', 'id');
      return typeof session === 'string' ? session : null;
    },
    async subscribe(
      target: SubscriptionTarget,
      { isSlow = false, by = account, callerId = 'caller', through = subscriptions } = {},
    ): Promise<TestSubscriber> {
      const subscription = await through.subscribe(by, callerId, target, new AbortController().signal);
      return createTestSubscriber(subscription, target, isSlow);
    },
    accountOf: async (token: string) => dataSource.account(token),
  };
}

export type LiveWorld = Awaited<ReturnType<typeof createLiveWorld>>;

function createTestSubscriber(iterator: LiveSubscription, target: SubscriptionTarget, isSlow: boolean): TestSubscriber {
  const subscriber: TestSubscriber = {
    target,
    states: [],
    error: null,
    hasEnded: false,
    lastStates: () => new Map(subscriber.states.map((state) => [state.livestream.id, state])),
    nack: (livestreamId) => iterator.nack(livestreamId),
    async unsubscribe() {
      await iterator.return?.();
    },
    catchUp() {
      isSlow = false;
      void read();
    },
  };
  async function read(): Promise<void> {
    try {
      for await (const state of iterator) subscriber.states.push(state);
    } catch (error) {
      subscriber.error = error;
    }
    subscriber.hasEnded = true;
  }
  if (!isSlow) void read();
  return subscriber;
}

/** The state of a livestream according to the REST API. */
export interface ActualLivestream {
  id: string;
  meetingId: string | null;
  /** The fields that subscribers are notified of; comparable with `stateText`. */
  text: string;
  isActive: boolean;
}

export function parseActualLivestream(row: unknown, listedMeetingId: string | null = null): ActualLivestream {
  const meetingId = at(row, 'meeting_id') ?? listedMeetingId;
  const status = String(at(row, 'status'));
  return {
    id: String(at(row, 'id')),
    meetingId: typeof meetingId === 'string' ? meetingId : null,
    text: JSON.stringify([status, at(row, 'playback_url') ?? null, at(row, 'name') ?? null]),
    isActive: status === 'LIVE' || status === 'INVOKED',
  };
}

/** All livestreams in a response of the REST API that have every field which subscribers are notified of. */
export function livestreamsIn(value: unknown): ActualLivestream[] {
  if (typeof value !== 'object' || value === null) return [];
  const isLivestream = ['id', 'meeting_id', 'status', 'name'].every((field) => field in value);
  return isLivestream ? [parseActualLivestream(value)] : Object.values(value).flatMap(livestreamsIn);
}

/** The text of a state that a subscriber received. */
export function stateText({ livestream: { status, playbackUrl, name } }: LiveState): string {
  return JSON.stringify([status, playbackUrl, name]);
}

export function statusesOf(states: LiveState[]): string[] {
  return states.map((state) => state.livestream.status);
}

function parseOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted', { cause: reason });
}
