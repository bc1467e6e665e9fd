import {
  createLiveSubscriptions,
  DEFAULT_LIVE_LIMITS,
  type LiveLimits,
  type LiveSubscriptions,
} from '../../src/live/subscriptions.ts';
import type { LiveState, SubscriptionTarget } from '../../src/live/types.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { DEFAULT_CACHING, type CachingSettings } from '../../src/data/cachingSettings.ts';
import { type Transport, TransportError, type TransportResponse } from '../../src/realtimekit/transport.ts';
import { createDataSource, type DataSource } from '../../src/data/dataSource.ts';
import { at, rowsOf } from '../support/gateway.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';
import { connectInProcess } from '../support/model/world.ts';
import { APP } from '../support/upstream.ts';

export const TOKEN = 'token-of-the-gateway';
export const EVERYTHING: SubscriptionTarget = { livestreamId: null, meetingId: null };
export const livestream = (livestreamId: string): SubscriptionTarget => ({ livestreamId, meetingId: null });
export const meeting = (meetingId: string): SubscriptionTarget => ({ livestreamId: null, meetingId });

/** `connect`: no connection comes about; `hang`: nothing is ever answered. */
export type Outage = 'connect' | 'hang';

export interface LiveWorldOptions {
  settings?: SettingsPatch;
  caching?: Partial<CachingSettings>;
  limits?: Partial<LiveLimits>;
  /** How many gateways share a store; by default the one shares nothing. */
  replicas?: number;
  /** Of each request, in milliseconds: on the way there, and on the way back. */
  latency?: () => [up: number, down: number];
}

/** Somebody who watches, and reads as soon as there is something, unless it is slow: then only when told to. */
export interface Viewer {
  target: SubscriptionTarget;
  states: LiveState[];
  failure: unknown;
  isOver: boolean;
  /** The ids and what was seen last of them. */
  last(): Map<string, LiveState>;
  leave(): Promise<void>;
  /** A slow one reads whatever waits. */
  hasten(): void;
}

/** The core of subscriptions over a sandbox in the same process, on one clock. */
export async function createLiveWorld(options: LiveWorldOptions = {}) {
  let busy = 0;
  let lookUps = 0;
  let outage: Outage | null = null;
  let sessionsHang = false;
  const sent: string[] = [];
  const clock = createSteppedClock(() => busy > 0);
  const sandbox = createSandbox({ clock, settings: options.settings ?? {} });
  const { baseUrl, exchange } = connectInProcess(sandbox);
  const root = `${baseUrl}/accounts/${APP.accountId}/realtime/kit/${APP.appId}`;
  const latency = options.latency ?? (() => [0, 0]);

  function after(milliseconds: number, callback: () => void): void {
    if (milliseconds === 0) callback();
    else clock.after(milliseconds, callback);
  }

  const transport: Transport = (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    sent.push(`${request.method} ${request.url.slice(root.length)}`);
    request.signal.addEventListener('abort', () => reject(asError(request.signal.reason)), { once: true });
    const [up, down] = latency();
    const broken = outage;
    const isLost = broken === 'hang' || (sessionsHang && request.url.endsWith('active-livestream-session'));
    if (isLost) return promise;
    after(up, () => {
      if (broken === 'connect') return reject(new TransportError('connect', 'No connection.'));
      busy += 1;
      exchange(request)
        .then(
          (response) => after(down, () => resolve(response)),
          () => reject(new TransportError('interrupted', 'The connection broke.')),
        )
        .finally(() => {
          busy -= 1;
        });
      return undefined;
    });
    return promise;
  };

  const store = createMemoryStore({ clock, minReplicas: options.replicas ?? 1 });

  function gateway(own: MemoryReplica | null = null): { upstream: DataSource; watch: LiveSubscriptions } {
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
      cluster: own && { store: own, prefix: 'app ' },
    });
    const ttl = options.caching?.ttl ?? DEFAULT_CACHING.ttl;
    const limits = { ...DEFAULT_LIVE_LIMITS, ...options.limits };
    return { upstream: dataSource, watch: createLiveSubscriptions({ dataSource, clock, ttl, limits }) };
  }

  const stores = Array.from({ length: options.replicas ?? 0 }, (_, index) => store.connect({ clockAheadMs: index }));
  const replicas = stores.map((own) => Object.assign(gateway(own), { store: own }));
  const { upstream, watch } = replicas[0] ?? gateway();
  const account = await upstream.account(TOKEN);

  async function rest(path: string, method: 'GET' | 'POST' = 'GET'): Promise<unknown> {
    lookUps += 1;
    busy += 1;
    // Faults are meant for the gateway.
    const { faults } = sandbox.overview();
    sandbox.fail([]);
    const headers = { authorization: `Bearer somebody-${lookUps}`, 'content-type': 'application/json' };
    // By its name a start of ours whose answer was lost can tell that this is not what came of it.
    const body = method === 'POST' ? { body: JSON.stringify({ name: 'Started elsewhere' }) } : {};
    const response = await exchange({ method, url: root + path, headers, ...body }).finally(() => {
      busy -= 1;
      sandbox.fail(faults);
    });
    return at(JSON.parse(response.body), 'data');
  }

  return {
    clock,
    transport,
    baseUrl,
    sandbox,
    samples: sandbox.samples,
    upstream,
    watch,
    account,
    gateway: () => gateway(),
    /** Those that share a store; the first of them is `upstream` and `watch`. */
    replicas,
    pass: async (milliseconds: number) => clock.pass(milliseconds),
    /** Requests of the gateway since `forget`. */
    sent: () => [...sent],
    forget: () => void sent.splice(0),
    break(kind: Outage | null) {
      outage = kind;
    },
    /** From now on nothing about running sessions is answered. */
    hangSessions(hang: boolean) {
      sessionsHang = hang;
    },
    /** By the gateway itself. */
    async startHere(meetingId: string, by = account): Promise<void> {
      const operation = upstream.operation(by, new AbortController().signal, () => {});
      await upstream.mutations.start(operation, { meetingId, name: 'Started here', video: null });
    },
    async stopHere(meetingId: string, by = account): Promise<void> {
      await upstream.mutations.stop(
        upstream.operation(by, new AbortController().signal, () => {}),
        meetingId,
      );
    },
    /** Past the gateway. */
    async start(meetingId: string): Promise<string> {
      return String(at(await rest(`/meetings/${meetingId}/livestreams`, 'POST'), 'id'));
    },
    async stop(meetingId: string): Promise<void> {
      await rest(`/meetings/${meetingId}/active-livestream/stop`, 'POST');
    },
    /** All livestreams as they are. */
    async truth(): Promise<Look[]> {
      const { livestreams } = sandbox.overview().counts;
      const pages = Array.from({ length: Math.ceil(livestreams / 100) }, (_, page) => page + 1);
      const read = async (page: number): Promise<unknown> => rest(`/livestreams?per_page=100&page_no=${page}`);
      return (await Promise.all(pages.map(read))).flatMap(rowsOf).map((row) => lookOf(row));
    },
    async truthOf(meetingId: string): Promise<Look[]> {
      const rows = rowsOf(at(await rest(`/meetings/${meetingId}/livestream?per_page=100`), 'livestreams'));
      return rows.map((row) => lookOf(row, meetingId));
    },
    /** What the REST API itself says. */
    rest: async (path: string) => rest(path),
    async sessionOf(id: string): Promise<string | null> {
      const session = at(await rest(`/livestreams/${id}/active-livestream-session`), 'session', 'id');
      return typeof session === 'string' ? session : null;
    },
    async view(
      target: SubscriptionTarget,
      { isSlow = false, by = account, caller = 'caller', from = watch } = {},
    ): Promise<Viewer> {
      return viewerOf(await from.subscribe(by, caller, target, new AbortController().signal), target, isSlow);
    },
    accountOf: async (token: string) => upstream.account(token),
  };
}

export type LiveWorld = Awaited<ReturnType<typeof createLiveWorld>>;

function viewerOf(iterator: AsyncIterableIterator<LiveState>, target: SubscriptionTarget, isSlow: boolean): Viewer {
  const viewer: Viewer = {
    target,
    states: [],
    failure: null,
    isOver: false,
    last: () => new Map(viewer.states.map((state) => [state.livestream.id, state])),
    async leave() {
      await iterator.return?.();
    },
    hasten() {
      isSlow = false;
      void read();
    },
  };
  async function read(): Promise<void> {
    try {
      for await (const state of iterator) viewer.states.push(state);
    } catch (error) {
      viewer.failure = error;
    }
    viewer.isOver = true;
  }
  if (!isSlow) void read();
  return viewer;
}

/** What readers are told of, of one livestream. */
export interface Look {
  id: string;
  meetingId: string | null;
  text: string;
  isActive: boolean;
}

export function lookOf(row: unknown, of: string | null = null): Look {
  const meetingId = at(row, 'meeting_id') ?? of;
  const status = String(at(row, 'status'));
  return {
    id: String(at(row, 'id')),
    meetingId: typeof meetingId === 'string' ? meetingId : null,
    text: JSON.stringify([status, at(row, 'playback_url') ?? null, at(row, 'name') ?? null]),
    isActive: status === 'LIVE' || status === 'INVOKED',
  };
}

/** The same of what a reader was told. */
export function textOf({ livestream: { status, playbackUrl, name } }: LiveState): string {
  return JSON.stringify([status, playbackUrl, name]);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Left', { cause: reason });
}
