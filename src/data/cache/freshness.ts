import { GatewayError, isTokenRejected } from '../../domain/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Operation } from '../operation.ts';
import type { ReadPart } from '../operationReport.ts';
import type { Demand } from './demand.ts';
import type { Entry } from './entryStore.ts';
import { stretchedTtl, type TtlSettings } from './ttl.ts';

/** Decides how old a cached value may be. */
export type Freshness = ReturnType<typeof createFreshness>;

type Dated = Pick<Entry<unknown>, 'timestamp' | 'ttlMs' | 'hits' | 'size'>;

interface FreshnessContext {
  clock: Clock;
  ttl: TtlSettings;
  demand: Demand;
}

/** `refreshAhead`: whether values are read again shortly before the end of their TTL. */
export function createFreshness({ clock, ttl, demand }: FreshnessContext, refreshAhead: boolean) {
  const ageOf = ({ timestamp }: Dated): number => clock.now() - timestamp.wallTime;
  const stretchMs = ({ account }: Operation): number => stretchedTtl(account.budget.pressure(), ttl);
  const refreshAt = ({ timestamp, ttlMs }: Pick<Dated, 'timestamp' | 'ttlMs'>): number =>
    timestamp.wallTime + ttlMs - (refreshAhead ? Math.min(1000, ttlMs / 10) : 0);
  /** Whether the value expires within `minFreshMs`. One that is not fresh for much longer in any case may. */
  const expiresSoon = ({ minFreshMs = 0 }: Operation, entry: Dated): boolean =>
    minFreshMs > 0 && entry.ttlMs >= 2 * minFreshMs && clock.now() + minFreshMs > refreshAt(entry);

  /** The minimum TTL of this entry: the more often it is asked for, the shorter. */
  function minTtl(operation: Operation, entry: Dated): number {
    const meanMs = stretchMs(operation);
    return meanMs === 0 ? 0 : Math.min(ttl.maxStaleMs, meanMs * demand.intervalFactor(operation.account, entry));
  }

  return {
    /** `stale`: past its TTL, but served without a new read because the request budget is short. */
    stateOf(operation: Operation, entry: Dated): 'cache' | 'stale' | 'expired' {
      const age = ageOf(entry);
      const isFresh = age < Math.max(entry.ttlMs, operation.maxPeerAgeMs ?? 0);
      if (isFresh && !expiresSoon(operation, entry)) return 'cache';
      return age < minTtl(operation, entry) ? 'stale' : 'expired';
    },
    /**
     * When the value must be read again, in milliseconds since the Unix epoch: at the end of its TTL, or a tenth of the TTL before, but
     * at most a second.
     */
    refreshAt,
    /** The value as a part of an operation's result. */
    partOf: (entry: Dated): ReadPart => ({ readAt: entry.timestamp.wallTime, freshUntil: refreshAt(entry) }),
    /** Whether an expired value may be served while it is revalidated, or if that fails (RFC 5861). */
    isServableStale: (entry: Dated): boolean => ageOf(entry) < entry.ttlMs + ttl.maxStaleMs,
    /** The minimum TTL, in milliseconds, of an entry with an average demand; 0 unless the request budget is short. */
    stretchMs,
  };
}

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
  return error instanceof GatewayError && STALE_IF_ERROR_CODES.has(error.code) && !isTokenRejected(error);
}
