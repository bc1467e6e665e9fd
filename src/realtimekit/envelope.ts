import { type ErrorCode, type RequestOutcome, UpstreamError, type UpstreamErrorDetails } from '../domain/errors.ts';
import { isObject, type JsonObject, getProperty, parseJson } from './json.ts';
import { redact } from './redact.ts';
import type { TransportResponse } from './transport.ts';

/** What upstream gave, out of its envelope. */
export interface Envelope {
  data: unknown;
  /** `paging` where it stands beside the data. */
  paging: unknown;
}

/** Status and words for each way of failing; the words never quote upstream, `extensions.upstream` does. */
const FAILURES: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['BAD_USER_INPUT', 'RealtimeKit refused a value of the request.'],
  401: ['UNAUTHENTICATED', 'RealtimeKit does not accept the API token.'],
  403: ['FORBIDDEN', 'The API token may not do this: it needs the permission "Realtime" or "Realtime Admin".'],
  404: ['UPSTREAM_INVALID_RESPONSE', 'RealtimeKit answered "not found", but not in the form of its API.'],
  408: ['UPSTREAM_TIMEOUT', 'RealtimeKit gave up waiting for the request.'],
  409: ['BAD_USER_INPUT', 'RealtimeKit refused the request, because it conflicts with the present state.'],
  422: ['BAD_USER_INPUT', 'RealtimeKit refused a value of the request.'],
  429: ['RATE_LIMITED', "RealtimeKit's request limit is reached."],
};

/**
 * Reads an HTTP answer. Null means that nothing is there (404). Throws an `UpstreamError` for an answer that says that
 * the request failed, and for one that is not the API's JSON. `secrets` are kept out of whatever the error says.
 *
 * The envelope is `{ success, data }` or `{ success, result }`; an error stands in `error` or `errors`.
 */
export function unwrapResponse(response: TransportResponse, secrets: readonly string[]): Envelope | null {
  const { status } = response;
  const envelope = parseJson(response.body);
  const isEnvelope = isObject(envelope) && ['success', 'data', 'result'].some((name) => name in envelope);
  const isEmpty = response.body.trim() === '';
  if (status === 404 && (isObject(envelope) || isEmpty)) return null;
  if (status === 204) return { data: null, paging: null };
  if (status < 200 || status >= 300) throw failure(status, response, envelope, secrets);
  if (!isEnvelope)
    throw invalidResponse(
      `it is ${isEmpty ? 'empty' : "not the API's JSON"}`,
      errorDetails(response, envelope, secrets),
    );
  if (envelope['success'] === false) {
    if (statusInside(envelope) === 404) return null;
    throw failure(statusInside(envelope), response, envelope, secrets);
  }
  return { data: envelope['data'] ?? envelope['result'] ?? null, paging: envelope['paging'] ?? null };
}

/** An answer that cannot be read. It came, so the request may have been carried out. */
export function invalidResponse(why: string, upstream?: UpstreamErrorDetails): UpstreamError {
  const message = `RealtimeKit's answer cannot be read: ${why}.`;
  return new UpstreamError('unknown', 'UPSTREAM_INVALID_RESPONSE', message, upstream && { upstream });
}

function failure(
  status: number,
  response: TransportResponse,
  envelope: unknown,
  secrets: readonly string[],
): UpstreamError {
  const upstream = errorDetails(response, envelope, secrets);
  if (status >= 300 && status < 400) {
    const words = 'RealtimeKit answered with a redirect, which is never followed. Check CLOUDFLARE_BASE_URL.';
    return new UpstreamError('rejected', 'UPSTREAM_INVALID_RESPONSE', words, { upstream });
  }
  const [code, words] = FAILURES[status] ?? otherFailure(status);
  const retryAfterSeconds = retryAfter(response.headers['retry-after']);
  const waits = code === 'RATE_LIMITED' || status === 503;
  const details = { upstream, ...(waits && retryAfterSeconds !== null ? { retryAfterSeconds } : {}) };
  return new UpstreamError(outcomeOf(status), code, words, details);
}

function otherFailure(status: number): readonly [ErrorCode, string] {
  return status >= 400 && status < 500
    ? ['UPSTREAM_INVALID_RESPONSE', 'RealtimeKit refused the request.']
    : ['UPSTREAM_UNAVAILABLE', 'RealtimeKit failed to handle the request.'];
}

/** A 4xx says that nothing was carried out, but for 408: there upstream may have read the request and been slow. */
function outcomeOf(status: number): RequestOutcome {
  return status >= 400 && status < 500 && status !== 408 ? 'rejected' : 'unknown';
}

/** `success: false` under HTTP 2xx: the error's code is taken for the status where it is one. */
function statusInside(envelope: JsonObject): number {
  const code = Number(errorOf(envelope)?.['code']);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 500;
}

function errorOf(envelope: unknown): JsonObject | null {
  const error = getProperty(envelope, 'error');
  if (isObject(error)) return error;
  const errors = getProperty(envelope, 'errors');
  return Array.isArray(errors) ? (errors.find(isObject) ?? null) : null;
}

function errorDetails(
  response: TransportResponse,
  envelope: unknown,
  secrets: readonly string[],
): UpstreamErrorDetails {
  const error = errorOf(envelope);
  const code = error?.['code'];
  const message = error?.['message'];
  return {
    status: response.status,
    code: typeof code === 'number' ? code : typeof code === 'string' ? redact(code, secrets) : null,
    message: typeof message === 'string' ? redact(message, secrets) : null,
    ray: ray(response.headers['cf-ray']),
  };
}

/** A `cf-ray` is 16 hexadecimal digits and a data centre's code; anything else is not passed on. */
function ray(header: string | undefined): string | null {
  return header !== undefined && /^[0-9a-f]{16}(-[A-Z]{3})?$/.test(header) ? header : null;
}

/** Whole seconds of a `Retry-After` (RFC 9110, 10.2.3); its date form, which the API does not use, is passed over. */
function retryAfter(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : null;
}
