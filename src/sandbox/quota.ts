import type { QuotaSettings } from './settings.ts';

/** What the quota says about one request. */
export interface QuotaResult {
  /** Undefined: it may pass. */
  retryAfterSeconds: number | undefined;
  headers: Record<string, string>;
}

interface TokenUsage {
  windowEndsAt: number;
  used: number;
  lockedUntil: number;
}

/**
 * Counts requests per token in fixed windows. Passing the limit locks that token out of every call for a while,
 * as the vendor's documentation of its API limits says.
 */
export class Quota {
  readonly #accounts = new Map<string, TokenUsage>();

  /** Counts one request of `token` at `now` (milliseconds). */
  count(token: string, now: number, settings: QuotaSettings): QuotaResult {
    const account = this.#accountOf(token, now, settings);
    account.used += 1;
    if (settings.enforced && account.used > settings.limit && account.lockedUntil <= now) {
      account.lockedUntil = now + settings.lockoutSeconds * 1000;
    }
    const isLocked = settings.enforced && account.lockedUntil > now;
    const resetsAt = isLocked ? account.lockedUntil : account.windowEndsAt;
    const seconds = Math.ceil((resetsAt - now) / 1000);
    const remaining = isLocked ? 0 : Math.max(0, settings.limit - account.used);
    return {
      retryAfterSeconds: isLocked ? seconds : undefined,
      headers: {
        Ratelimit: `"default";r=${remaining};t=${seconds}`,
        'Ratelimit-Policy': `"default";q=${settings.limit};w=${settings.windowSeconds}`,
      },
    };
  }

  reset(): void {
    this.#accounts.clear();
  }

  #accountOf(token: string, now: number, settings: QuotaSettings): TokenUsage {
    const known = this.#accounts.get(token);
    const isCurrent =
      known !== undefined && (known.lockedUntil > now || (known.windowEndsAt > now && !wasLocked(known)));
    if (isCurrent) return known;
    const fresh = { windowEndsAt: now + settings.windowSeconds * 1000, used: 0, lockedUntil: 0 };
    this.#accounts.set(token, fresh);
    return fresh;
  }
}

/** After a lock a new window begins, even where the old one would have lasted longer. */
function wasLocked(account: TokenUsage): boolean {
  return account.lockedUntil > 0;
}
