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
}

/**
 * Responses to whole operations, by account. A response is served only while every value in it is fresh, and only until the account's
 * next invalidation: it is never older than a response put together from the cached values.
 */
export interface ResponseCache {
  /** `key`: everything besides the account that the response depends on. */
  get(accountId: string, key: string): CachedResponse | undefined;
  /** Whether the response to this operation may be cached. */
  isCacheable(operation: Operation): boolean;
  set(operation: Operation, key: string, response: CachedResponse): void;
}

interface ResponseEntry extends CachedResponse {
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
  startedAt: HybridTimestamp;
}

/** The estimated size of a cached response without its text and key. */
const RESPONSE_OVERHEAD_BYTES = 200;

export function createResponseCache(cache: Cache, clock: Clock): ResponseCache {
  const entries = cache.store.createNamespace<ResponseEntry>(({ text }) => RESPONSE_OVERHEAD_BYTES + 2 * text.length);
  return {
    get(accountId, key) {
      const entry = entries.get(`${accountId} ${key}`);
      if (entry === undefined || clock.now() >= entry.expiresAt) return undefined;
      return cache.isInvalidated(accountId, [ANY_TAG], entry.startedAt) ? undefined : entry;
    },
    // An operation that read nothing, such as an introspection, is fresh until it is displaced.
    isCacheable: ({ report }) => report.freshUntil() > clock.now(),
    set({ account, report, startedAt }, key, { text, operationName }) {
      entries.set(`${account.id} ${key}`, { text, operationName, expiresAt: report.freshUntil(), startedAt });
    },
  };
}
