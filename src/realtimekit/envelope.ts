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

/**
 * Code and message of the error for each HTTP status. Messages never quote RealtimeKit; `extensions.upstream` does. `BAD_USER_INPUT` is
 * for the API's own responses only: a proxy sends these statuses for reasons that no caller can fix.
 */
const STATUS_ERRORS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['BAD_USER_INPUT', 'RealtimeKit rejected a value in the request.'],
  403: ['UPSTREAM_INVALID_RESPONSE', 'A firewall or proxy between the gateway and RealtimeKit forbade the request.'],
  404: ['UPSTREAM_INVALID_RESPONSE', 'RealtimeKit responded "not found", but not in the format of its API.'],
  408: ['UPSTREAM_TIMEOUT', 'RealtimeKit timed out while it waited for the request.'],
  409: ['BAD_USER_INPUT', 'RealtimeKit rejected the request because it conflicts with the current state.'],
  422: ['BAD_USER_INPUT', 'RealtimeKit rejected a value in the request.'],
  429: ['RATE_LIMITED', "RealtimeKit's request limit has been reached."],
};

/** Cloudflare's codes for a token that is not one (quotes, a placeholder), or cannot be authenticated. */
const INVALID_TOKEN = new Set([6003, 6111, 10_001]);
/** Cloudflare's codes for a token that is revoked, or lacks a permission. */
const POWERLESS_TOKEN = new Set([9109, 10_000]);
/** Cloudflare's codes for a path with an unknown account or app, or without a route. */
const UNKNOWN_ADDRESS = new Set([7000, 7003]);

/** What the meaning of a response depends on, besides the response. */
export interface ResponseContext {
  /** What errors must not contain. */
  secrets: readonly string[];
  /** Whether the token is the caller's, and not the gateway's own. Default: false. */
  isCallersToken?: boolean;
  /** Whether the path contains no id but the account's and the app's: then "not found" means one of those. Default: false. */
  isCollection?: boolean;
}

/**
 * Returns the content of a response, or null for "not found" (404). Throws an `UpstreamError` if the response reports a failure or
 * is not the API's JSON.
 *
 * The API responds with `{ success, data }` or `{ success, result }`, and reports errors in `error` or `errors`.
 */
export function unwrapResponse(response: TransportResponse, context: ResponseContext): Envelope | null {
  const envelope = parseJson(response.body);
  const status = statusOf(response, envelope);
  const isEmpty = /^\s*(\{\s*\}\s*)?$/.test(response.body);
  const cause = response.status < 500 ? settingAtFault(status, envelope) : null;
  if (cause !== null) throw settingError(cause, { status, response, envelope, context });
  if (status === 404 && (isApis(envelope) || isEmpty)) {
    if (context.isCollection === true) throw settingError('address', { status, response, envelope, context });
    return null;
  }
  if (status === 204 && context.isCollection !== true) return { data: null, paging: null };
  if (status < 200 || status >= 300) throw createError(status, response, envelope, context.secrets);
  if (!isApis(envelope)) {
    const problem = isEmpty ? 'the body is empty' : "the body is not the API's JSON";
    throw invalidResponse(problem, errorDetails(response, envelope, context.secrets));
  }
  return { data: dataOf(envelope), paging: getProperty(envelope, 'paging') ?? null };
}

function dataOf(envelope: unknown): unknown {
  return getProperty(envelope, 'data') ?? getProperty(envelope, 'result') ?? null;
}

/** Whether a body is the API's, and not that of a proxy, whose statuses have other causes. */
function isApis(envelope: unknown): boolean {
  const isEnvelope = isObject(envelope) && ('success' in envelope || 'data' in envelope || 'result' in envelope);
  return isEnvelope || errorsOf(envelope).length > 0;
}

/**
 * The status of a response. Of a failure under HTTP 2xx (`success: false`, or errors in place of data): the error's own code if that is
 * an HTTP error status, else 500.
 */
function statusOf({ status }: TransportResponse, envelope: unknown): number {
  if (status < 200 || status >= 300) return status;
  const hasOnlyErrors = dataOf(envelope) === null && errorsOf(envelope).length > 0;
  if (getProperty(envelope, 'success') !== false && !hasOnlyErrors) return status;
  const [code = NaN] = errorCodesOf(envelope);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 500;
}

/** Which setting made RealtimeKit reject a request, or the credential of the caller; null if none did. */
function settingAtFault(status: number, envelope: unknown): 'token' | 'address' | null {
  if (status < 400) return null;
  const codes = errorCodesOf(envelope);
  if (codes.some((code) => UNKNOWN_ADDRESS.has(code))) return 'address';
  const isRejectedToken = codes.some((code) => INVALID_TOKEN.has(code) || POWERLESS_TOKEN.has(code));
  return isRejectedToken || status === 401 || (status === 403 && isApis(envelope)) ? 'token' : null;
}

interface FailedResponse {
  status: number;
  response: TransportResponse;
  envelope: unknown;
  context: ResponseContext;
}

/** The error for a request that no other input of the caller would make succeed. It blames the caller only for the caller's token. */
function settingError(
  cause: 'token' | 'address',
  { status, response, envelope, context: { secrets, isCallersToken = false } }: FailedResponse,
): UpstreamError {
  const upstream = errorDetails(response, envelope, secrets);
  const reason = { cause, code: upstream.code ?? upstream.status };
  if (cause === 'address' || !isCallersToken) {
    return new UpstreamError('rejected', 'UPSTREAM_INVALID_RESPONSE', SETTING_MESSAGES[cause], { upstream, reason });
  }
  const isInvalid = status === 401 || errorCodesOf(envelope).some((code) => INVALID_TOKEN.has(code));
  const [code, message] = isInvalid
    ? (['UNAUTHENTICATED', 'RealtimeKit rejects your API token: send a valid one.'] as const)
    : ([
        'FORBIDDEN',
        'Your API token is revoked or lacks a permission: it needs "Realtime" or "Realtime Admin".',
      ] as const);
  return new UpstreamError('rejected', code, message, { upstream, reason });
}

const SETTING_MESSAGES: Record<'token' | 'address', string> = {
  token:
    "RealtimeKit rejects the gateway's own API token, not yours: the gateway's operator must check CLOUDFLARE_API_TOKEN.",
  address:
    "RealtimeKit does not know the gateway's account or app: its operator must check CLOUDFLARE_ACCOUNT_ID and REALTIMEKIT_APP_ID.",
};

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
  const known = STATUS_ERRORS[status];
  const isMeant = known?.[0] !== 'BAD_USER_INPUT' || isApis(envelope);
  const [code, message] = (isMeant ? known : undefined) ?? defaultError(status);
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

/** RealtimeKit's own codes of the errors in a response; NaN for an error without one. */
function errorCodesOf(envelope: unknown): number[] {
  return errorsOf(envelope).map(({ code }) =>
    typeof code === 'string' ? Number(code) : typeof code === 'number' ? code : NaN,
  );
}

/** The errors in a response, each followed by those that caused it: Cloudflare may report a rejected token there only. */
function errorsOf(envelope: unknown): JsonObject[] {
  const errors = [getProperty(envelope, 'error'), getProperty(envelope, 'errors')].flat();
  return errors.flatMap((error) => [error, getProperty(error, 'error_chain')].flat()).filter(isObject);
}

function errorDetails(
  response: TransportResponse,
  envelope: unknown,
  secrets: readonly string[],
): UpstreamErrorDetails {
  const [error] = errorsOf(envelope);
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
export function parseRetryAfter(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : null;
}
