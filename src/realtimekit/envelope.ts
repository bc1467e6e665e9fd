import { type ErrorCode, type RequestOutcome, UpstreamError, type UpstreamErrorDetails } from '../domain/errors.ts';
import { isObject, type JsonObject, getProperty, parseJson } from './json.ts';
import { redact } from './redact.ts';
import type { TransportResponse } from './transport.ts';

/** The content of a successful response. */
export interface Envelope {
  /** `data` or `result` of the response; null if both are absent. */
  data: unknown;
  /** `paging` of the response. Some endpoints have it inside `data` instead; then this is null. */
  paging: unknown;
}

/** Code and message of the error for each HTTP status. Messages never quote RealtimeKit; `extensions.upstream` does. */
const STATUS_ERRORS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['BAD_USER_INPUT', 'RealtimeKit rejected a value in the request.'],
  401: ['UNAUTHENTICATED', 'RealtimeKit rejected the API token.'],
  403: ['FORBIDDEN', 'The API token lacks a permission: it needs "Realtime" or "Realtime Admin".'],
  404: ['UPSTREAM_INVALID_RESPONSE', 'RealtimeKit responded "not found", but not in the format of its API.'],
  408: ['UPSTREAM_TIMEOUT', 'RealtimeKit timed out while it waited for the request.'],
  409: ['BAD_USER_INPUT', 'RealtimeKit rejected the request because it conflicts with the current state.'],
  422: ['BAD_USER_INPUT', 'RealtimeKit rejected a value in the request.'],
  429: ['RATE_LIMITED', "RealtimeKit's request limit has been reached."],
};

/**
 * Returns the content of a response, or null for "not found" (404). Throws an `UpstreamError` if the response reports a failure or
 * is not the API's JSON. The error contains none of the `secrets`.
 *
 * The API responds with `{ success, data }` or `{ success, result }`, and reports errors in `error` or `errors`.
 */
export function unwrapResponse(response: TransportResponse, secrets: readonly string[]): Envelope | null {
  const { status } = response;
  const envelope = parseJson(response.body);
  const isEnvelope = isObject(envelope) && ['success', 'data', 'result'].some((name) => name in envelope);
  const isEmpty = response.body.trim() === '';
  if (status === 404 && (isObject(envelope) || isEmpty)) return null;
  if (status === 204) return { data: null, paging: null };
  if (status < 200 || status >= 300) throw createError(status, response, envelope, secrets);
  if (!isEnvelope) {
    const problem = isEmpty ? 'the body is empty' : "the body is not the API's JSON";
    throw invalidResponse(problem, errorDetails(response, envelope, secrets));
  }
  if (envelope['success'] === false) {
    if (statusInEnvelope(envelope) === 404) return null;
    throw createError(statusInEnvelope(envelope), response, envelope, secrets);
  }
  return { data: envelope['data'] ?? envelope['result'] ?? null, paging: envelope['paging'] ?? null };
}

/**
 * The error for a response that cannot be parsed. The request may have been carried out. `problem` completes the message
 * "RealtimeKit's response is invalid: …" and must not quote the response.
 */
export function invalidResponse(problem: string, upstream?: UpstreamErrorDetails): UpstreamError {
  const message = `RealtimeKit's response is invalid: ${problem}.`;
  return new UpstreamError('unknown', 'UPSTREAM_INVALID_RESPONSE', message, upstream && { upstream });
}

function createError(
  status: number,
  response: TransportResponse,
  envelope: unknown,
  secrets: readonly string[],
): UpstreamError {
  const upstream = errorDetails(response, envelope, secrets);
  if (status >= 300 && status < 400) {
    const message =
      'RealtimeKit responded with a redirect, which the gateway never follows. Check CLOUDFLARE_BASE_URL.';
    return new UpstreamError('rejected', 'UPSTREAM_INVALID_RESPONSE', message, { upstream });
  }
  const [code, message] = STATUS_ERRORS[status] ?? defaultError(status);
  const retryAfterSeconds = parseRetryAfter(response.headers['retry-after']);
  const usesRetryAfter = code === 'RATE_LIMITED' || status === 503;
  const details = { upstream, ...(usesRetryAfter && retryAfterSeconds !== null ? { retryAfterSeconds } : {}) };
  return new UpstreamError(outcomeOf(status), code, message, details);
}

function defaultError(status: number): readonly [ErrorCode, string] {
  return status >= 400 && status < 500
    ? ['UPSTREAM_INVALID_RESPONSE', 'RealtimeKit rejected the request.']
    : ['UPSTREAM_UNAVAILABLE', 'RealtimeKit failed to handle the request.'];
}

/** After a 4xx nothing was carried out, except after 408: RealtimeKit may have received the request and been slow. */
function outcomeOf(status: number): RequestOutcome {
  return status >= 400 && status < 500 && status !== 408 ? 'rejected' : 'unknown';
}

/** The status of a `success: false` under HTTP 2xx: the error's own code if that is an HTTP error status, else 500. */
function statusInEnvelope(envelope: JsonObject): number {
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
    ray: parseRay(response.headers['cf-ray']),
  };
}

/** A `cf-ray` consists of 16 hexadecimal digits and a data centre's code. Anything else may contain a secret: null. */
function parseRay(header: string | undefined): string | null {
  return header !== undefined && /^[0-9a-f]{16}(-[A-Z]{3})?$/.test(header) ? header : null;
}

/** The seconds of a `Retry-After` (RFC 9110, section 10.2.3); null for the date form, which the API does not use. */
function parseRetryAfter(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : null;
}
