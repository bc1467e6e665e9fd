import type { CallerShare } from '../budget/callers.ts';

/** The names of the fields below, for pages of other origins to read. */
export const RATE_LIMIT_FIELDS = ['ratelimit', 'ratelimit-policy'];

/**
 * The response fields that tell a caller's own share of the request budget, in upstream requests (draft-ietf-httpapi-ratelimit-headers-11).
 * `now` is in milliseconds since the Unix epoch.
 */
export function rateLimitFields({ limit, remaining, resetsAt, windowMs }: CallerShare, now: number) {
  const resetSeconds = Math.max(0, Math.ceil((resetsAt - now) / 1000));
  return {
    ratelimit: `"caller";r=${remaining};t=${resetSeconds}`,
    'ratelimit-policy': `"caller";q=${limit};w=${Math.round(windowMs / 1000)}`,
  };
}
