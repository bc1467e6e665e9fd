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
import type { Break, Latencies, Owner } from './actions.ts';
import { createSteppedClock, type SteppedClock } from './clock.ts';

/** What a meeting's active livestream was from a moment on, until the next such entry. */
export interface ActiveSince {
  /** The livestream's id; null: there was none. */
  id: string | null;
  seq: number;
  at: number;
}

/** One request on its way to the sandbox. */
export interface Message {
  method: Method;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** A way to a sandbox. */
export interface Connection {
  /** The API's, on this way. */
  baseUrl: string;
  /** Carries a request there and its answer back, at once. */
  exchange: (message: Message) => Promise<TransportResponse>;
}

/** A livestream as the sandbox has it. */
export interface True {
  id: string;
  status: string;
  name: string | null;
}

/** A sandbox with a network before it that takes its time, and a record of what was true when. */
export interface World {
  /** The API's. */
  baseUrl: string;
  clock: SteppedClock;
  sandbox: Sandbox;
  /** Some meetings, and those of their livestreams that are known of. */
  meetingIds: string[];
  livestreamIds: string[];
  transport: Transport;
  /** Numbers whatever happens, in its order. */
  next(): number;
  active(meetingId: string): readonly ActiveSince[];
  livestreamsOf(meetingId: string): Promise<True[]>;
  /** From now on what is sent takes its time. */
  trouble(): void;
  break(failure: Break): void;
  /** Nothing is slow or broken any more. */
  mend(): void;
}

/** So little that a few operations use it up; what is compared with the truth in the end needs 16 reads. */
const QUOTA = { limit: 24, windowSeconds: 60, lockoutSeconds: 60, enforced: true };

/** What tells the two apart upstream. */
export const TOKENS: Record<Owner, string> = { A: 'token-A', B: 'token-B' };

/** A world at its beginning; `latencies` hold while there is trouble. */
export async function createWorld(
  latencies: Latencies,
  connect: (sandbox: Sandbox) => Promise<Connection> | Connection,
): Promise<World> {
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
  let seq = 0;
  let sent = 0;
  let lookUps = 0;
  let network: Break | null = null;
  let isCalm = true;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other, so that nothing comes between a change and the look at what it changed. */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    busy += 1;
    const mine = last.then(work).finally(() => {
      busy -= 1;
    });
    last = mine.catch(() => null);
    return mine;
  }

  async function livestreamsOf(meetingId: string): Promise<True[]> {
    lookUps += 1;
    const url = `${baseUrl}/accounts/${APP.accountId}/realtime/kit/${APP.appId}/meetings/${meetingId}/livestream?per_page=100`;
    const { body } = await exchange({ method: 'GET', url, headers: { authorization: `Bearer look-up-${lookUps}` } });
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

  async function look(meetingId: string): Promise<void> {
    const active = (await livestreamsOf(meetingId)).find(({ status }) => status === 'LIVE' || status === 'INVOKED');
    const id = active?.id ?? null;
    const entries = actives.get(meetingId) ?? [];
    actives.set(meetingId, entries);
    if (entries.length > 0 && entries.at(-1)?.id === id) return;
    seq += 1;
    entries.push({ id, seq, at: clock.now() });
    if (id !== null && !livestreamIds.includes(id)) livestreamIds.push(id);
  }

  /** The sandbox's one app as the two credentials see it: every text of an answer tells whose it is. */
  async function arrive(request: TransportRequest): Promise<TransportResponse> {
    const owner = request.headers['authorization'] === `Bearer ${TOKENS.A}` ? 'A' : 'B';
    const body = request.body?.replace(`"name":"${owner}:`, '"name":"');
    try {
      const response = await exchange({ ...request, ...(body === undefined ? {} : { body }) });
      return { ...response, body: stamped(response.body, owner) };
    } finally {
      const [, meetingId] = /\/meetings\/([^/?]+)\//.exec(request.url) ?? [];
      if (request.method === 'POST' && meetingId !== undefined) await look(meetingId);
    }
  }

  const transport: Transport = (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    const [up, down] = isCalm ? [0, 0] : (latencies[sent % latencies.length] ?? [0, 0]);
    sent += 1;
    const failure = takeNetworkFailure();
    request.signal.addEventListener('abort', () => reject(asError(request.signal.reason)), { once: true });
    if (failure?.failure.kind === 'unconnected') {
      clock.after(up, () => reject(new TransportError('connect', 'No connection.')));
      return promise;
    }
    if (failure?.after === false) return promise;
    clock.after(up, () => {
      inTurn(() => arrive(request)).then(
        (response) => failure ?? clock.after(down, () => resolve(response)),
        () => failure ?? clock.after(down, () => reject(new TransportError('interrupted', 'The connection broke.'))),
      );
    });
    return promise;
  };

  /** The network knows no routes: it fails whatever is sent next. */
  function takeNetworkFailure(): Break | null {
    if (network === null || network.times === 0) return null;
    network = { ...network, times: network.times - 1 };
    return network;
  }

  for (const meetingId of meetingIds) await look(meetingId);
  return {
    baseUrl,
    clock,
    sandbox,
    meetingIds,
    livestreamIds,
    transport,
    next() {
      seq += 1;
      return seq;
    },
    active: (meetingId) => actives.get(meetingId) ?? [],
    livestreamsOf: async (meetingId) => inTurn(() => livestreamsOf(meetingId)),
    break(action) {
      const { failure, routes, times, after } = action;
      const { kind, ...rest } = failure;
      const isNetwork = kind === 'unanswered' || kind === 'unconnected';
      network = isNetwork ? action : null;
      const fault = { ...rest, times, after };
      sandbox.setFaults(isNetwork ? [] : routes.map((route) => Object.assign({ kind, route }, fault)));
    },
    trouble() {
      isCalm = false;
    },
    mend() {
      isCalm = true;
      network = null;
      sandbox.setFaults([]);
    },
  };
}

/** The way to a sandbox in the same process. */
export function connectInProcess(sandbox: Sandbox): Connection {
  return {
    baseUrl: 'http://sandbox/client/v4',
    async exchange({ method, url, headers, body }: Message) {
      const response = await sandbox.fetch(new Request(url, { method, headers, body: body ?? null }));
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    },
  };
}

function stamped(body: string, owner: Owner): string {
  return body
    .replaceAll(/"(name|title|stream_key|err_message)":"/g, `"$1":"${owner}:`)
    .replaceAll('"livestream_id":', `"err_message":"${owner}:","livestream_id":`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Left', { cause: reason });
}
