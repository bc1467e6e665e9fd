import type { Clock } from '../lib/clock.ts';
import { UpstreamError } from '../domain/errors.ts';
import { type Envelope, invalidResponse, unwrapResponse } from './envelope.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { RequestContext } from './requestContext.ts';
import { createTokenBucket } from './throttle.ts';
import { type RequestSpan, startRequestSpan } from './requestSpan.ts';
import type { ApiPath } from './path.ts';
import { withRetry } from './retry.ts';
import { type Method, type Transport, TransportError, type TransportResponse } from './transport.ts';

/** The longest answer that is read: 8 MiB. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Which app is served, and how patiently. */
export interface ClientSettings {
  /** Without a slash at its end. */
  baseUrl: string;
  accountId: string;
  appId: string;
  /** Milliseconds that one sending may take, its answer's body included. */
  attemptTimeoutMs: number;
  /** Milliseconds that a request may take in all, with its repetitions and the waits between them. */
  totalTimeoutMs: number;
  /** The most requests that may leave in any second; 0: no limit. */
  requestsPerSecond: number;
}

export interface ClientOptions extends ClientSettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1, for the backoff's jitter. */
  random: () => number;
}

/** Every method but the one that only reads. */
export type WriteMethod = Exclude<Method, 'GET'>;

export type QueryParameters = Readonly<Record<string, string | number | boolean | null>>;

/** Talks to the API. Every method rejects with a `GatewayError`, or with the signal's reason. */
export interface RealtimeKitClient {
  /** Sends a GET, again where that may help; null: nothing there. A null value of `query` is left out. */
  get: (operation: RequestContext, path: ApiPath, query?: QueryParameters) => Promise<Envelope | null>;
  /**
   * Sends what changes something, by default a POST, once: it is repeated only when it never left. The operation's signal is none of
   * it: leaving undoes nothing. A DELETE has no body.
   */
  mutate: (operation: RequestContext, path: ApiPath, body?: unknown, method?: WriteMethod) => Promise<Envelope | null>;
  /** What the newest answer's `Date` was ahead of the clock here, in milliseconds; 0 when none told. */
  clockSkew: () => number;
}

export function createClient(options: ClientOptions): RealtimeKitClient {
  const { clock, random, attemptTimeoutMs, totalTimeoutMs } = options;
  const base = `${options.baseUrl}/accounts/${options.accountId}/realtime/kit/${options.appId}`;
  const pace = createTokenBucket(options.requestsPerSecond, clock);
  let skew = 0;

  /** The policies, outermost first: the repetitions, then those of each sending. All has to be over within the total time. */
  async function request(
    operation: RequestContext,
    call: ApiRequest,
    signal: AbortSignal | undefined,
  ): Promise<Envelope | null> {
    signal?.throwIfAborted();
    const deadline = clock.now() + totalTimeoutMs;
    return withRetry({ idempotent: call.method === 'GET', clock, random, signal, deadline }, () =>
      sendOnce(operation, call, signal, deadline),
    );
  }

  /** The account's budget, the operation's share, the pace, the deadline, the transport. */
  async function sendOnce(
    { account, report, priority, span: parent }: RequestContext,
    { method, route, url, body }: ApiRequest,
    signal: AbortSignal | undefined,
    endsAt: number,
  ): Promise<Envelope | null> {
    const taken = account.budget.reserve(method === 'GET' ? priority : 'mutation');
    const spending = taken instanceof Promise ? await taken : taken;
    let wasSent = false;
    let settled = (_status: number | null): void => {};
    let span: RequestSpan | undefined;
    try {
      // What a mutation has begun is settled, whatever it cost.
      settled = report.recordRequest(method, route, method === 'GET' && priority === 'mutation');
      span = startRequestSpan(parent, method, route);
      const turn = paced(signal, endsAt);
      if (turn !== undefined) await turn;
      const headers = {
        ...(body === undefined ? ACCEPT_HEADERS : JSON_HEADERS),
        authorization: `Bearer ${account.token}`,
        ...span?.headers,
      };
      const request = { method, url, headers, maxBodyBytes: MAX_BODY_BYTES, ...(body === undefined ? {} : { body }) };
      const timeLeft = endsAt - clock.now();
      const createError = (): UpstreamError =>
        timeoutError(timeLeft < attemptTimeoutMs ? totalTimeoutMs : attemptTimeoutMs);
      const response = await withTimeout(
        { timeoutMs: Math.min(attemptTimeoutMs, timeLeft), clock, signal, createError },
        (attempt) => {
          wasSent = true;
          return options.transport({ ...request, signal: attempt });
        },
      ).catch(translate);
      settled(response.status);
      span?.endWithStatus(response.status);
      if (response.status === 401) account.revoke();
      spending.commit(response);
      skew = skewOf(response, clock) ?? skew;
      return unwrapResponse(response, [account.token, options.accountId, options.appId]);
    } catch (error) {
      if (error instanceof UpstreamError && error.outcome === 'notSent') wasSent = false;
      spending.release(wasSent);
      settled(null);
      span?.endWithError(error);
      throw error;
    }
  }

  /** Waits for its turn, where there is one to wait for. */
  function paced(signal: AbortSignal | undefined, endsAt: number): Promise<void> | undefined {
    const turn = pace(signal);
    const createError = (): UpstreamError => notSentError(totalTimeoutMs);
    return turn && withTimeout({ timeoutMs: endsAt - clock.now(), clock, signal, createError }, () => turn);
  }

  return {
    get: async (operation, { path, route }, query = {}) =>
      operation.runLimited(async () =>
        request(operation, { method: 'GET', route, url: base + path + search(query) }, operation.signal),
      ),
    mutate: async (operation, { path, route }, body = {}, method = 'POST') => {
      const call = { method, route, url: base + path };
      return request(operation, method === 'DELETE' ? call : { ...call, body: JSON.stringify(body) }, undefined);
    },
    clockSkew: () => skew,
  };
}

const ACCEPT_HEADERS = { accept: 'application/json' };
/** For a request that has a body. */
const JSON_HEADERS = { ...ACCEPT_HEADERS, 'content-type': 'application/json' };

/** One request to be sent. */
interface ApiRequest {
  method: Method;
  route: string;
  url: string;
  body?: string;
}

function search(query: QueryParameters): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function timeoutError(milliseconds: number): UpstreamError {
  return new UpstreamError(
    'unknown',
    'UPSTREAM_TIMEOUT',
    `RealtimeKit did not answer within ${milliseconds / 1000} s.`,
  );
}

function notSentError(milliseconds: number): UpstreamError {
  const words = `The request could not be sent to RealtimeKit within ${milliseconds / 1000} s.`;
  return new UpstreamError('notSent', 'UPSTREAM_TIMEOUT', words);
}

function translate(error: unknown): never {
  if (!(error instanceof TransportError)) throw error;
  if (error.failure === 'too-large') throw invalidResponse('it is longer than 8 MiB');
  const [fate, words] =
    error.failure === 'connect'
      ? (['notSent', 'RealtimeKit cannot be reached: no connection came about.'] as const)
      : (['unknown', 'The connection to RealtimeKit broke before its answer was complete.'] as const);
  throw new UpstreamError(fate, 'UPSTREAM_UNAVAILABLE', words, { cause: error });
}

function skewOf(response: TransportResponse, clock: Clock): number | null {
  const date = Date.parse(response.headers['date'] ?? '');
  return Number.isNaN(date) ? null : date - clock.now();
}
