import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Operation } from '../operation.ts';
import type { Cache } from './cache.ts';
import { ANY_TAG } from './invalidation.ts';

export interface CachedResponse {
  /** The result as JSON. */
  text: string;
  /** Null for an anonymous operation. Cached with the response because a cached operation is not parsed. */
  operationName: string | null;
  /** The number of upstream requests that the operation costs by the schema's directives. */
  requestedRequests: number;
}

interface ResponseEntry extends CachedResponse {
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
  startedAt: HybridTimestamp;
}

/** The estimated size of a cached response without its text and key. */
const RESPONSE_OVERHEAD_BYTES = 200;

/**
 * Responses to whole operations, by account. A response is served only while every value in it is fresh, and only until the account's
 * next invalidation: it is never older than a response put together from the cached values.
 */
export function createResponseCache(cache: Cache, clock: Clock) {
  const entries = cache.store.createNamespace<ResponseEntry>(({ text }) => RESPONSE_OVERHEAD_BYTES + 2 * text.length);
  return {
    /** `key`: everything besides the account that the response depends on. */
    get(accountId: string, key: string): CachedResponse | undefined {
      const entry = entries.get(`${accountId} ${key}`);
      if (entry === undefined || clock.now() >= entry.expiresAt) return undefined;
      return cache.isInvalidated(accountId, [ANY_TAG], entry.startedAt) ? undefined : entry;
    },
    /** Whether the response to this operation may be cached. One that read nothing, such as an introspection, is fresh until it is displaced. */
    isCacheable: ({ report }: Operation): boolean => report.freshUntil() > clock.now(),
    set({ account, report, startedAt }: Operation, key: string, response: CachedResponse): void {
      entries.set(`${account.id} ${key}`, { ...response, expiresAt: report.freshUntil(), startedAt });
    },
  };
}
