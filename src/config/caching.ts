import { type CachingSettings, DEFAULT_CACHING } from '../data/cachingSettings.ts';
import * as env from './env.ts';

const MEGABYTE = 1024 * 1024;
const RANGE_MS = { min: 0, max: 86_400_000 };
const { ttl, cacheBytes, maxRequestsPerOperation, bulkReads } = DEFAULT_CACHING;

export const ttlSettings = {
  statusMs: env.integer('FRESH_STATUS_MS', ttl.statusMs, RANGE_MS),
  metersMs: env.integer('FRESH_METERS_MS', ttl.metersMs, RANGE_MS),
  endedMs: env.integer('FRESH_ENDED_MS', ttl.endedMs, RANGE_MS),
  negativeMs: env.integer('FRESH_NOTHING_MS', ttl.negativeMs, RANGE_MS),
  maxStaleMs: env.integer('STALE_MS', ttl.maxStaleMs, RANGE_MS),
  revalidateTimeoutMs: env.integer('STALE_WAIT_MS', ttl.revalidateTimeoutMs, RANGE_MS),
};

export const cachingSettings = {
  cacheMegabytes: env.integer('CACHE_MB', cacheBytes / MEGABYTE, { min: 1, max: 65_536 }),
  maxRequestsPerOperation: env.integer('REQUESTS_PER_OPERATION', maxRequestsPerOperation, { min: 1, max: 100_000 }),
  bulkReads: env.boolean('LIST_SOURCE', bulkReads),
};

/** Reads the TTLs and the size of the cache, and how many upstream requests an operation may send. */
export function readCaching(environment: env.Environment): CachingSettings {
  const { cacheMegabytes, ...settings } = env.readGroup(environment, cachingSettings);
  return { ttl: env.readGroup(environment, ttlSettings), cacheBytes: cacheMegabytes * MEGABYTE, ...settings };
}
