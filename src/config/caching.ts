import { type CachingSettings, DEFAULT_CACHING } from '../data/cachingSettings.ts';
import { boolean, type Environment, integer, readSettings } from './env.ts';

const MEGABYTE = 1024 * 1024;
const DAY_MS = { min: 0, max: 86_400_000 };
const { ttl, cacheBytes, maxRequestsPerOperation, bulkReads } = DEFAULT_CACHING;

export const ttlSettings = {
  status: integer('FRESH_STATUS_MS', ttl.status, DAY_MS),
  meters: integer('FRESH_METERS_MS', ttl.meters, DAY_MS),
  ended: integer('FRESH_ENDED_MS', ttl.ended, DAY_MS),
  negative: integer('FRESH_NOTHING_MS', ttl.negative, DAY_MS),
  maxStale: integer('STALE_MS', ttl.maxStale, DAY_MS),
  revalidateTimeout: integer('STALE_WAIT_MS', ttl.revalidateTimeout, DAY_MS),
};

export const cachingSettings = {
  cacheMegabytes: integer('CACHE_MB', cacheBytes / MEGABYTE, { min: 1, max: 65_536 }),
  maxRequestsPerOperation: integer('REQUESTS_PER_OPERATION', maxRequestsPerOperation, { min: 1, max: 100_000 }),
  bulkReads: boolean('LIST_SOURCE', bulkReads),
};

/** Reads the TTLs and the size of the cache, and how many upstream requests an operation may send. */
export function readCaching(environment: Environment): CachingSettings {
  const { cacheMegabytes, ...settings } = readSettings(environment, cachingSettings);
  return { ttl: readSettings(environment, ttlSettings), cacheBytes: cacheMegabytes * MEGABYTE, ...settings };
}
