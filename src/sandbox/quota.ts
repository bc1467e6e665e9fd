import type { QuotaSettings } from './settings.ts';

/** What the quota decides about a request. */
export type QuotaResult = ReturnType<Quota['count']>;

/** The requests of one token; times are milliseconds since the Unix epoch. */
interface TokenUsage {
  windowEndsAt: number;
  used: number;
  lockedOutUntil: number;
}

/**
 * Counts requests of each token in fixed windows. A token that exceeds the limit is locked out for a while, as the vendor documents
 * for its API limits.
 */
export class Quota {
  readonly #usages = new Map<string, TokenUsage>();

  /** Counts a request of `token` at `now` (ms since the epoch). */
  count(token: string, now: number, settings: QuotaSettings) {
    const usage = this.#usageOf(token, now, settings);
    usage.used += 1;
    if (settings.enforced && usage.used > settings.limit && usage.lockedOutUntil <= now) {
      usage.lockedOutUntil = now + settings.lockoutSeconds * 1000;
    }
    const isLockedOut = settings.enforced && usage.lockedOutUntil > now;
    const resetsAt = isLockedOut ? usage.lockedOutUntil : usage.windowEndsAt;
    const seconds = Math.ceil((resetsAt - now) / 1000);
    const remaining = isLockedOut ? 0 : Math.max(0, settings.limit - usage.used);
    return {
      /** Undefined if the request is allowed. */
      retryAfterSeconds: isLockedOut ? seconds : undefined,
      /** The rate-limit headers of the response. */
      headers: {
        Ratelimit: `"default";r=${remaining};t=${seconds}`,
        'Ratelimit-Policy': `"default";q=${settings.limit};w=${settings.windowSeconds}`,
      },
    };
  }

  #usageOf(token: string, now: number, settings: QuotaSettings): TokenUsage {
    const current = this.#usages.get(token);
    // After a lockout a new window begins, even if the old one is not over.
    if (current !== undefined && (current.lockedOutUntil || current.windowEndsAt) > now) return current;
    const fresh = { windowEndsAt: now + settings.windowSeconds * 1000, used: 0, lockedOutUntil: 0 };
    this.#usages.set(token, fresh);
    return fresh;
  }
}
