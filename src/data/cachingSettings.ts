import { DEFAULT_TTL, type TtlSettings } from './cache/ttl.ts';

/** How the gateway caches responses and limits its requests to RealtimeKit. */
export interface CachingSettings {
  ttl: TtlSettings;
  /** The maximum size of the cache in memory, in bytes, as estimated. */
  cacheBytes: number;
  /** The maximum number of requests that one operation may send. */
  maxRequestsPerOperation: number;
  /** Whether to look up many entities in a list, where that takes fewer requests than reading them one by one. */
  bulkReads: boolean;
}

export const DEFAULT_CACHING: CachingSettings = {
  ttl: DEFAULT_TTL,
  cacheBytes: 64 * 1024 * 1024,
  maxRequestsPerOperation: 100,
  bulkReads: true,
};
