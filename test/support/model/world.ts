import { createSandbox, type Sandbox } from '../../../src/sandbox/sandbox.ts';
import {
  type Method,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '../../../src/realtimekit/transport.ts';
import { at, asArray } from '../gateway.ts';
import { APP } from '../upstream.ts';
import type { FaultAction, Latencies, Credential } from './actions.ts';
import { createSteppedClock, type SteppedClock } from './clock.ts';

/** A meeting's active livestream from this time until the next entry. */
export interface ActiveSince {
  /** The livestream's id, or null if none was active. */
  id: string | null;
  sequence: number;
  at: number;
}

export interface SandboxRequest {
  method: Method;
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

/** A connection to a sandbox. */
export interface SandboxConnection {
  /** The base URL of the API. */
  baseUrl: string;
  /** Sends a request and resolves with the response, without latency. */
  exchange: (request: SandboxRequest) => Promise<TransportResponse>;
}

/** A livestream's state in the sandbox. */
export interface ActualLivestream {
  id: string;
  status: string;
  name: string | null;
}

/** A sandbox behind a network with latency, with a record of its state at any time. */
export interface ModelWorld {
  /** The base URL of the API. */
  baseUrl: string;
  clock: SteppedClock;
  sandbox: Sandbox;
  /** Some meetings, and their known livestreams. */
  meetingIds: string[];
  livestreamIds: string[];
  transport: Transport;
  /** Numbers events in their order. */
  nextSequence(): number;
  activeHistory(meetingId: string): readonly ActiveSince[];
  livestreamsOf(meetingId: string): Promise<ActualLivestream[]>;
  /** From now on, requests have latency. */
  startDisturbances(): void;
  injectFault(fault: FaultAction): void;
  /** From now on, requests have no latency and do not fail. */
  endDisturbances(): void;
}

/** Few enough for some operations to exhaust. The comparison at the end needs 16 reads. */
const QUOTA = { limit: 24, windowSeconds: 60, lockoutSeconds: 60, enforced: true };

/** Upstream distinguishes the credentials by their tokens. */
export const TOKENS: Record<Credential, string> = { A: 'token-A', B: 'token-B' };

/** Starts a world. `latencies` apply between `startDisturbances` and `endDisturbances`. */
export async function createModelWorld(
  latencies: Latencies,
  connect: (sandbox: Sandbox) => Promise<SandboxConnection> | SandboxConnection,
): Promise<ModelWorld> {
  let busy = 0;
  const clock = createSteppedClock(() => busy > 0);
  const settings = { quota: QUOTA, nameDelayMs: 1500, responseFormats: { updatedAt: 'now' } } as const;
  const sandbox = createSandbox({ clock, settings });
  const { baseUrl, exchange } = await connect(sandbox);
  const { exampleIds } = sandbox;
  const meetingIds = [
    exampleIds.liveMeetingId,
    exampleIds.idleMeetingId,
    exampleIds.emptyMeetingId,
    exampleIds.invokedMeetingId,
  ];
  const livestreamIds = [
    exampleIds.liveLivestreamId,
    exampleIds.idleLivestreamId,
    exampleIds.invokedLivestreamId,
    exampleIds.erroredLivestreamId,
  ];
  const actives = new Map<string, ActiveSince[]>();
  let sequence = 0;
  let sentCount = 0;
  let lookupCount = 0;
  let networkFault: FaultAction | null = null;
  let isCalm = true;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after all earlier work, so that nothing comes between a change and the read of what changed. */
  async function serialize<T>(work: () => Promise<T>): Promise<T> {
    busy += 1;
    const result = last.then(work).finally(() => {
      busy -= 1;
    });
    last = result.catch(() => null);
    return result;
  }

  async function livestreamsOf(meetingId: string): Promise<ActualLivestream[]> {
    lookupCount += 1;
    const url = `${baseUrl}/accounts/${APP.accountId}/realtime/kit/${APP.appId}/meetings/${meetingId}/livestream?per_page=100`;
    const { body } = await exchange({ method: 'GET', url, headers: { authorization: `Bearer lookup-${lookupCount}` } });
    const parsed: unknown = JSON.parse(body);
    return asArray(at(parsed, 'data', 'livestreams')).map((row) => {
      const name = at(row, 'name');
      return {
        id: String(at(row, 'id')),
        status: String(at(row, 'status')),
        name: typeof name === 'string' ? name : null,
      };
    });
  }

  async function recordActive(meetingId: string): Promise<void> {
    const active = (await livestreamsOf(meetingId)).find(({ status }) => status === 'LIVE' || status === 'INVOKED');
    const id = active?.id ?? null;
    const entries = actives.get(meetingId) ?? [];
    actives.set(meetingId, entries);
    if (entries.length > 0 && entries.at(-1)?.id === id) return;
    sequence += 1;
    entries.push({ id, sequence, at: clock.now() });
    if (id !== null && !livestreamIds.includes(id)) livestreamIds.push(id);
  }

  /** Sends a request to the sandbox, and prefixes every text of the response with the credential. */
  async function deliver(request: TransportRequest): Promise<TransportResponse> {
    const credential = request.headers['authorization'] === `Bearer ${TOKENS.A}` ? 'A' : 'B';
    const body = request.body?.replace(`"name":"${credential}:`, '"name":"');
    try {
      const response = await exchange({ ...request, ...(body === undefined ? {} : { body }) });
      return { ...response, body: markWith(credential, response.body) };
    } finally {
      const [, meetingId] = /\/meetings\/([^/?]+)\//.exec(request.url) ?? [];
      if (request.method === 'POST' && meetingId !== undefined) await recordActive(meetingId);
    }
  }

  const transport: Transport = (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    const [up, down] = isCalm ? [0, 0] : (latencies[sentCount % latencies.length] ?? [0, 0]);
    sentCount += 1;
    const fault = takeNetworkFault();
    request.signal.addEventListener('abort', () => reject(asError(request.signal.reason)), { once: true });
    if (fault?.failure.kind === 'no-connection') {
      clock.after(up, () => reject(new TransportError('connect', 'No connection.')));
      return promise;
    }
    if (fault?.isExecuted === false) return promise;
    clock.after(up, () => {
      serialize(() => deliver(request)).then(
        (response) => fault ?? clock.after(down, () => resolve(response)),
        () => fault ?? clock.after(down, () => reject(new TransportError('interrupted', 'The connection broke.'))),
      );
    });
    return promise;
  };

  /** A network fault hits the next request, whatever its route. */
  function takeNetworkFault(): FaultAction | null {
    if (networkFault === null || networkFault.times === 0) return null;
    networkFault = { ...networkFault, times: networkFault.times - 1 };
    return networkFault;
  }

  for (const meetingId of meetingIds) await recordActive(meetingId);
  return {
    baseUrl,
    clock,
    sandbox,
    meetingIds,
    livestreamIds,
    transport,
    nextSequence() {
      sequence += 1;
      return sequence;
    },
    activeHistory: (meetingId) => actives.get(meetingId) ?? [],
    livestreamsOf: async (meetingId) => serialize(() => livestreamsOf(meetingId)),
    injectFault(action) {
      const { failure, routes, times, isExecuted } = action;
      const { kind, ...rest } = failure;
      const isNetwork = kind === 'no-response' || kind === 'no-connection';
      networkFault = isNetwork ? action : null;
      const fault = { ...rest, times, after: isExecuted };
      sandbox.setFaults(isNetwork ? [] : routes.map((route) => Object.assign({ kind, route }, fault)));
    },
    startDisturbances() {
      isCalm = false;
    },
    endDisturbances() {
      isCalm = true;
      networkFault = null;
      sandbox.setFaults([]);
    },
  };
}

/** Connects to a sandbox in the same process, without HTTP. */
export function connectInProcess(sandbox: Sandbox): SandboxConnection {
  return {
    baseUrl: 'http://sandbox/client/v4',
    async exchange({ method, url, headers, body }: SandboxRequest) {
      const response = await sandbox.fetch(new Request(url, { method, headers, body: body ?? null }));
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    },
  };
}

function markWith(credential: Credential, body: string): string {
  return body
    .replaceAll(/"(name|title|stream_key|err_message)":"/g, `"$1":"${credential}:`)
    .replaceAll('"livestream_id":', `"err_message":"${credential}:","livestream_id":`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The caller disconnected.', { cause: reason });
}
