import type { Clock } from '../lib/clock.ts';
import { UpstreamError } from '../domain/errors.ts';
import { type Answer, invalidAnswer, readAnswer } from './envelope.ts';
import { withDeadline } from '../lib/timeout.ts';
import type { RequestContext } from './requestContext.ts';
import { createPace } from './throttle.ts';
import { type RequestSpan, startRequestSpan } from './requestSpan.ts';
import type { ApiPath } from './path.ts';
import { withRetry } from './retry.ts';
import { type Method, type Transport, TransportError, type TransportResponse } from './transport.ts';

/** The longest answer that is read: 8 MiB. */
const MOST_BODY_BYTES = 8 * 1024 * 1024;

/** Which app is served, and how patiently. */
export interface ClientSettings {
  /** Without a slash at its end. */
  baseUrl: string;
  accountId: string;
  appId: string;
  /** Milliseconds that one sending may take, its answer's body included. */
  attemptTimeout: number;
  /** Milliseconds that a request may take in all, with its repetitions and the waits between them. */
  totalTimeout: number;
  /** The most requests that may leave in any second; 0: no limit. */
  perSecond: number;
}

export interface ClientOptions extends ClientSettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1, for the backoff's jitter. */
  random: () => number;
}

/** Every method but the one that only reads. */
export type Change = Exclude<Method, 'GET'>;

export type Query = Readonly<Record<string, string | number | boolean | null>>;

/** Talks to the API. Every method rejects with a `GatewayError`, or with the signal's reason. */
export interface UpstreamClient {
  /** Sends a GET, again where that may help; null: nothing there. A null value of `query` is left out. */
  read: (operation: RequestContext, path: ApiPath, query?: Query) => Promise<Answer | null>;
  /**
   * Sends what changes something, by default a POST, once: it is repeated only when it never left. The operation's signal is none of
   * it: leaving undoes nothing. A DELETE has no body.
   */
  send: (operation: RequestContext, path: ApiPath, body?: unknown, method?: Change) => Promise<Answer | null>;
  /** What the newest answer's `Date` was ahead of the clock here, in milliseconds; 0 when none told. */
  clockSkew: () => number;
}

export function createClient(options: ClientOptions): UpstreamClient {
  const { clock, random, attemptTimeout, totalTimeout } = options;
  const base = `${options.baseUrl}/accounts/${options.accountId}/realtime/kit/${options.appId}`;
  const pace = createPace(options.perSecond, clock);
  let skew = 0;

  /** The policies, outermost first: the repetitions, then those of each sending. All has to be over within the total time. */
  async function request(
    operation: RequestContext,
    call: Call,
    signal: AbortSignal | undefined,
  ): Promise<Answer | null> {
    signal?.throwIfAborted();
    const endsAt = clock.now() + totalTimeout;
    return withRetry({ idempotent: call.method === 'GET', clock, random, signal, endsAt }, () =>
      sendOnce(operation, call, signal, endsAt),
    );
  }

  /** The account's budget, the operation's share, the pace, the deadline, the transport. */
  async function sendOnce(
    { account, report, priority, span: parent }: RequestContext,
    { method, route, url, body }: Call,
    signal: AbortSignal | undefined,
    endsAt: number,
  ): Promise<Answer | null> {
    const taken = account.budget.reserve(method === 'GET' ? priority : 'mutation');
    const spending = taken instanceof Promise ? await taken : taken;
    let hasLeft = false;
    let settled = (_status: number | null): void => {};
    let span: RequestSpan | undefined;
    try {
      // What a mutation has begun is settled, whatever it cost.
      settled = report.recordRequest(method, route, method === 'GET' && priority === 'mutation');
      span = startRequestSpan(parent, method, route);
      const turn = paced(signal, endsAt);
      if (turn !== undefined) await turn;
      const headers = {
        ...(body === undefined ? ACCEPT : ACCEPT_AND_TELL),
        authorization: `Bearer ${account.token}`,
        ...span?.headers,
      };
      const request = { method, url, headers, maxBodyBytes: MOST_BODY_BYTES, ...(body === undefined ? {} : { body }) };
      const timeLeft = endsAt - clock.now();
      const expired = (): UpstreamError => unanswered(timeLeft < attemptTimeout ? totalTimeout : attemptTimeout);
      const response = await withDeadline(
        { milliseconds: Math.min(attemptTimeout, timeLeft), clock, signal, expired },
        (attempt) => {
          hasLeft = true;
          return options.transport({ ...request, signal: attempt });
        },
      ).catch(translate);
      settled(response.status);
      span?.answered(response.status);
      if (response.status === 401) account.revoke();
      spending.commit(response);
      skew = skewOf(response, clock) ?? skew;
      return readAnswer(response, [account.token, options.accountId, options.appId]);
    } catch (error) {
      if (error instanceof UpstreamError && error.fate === 'unsent') hasLeft = false;
      spending.release(hasLeft);
      settled(null);
      span?.failed(error);
      throw error;
    }
  }

  /** Waits for its turn, where there is one to wait for. */
  function paced(signal: AbortSignal | undefined, endsAt: number): Promise<void> | undefined {
    const turn = pace(signal);
    const expired = (): UpstreamError => unsent(totalTimeout);
    return turn && withDeadline({ milliseconds: endsAt - clock.now(), clock, signal, expired }, () => turn);
  }

  return {
    read: async (operation, { path, route }, query = {}) =>
      operation.runLimited(async () =>
        request(operation, { method: 'GET', route, url: base + path + search(query) }, operation.signal),
      ),
    send: async (operation, { path, route }, body = {}, method = 'POST') => {
      const call = { method, route, url: base + path };
      return request(operation, method === 'DELETE' ? call : { ...call, body: JSON.stringify(body) }, undefined);
    },
    clockSkew: () => skew,
  };
}

const ACCEPT = { accept: 'application/json' };
/** For a request that has a body. */
const ACCEPT_AND_TELL = { ...ACCEPT, 'content-type': 'application/json' };

/** One request to be sent. */
interface Call {
  method: Method;
  route: string;
  url: string;
  body?: string;
}

function search(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function unanswered(milliseconds: number): UpstreamError {
  return new UpstreamError('lost', 'UPSTREAM_TIMEOUT', `RealtimeKit did not answer within ${milliseconds / 1000} s.`);
}

function unsent(milliseconds: number): UpstreamError {
  const words = `The request could not be sent to RealtimeKit within ${milliseconds / 1000} s.`;
  return new UpstreamError('unsent', 'UPSTREAM_TIMEOUT', words);
}

function translate(error: unknown): never {
  if (!(error instanceof TransportError)) throw error;
  if (error.failure === 'too-large') throw invalidAnswer('it is longer than 8 MiB');
  const [fate, words] =
    error.failure === 'connect'
      ? (['unsent', 'RealtimeKit cannot be reached: no connection came about.'] as const)
      : (['lost', 'The connection to RealtimeKit broke before its answer was complete.'] as const);
  throw new UpstreamError(fate, 'UPSTREAM_UNAVAILABLE', words, { cause: error });
}

function skewOf(response: TransportResponse, clock: Clock): number | null {
  const date = Date.parse(response.headers['date'] ?? '');
  return Number.isNaN(date) ? null : date - clock.now();
}
