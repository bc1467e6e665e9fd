import { GatewayError } from '../../domain/errors.ts';

/** Failures that are likely to pass. */
const STALE_IF_ERROR_CODES: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'QUERY_TOO_EXPENSIVE',
]);

/** Whether a stale value may be served in place of this error (stale-if-error, RFC 5861). */
export function allowsStale(error: unknown): error is GatewayError {
  return error instanceof GatewayError && STALE_IF_ERROR_CODES.has(error.code);
}
