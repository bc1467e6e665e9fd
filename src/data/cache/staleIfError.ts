import { GatewayError } from '../../domain/errors.ts';

/** Failures that an older answer is better than. */
const STALE_IF_ERROR_CODES: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'QUERY_TOO_EXPENSIVE',
]);

/** Whether a read failed in a way that passes, so that an older answer may be served. */
export function allowsStale(error: unknown): error is GatewayError {
  return error instanceof GatewayError && STALE_IF_ERROR_CODES.has(error.code);
}
