import type { Clock } from '../clock.ts';
import { UpstreamError } from '../errors.ts';
import { type Answer, invalidAnswer, readAnswer } from './answer.ts';
import { withDeadline } from './deadline.ts';
import type { ApiPath } from './path.ts';
import { withRetry } from './retry.ts';
import { type Transport, TransportError, type TransportRequest, type TransportResponse } from './transport.ts';

/** The longest answer that is read: 8 MiB. */
const MOST_BODY_BYTES = 8 * 1024 * 1024;

/** Which app is served, with which credential, and how patiently. */
export interface UpstreamSettings {
  /** Without a slash at its end. */
  baseUrl: string;
  accountId: string;
  appId: string;
  token: string;
  /** Milliseconds that one sending may take, its answer's body included. */
  attemptTimeout: number;
  /** Milliseconds that a request may take in all, with its repetitions and the waits between them. */
  totalTimeout: number;
}

export interface ClientOptions extends UpstreamSettings {
  transport: Transport;
  clock: Clock;
  /** From 0 to 1, for the backoff's jitter. */
  random: () => number;
}

export type Query = Readonly<Record<string, string | number | boolean | null>>;

/** Talks to the API. Every method rejects with an `UpstreamError`, or with the signal's reason. */
export interface UpstreamClient {
  /** Sends a GET, again where that may help; null: nothing there. A null value of `query` is left out. */
  read: (path: ApiPath, query?: Query, signal?: AbortSignal) => Promise<Answer | null>;
  /** Sends a POST, once: it is repeated only when no connection came about. It has no signal, since leaving does not undo it. */
  send: (path: ApiPath, body?: unknown) => Promise<Answer | null>;
  /** What the newest answer's `Date` was ahead of the clock here, in milliseconds; 0 when none told. */
  clockSkew: () => number;
}

export function createClient(options: ClientOptions): UpstreamClient {
  const { clock, random, token, attemptTimeout, totalTimeout } = options;
  const base = `${options.baseUrl}/accounts/${options.accountId}/realtime/kit/${options.appId}`;
  const secrets = [token, options.accountId, options.appId];
  let skew = 0;

  /** The policies, outermost first: the total deadline, the repetitions, each sending's deadline, the transport. */
  async function request(call: Call, signal?: AbortSignal): Promise<Answer | null> {
    return withDeadline({ milliseconds: totalTimeout, clock, signal, expired: timeout(totalTimeout) }, (total) =>
      withRetry({ idempotent: call.method === 'GET', clock, random, signal: total }, () =>
        withDeadline(
          { milliseconds: attemptTimeout, clock, signal: total, expired: timeout(attemptTimeout) },
          (attempt) => exchange(call, attempt),
        ),
      ),
    );
  }

  async function exchange(call: Call, signal: AbortSignal): Promise<Answer | null> {
    const response = await options.transport({ ...call, signal, maxBodyBytes: MOST_BODY_BYTES }).catch(translate);
    skew = skewOf(response, clock) ?? skew;
    return readAnswer(response, secrets);
  }

  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return {
    read: async ({ path }, query = {}, signal) =>
      request({ method: 'GET', url: base + path + search(query), headers }, signal),
    send: async ({ path }, body = {}) =>
      request({
        method: 'POST',
        url: base + path,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    clockSkew: () => skew,
  };
}

type Call = Omit<TransportRequest, 'signal' | 'maxBodyBytes'>;

function search(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function timeout(milliseconds: number): () => UpstreamError {
  const words = `RealtimeKit did not answer within ${milliseconds / 1000} s.`;
  return () => new UpstreamError('lost', 'UPSTREAM_TIMEOUT', words);
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
