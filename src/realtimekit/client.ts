import {
  type FailureReason,
  GatewayError,
  isTokenRejected,
  type RequestOutcome,
  UpstreamError,
} from '../domain/errors.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { toError, withTimeout } from '../lib/timeout.ts';
import type { Span, SpanOutcome } from '../telemetry/tracer.ts';
import { type Envelope, invalidResponse, unwrapResponse } from './envelope.ts';
import type { RecordedCall, RequestContext } from './requestContext.ts';
import { createTokenBucket } from './requestsPerSecond.ts';
import type { ApiPath } from './path.ts';
import { withRetry } from './retry.ts';
import {
  type Method,
  type Transport,
  TransportError,
  type TransportFailure,
  type TransportResponse,
} from './transport.ts';
import { reasonOf } from './upstreamStatus.ts';

/** 8 MiB; a longer response body is rejected. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Retries after the first attempt. */
const MAX_RETRIES = 2;

/** Which RealtimeKit app to call, and the limits on each request. */
export interface ClientSettings {
  /** Without a trailing slash. */
  baseUrl: string;
  accountId: string;
  appId: string;
  /** Timeout of one attempt, from sending the request to the end of the response body. */
  attemptTimeoutMs: number;
  /** Timeout of a request with all of its retries and the delays between them. */
  totalTimeoutMs: number;
  /** Maximum number of requests sent in any one second; 0 for no limit. */
  requestsPerSecond: number;
  /** Whether tokens are the callers', so that a rejected one is not the operator's to fix. Default: false. */
  passthrough?: boolean;
}

export interface ClientOptions extends ClientSettings {
  transport: Transport;
  clock: Clock;
  /** Returns a number from 0 to 1, for the jitter of the backoff. */
  random: () => number;
  /** Called for each response (null), and for each request that failed for a reason that the operator can fix. */
  onOutcome?: ((reason: FailureReason | null) => void) | undefined;
}

/** Query parameters by name. Those that are null are left out. */
export type QueryParameters = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The HTTP client of RealtimeKit. Its methods return the content of the response, or null for "not found" (404). They reject with
 * a `GatewayError`, or with the reason of the context's signal.
 */
export type RealtimeKitClient = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const { clock, random, attemptTimeoutMs, totalTimeoutMs, passthrough = false, onOutcome = () => {} } = options;
  const appUrl = `${options.baseUrl}/accounts/${options.accountId}/realtime/kit/${options.appId}`;
  const throttle = createTokenBucket(options.requestsPerSecond, clock);
  let clockSkewMs = 0;

  /** Sends a request, with retries; the total timeout covers all attempts. */
  function send(
    context: RequestContext,
    request: ApiRequest,
    signal: CancellationSignal | undefined,
    maxRetries = MAX_RETRIES,
  ): Promise<Envelope | null> {
    if (signal?.aborted === true) return Promise.reject(toError(signal.reason));
    const endsAt = clock.now() + totalTimeoutMs;
    const idempotent = request.method === 'GET';
    return withRetry({ idempotent, maxRetries, clock, random, signal, endsAt, onFailure }, () =>
      attempt(context, request, signal, endsAt),
    );
  }

  /**
   * One attempt. In this order: reserves it in the account's budget, counts it against the operation's limit, waits for the
   * throttle, and sends it with a timeout.
   */
  async function attempt(
    { account, report, priority, span: parentSpan }: RequestContext,
    { method, route, url, body }: ApiRequest,
    signal: CancellationSignal | undefined,
    endsAt: number,
  ): Promise<Envelope | null> {
    const reserved = account.budget.reserve(method === 'GET' ? priority : 'mutation');
    const reservation = reserved instanceof Promise ? await reserved : reserved;
    let wasSent = false;
    let call: RecordedCall | undefined;
    let span: Span | undefined;
    try {
      // Reads that settle the outcome of a mutation are exempt from the operation's limit: the mutation has already been sent.
      call = report.recordRequest(method, route, method === 'GET' && priority === 'mutation');
      // The route, never the URL.
      span = parentSpan?.start(`${method} ${route}`, 'client', {
        'http.request.method': method,
        'url.template': route,
      });
      const throttled = waitForThrottle(signal, endsAt);
      if (throttled !== undefined) await throttled;
      const headers: Record<string, string> = { accept: 'application/json', authorization: `Bearer ${account.token}` };
      if (body !== undefined) headers['content-type'] = 'application/json';
      if (span !== undefined) headers['traceparent'] = span.traceparent;
      const remainingMs = endsAt - clock.now();
      const timeoutMs = Math.min(attemptTimeoutMs, remainingMs);
      const createError = (): UpstreamError =>
        timeoutError(remainingMs < attemptTimeoutMs ? totalTimeoutMs : attemptTimeoutMs);
      const response = await withTimeout({ timeoutMs, clock, signal, createError }, (attemptSignal) => {
        wasSent = true;
        return options.transport({ method, url, headers, body, maxBodyBytes: MAX_BODY_BYTES, signal: attemptSignal });
      });
      call.settle(response.status);
      span?.end(spanOutcomeOf(response));
      reservation.commit(response);
      clockSkewMs = clockSkewOf(response, clock) ?? clockSkewMs;
      onOutcome(null);
      return unwrapResponse(response, {
        secrets: [account.token, options.accountId, options.appId],
        isCallersToken: passthrough,
        isCollection: !route.includes('{id}'),
      });
    } catch (error) {
      const failure = toUpstreamError(error);
      reservation.release(wasSent && !(failure instanceof UpstreamError && failure.outcome === 'notSent'));
      call?.settle(null);
      span?.end({ errorCode: failure instanceof GatewayError ? failure.code : 'CANCELLED' });
      if (isTokenRejected(failure)) account.revoke();
      throw failure;
    }
  }

  /** Reports the failure of a request after its last attempt. */
  function onFailure(error: unknown): void {
    if (!(error instanceof UpstreamError) || error.reason === undefined) return;
    if (!passthrough || !isTokenRejected(error)) onOutcome(error.reason);
  }

  /** Returns a promise that resolves when the request may be sent, or undefined if that is now. Throws the reason of an aborted signal. */
  function waitForThrottle(signal: CancellationSignal | undefined, endsAt: number): Promise<void> | undefined {
    // Before there is a promise: `withTimeout` would return without looking at it, and nobody would handle its rejection.
    signal?.throwIfAborted();
    const delay = throttle(signal);
    const createError = (): UpstreamError => notSentError(totalTimeoutMs);
    return delay && withTimeout({ timeoutMs: endsAt - clock.now(), clock, signal, createError }, () => delay);
  }

  return {
    /** Sends a GET, with retries after transient failures. */
    get: (context: RequestContext, { path, route }: ApiPath, query?: QueryParameters): Promise<Envelope | null> => {
      const url = query === undefined ? appUrl + path : appUrl + path + queryString(query);
      return context.runLimited(() => send(context, { method: 'GET', route, url }, context.signal));
    },
    /**
     * Sends a request that changes something, by default a POST. It is retried only if RealtimeKit certainly did not process it, and the
     * context's signal does not cancel it: an aborted write may have been carried out. A DELETE is sent without a body.
     */
    mutate: async (
      context: RequestContext,
      { path, route }: ApiPath,
      body: unknown = {},
      method: Exclude<Method, 'GET'> = 'POST',
    ): Promise<Envelope | null> => {
      const request = { method, route, url: appUrl + path };
      return send(context, method === 'DELETE' ? request : { ...request, body: JSON.stringify(body) }, undefined);
    },
    /** Sends one request for a list, without retries, to find out whether RealtimeKit can be reached and accepts the settings. */
    check: async (context: RequestContext): Promise<void> => {
      const url = `${appUrl}/livestreams?per_page=1`;
      await send(context, { method: 'GET', route: '/livestreams', url }, undefined, 0);
    },
    /** By how many milliseconds the `Date` of the latest response was ahead of the local clock; 0 until a response has one. */
    clockSkewMs: (): number => clockSkewMs,
  };
}

/** A request to the API, before headers are added. */
interface ApiRequest {
  method: Method;
  /** The path's template, for reports and traces. */
  route: string;
  url: string;
  /** JSON. */
  body?: string;
}

function queryString(query: QueryParameters): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function timeoutError(timeoutMs: number): UpstreamError {
  const message = `RealtimeKit did not respond within ${timeoutMs / 1000} s.`;
  return new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', message, { reason: { cause: 'timeout', code: null } });
}

function notSentError(timeoutMs: number): UpstreamError {
  const message = `The request could not be sent to RealtimeKit within ${timeoutMs / 1000} s.`;
  return new UpstreamError('notSent', 'UPSTREAM_TIMEOUT', message);
}

/** The error that callers get for a `TransportError`. Other errors, such as the signal's reason, stay as they are. */
function toUpstreamError(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error;
  if (error.failure === 'too-large') return invalidResponse('the body is longer than 8 MiB');
  const [outcome, message] = CONNECTION_FAILURES[error.failure];
  return new UpstreamError(outcome, 'UPSTREAM_UNAVAILABLE', message, { cause: error, reason: reasonOf(error) });
}

const CONNECTION_FAILURES: Record<Exclude<TransportFailure, 'too-large'>, readonly [RequestOutcome, string]> = {
  connect: ['notSent', 'RealtimeKit cannot be reached: the connection failed.'],
  unprocessed: ['notSent', 'RealtimeKit closed the connection before it processed the request.'],
  interrupted: ['unknown', 'The connection to RealtimeKit broke before the response was complete.'],
};

function spanOutcomeOf({ status }: TransportResponse): SpanOutcome {
  const attributes = { 'http.response.status_code': status };
  return { attributes, errorCode: status >= 400 ? String(status) : undefined };
}

/** Null if the response has no valid `Date`, which ends in "GMT" (RFC 9110, section 5.6.7): `Date.parse` takes almost any text. */
function clockSkewOf(response: TransportResponse, clock: Clock): number | null {
  const { date: text = '' } = response.headers;
  const date = text.endsWith(' GMT') ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : date - clock.now();
}
