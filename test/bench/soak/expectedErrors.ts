/** The error codes that a soak test may see, and how its faults cause each of them. */
export const EXPECTED_ERRORS: ReadonlyMap<string, string> = new Map([
  [
    'RATE_LIMITED',
    'the request budget is used up; without Redis, each replica uses only a cautious part of the budget',
  ],
  ['UPSTREAM_TIMEOUT', 'upstream hung, or was slower than the timeout of an attempt'],
  ['UPSTREAM_UNAVAILABLE', 'upstream returned 5xx or broke connections more often than the gateway retries'],
  ['UPSTREAM_INVALID_RESPONSE', 'upstream returned truncated, oversized or no JSON, or a redirect'],
  ['userErrors: CONFLICT', 'a start was repeated or sent twice, and the first one had succeeded'],
  ['userErrors: NOT_FOUND', 'a stop was repeated, and the first one had succeeded'],
  ['userErrors: OUTCOME_UNKNOWN', 'the response to a mutation was lost, and reading back failed or was inconclusive'],
]);

/** Returns the codes that are not expected. */
export function findUnexpectedErrors(codes: Iterable<string>): string[] {
  return [...codes].filter((code) => !EXPECTED_ERRORS.has(code));
}
