import { GatewayError } from '../../domain/errors.ts';

/** Failures that an older answer is better than. */
const PASSING: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'QUERY_TOO_EXPENSIVE',
]);

/** Whether a read failed in a way that passes, so that an older answer may be served. */
export function isPassing(error: unknown): error is GatewayError {
  return error instanceof GatewayError && PASSING.has(error.code);
}
