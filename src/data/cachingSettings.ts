import { DEFAULT_TTL, type TtlSettings } from './cache/ttl.ts';

/** How upstream's answers are kept, and its requests spent. */
export interface CachingSettings {
  ttl: TtlSettings;
  /** What may be kept in memory, in bytes, roughly. */
  cacheBytes: number;
  /** The most requests that one operation may send. */
  maxRequestsPerOperation: number;
  /** Whether many single reads may be answered from the list of livestreams. */
  bulkReads: boolean;
}

export const DEFAULT_CACHING: CachingSettings = {
  ttl: DEFAULT_TTL,
  cacheBytes: 64 * 1024 * 1024,
  maxRequestsPerOperation: 100,
  bulkReads: true,
};
