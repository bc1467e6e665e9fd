import type { HybridTimestamp } from '../../cluster/hybridClock.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Operation } from '../operation.ts';
import type { ResultAge } from '../operationReport.ts';
import type { Cache } from './cache.ts';
import { ANY_TAG } from './invalidation.ts';
import { joinTags } from './tags.ts';

export interface ResponseContents {
  /** The result as JSON. */
  text: string;
  /** Null for an anonymous operation. Cached with the response because a cached operation is not parsed. */
  operationName: string | null;
  /** The number of upstream requests that the operation costs by the schema's directives. */
  requestedRequests: number;
  /** Whether caches other than this one may store the response. */
  isStorable: boolean;
}

/** A response to a whole operation. */
export interface CachedResponse extends ResponseContents, ResultAge {
  startedAt: HybridTimestamp;
  /** What the response depends on, as in `Cache-Tag`; empty if nobody wants to know. */
  tags: string;
  /** The entity tag of the text; null until it is first needed. */
  etag: string | null;
}

/** The estimated size of a cached response without its text, tags and key. */
const RESPONSE_OVERHEAD_BYTES = 400;

/**
 * Responses to whole operations, by account. A response is served only while every value in it is fresh, and only until the account's
 * next invalidation: it is never older than a response put together from the cached values.
 */
export function createResponseCache(cache: Cache, clock: Clock) {
  const entries = cache.store.createNamespace<CachedResponse>(
    ({ text, tags }) => RESPONSE_OVERHEAD_BYTES + 2 * (text.length + tags.length),
  );
  return {
    /**
     * `key`: everything besides the account that the response depends on. `minFreshMs`: for how long the response must be fresh, unless it
     * was not fresh for longer from the beginning.
     */
    get(accountId: string, key: string, minFreshMs = 0): CachedResponse | undefined {
      const entry = entries.get(`${accountId} ${key}`);
      if (entry === undefined) return undefined;
      const leftMs = entry.freshUntil - clock.now();
      if (leftMs <= 0) return undefined;
      if (leftMs < minFreshMs && entry.freshUntil - entry.startedAt.wallTime > minFreshMs) return undefined;
      return cache.isInvalidated(accountId, [ANY_TAG], entry.startedAt) ? undefined : entry;
    },
    /** Whether the response to this operation may be cached. One that read nothing, such as an introspection, is fresh until it is displaced. */
    isCacheable: ({ report }: Operation): boolean => report.age().freshUntil > clock.now(),
    /** The response to this operation. It is not fresh if what it contains may have changed since it was read. */
    describe({ account, report, startedAt }: Operation, contents: ResponseContents): CachedResponse {
      const { readAt, freshUntil } = report.age();
      const isOutdated = cache.isInvalidated(account.id, [ANY_TAG], startedAt);
      const tags = report.tags === undefined ? '' : joinTags(report.tags);
      return { ...contents, readAt, freshUntil: isOutdated ? 0 : freshUntil, startedAt, tags, etag: null };
    },
    set: ({ account }: Operation, key: string, response: CachedResponse): void =>
      entries.set(`${account.id} ${key}`, response),
  };
}
