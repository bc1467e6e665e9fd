import { DEFAULT_CACHING, type CachingSettings } from '../data/cachingSettings.ts';
import { type Environment, readBoolean, readInteger } from './env.ts';

/** How upstream requests are saved. */
export function readCaching(environment: Environment): CachingSettings {
  const { ttl, cacheBytes, maxRequestsPerOperation, bulkReads } = DEFAULT_CACHING;
  const milliseconds = (variable: string, fallback: number): number =>
    readInteger(environment, variable, { default: fallback, min: 0, max: 86_400_000 });
  return {
    ttl: {
      status: milliseconds('FRESH_STATUS_MS', ttl.status),
      meters: milliseconds('FRESH_METERS_MS', ttl.meters),
      ended: milliseconds('FRESH_ENDED_MS', ttl.ended),
      negative: milliseconds('FRESH_NOTHING_MS', ttl.negative),
      maxStale: milliseconds('STALE_MS', ttl.maxStale),
      revalidateTimeout: milliseconds('STALE_WAIT_MS', ttl.revalidateTimeout),
    },
    cacheBytes:
      readInteger(environment, 'CACHE_MB', { default: cacheBytes / MEGABYTE, min: 1, max: 65_536 }) * MEGABYTE,
    maxRequestsPerOperation: readInteger(environment, 'REQUESTS_PER_OPERATION', {
      default: maxRequestsPerOperation,
      min: 1,
      max: 100_000,
    }),
    bulkReads: readBoolean(environment, 'LIST_SOURCE', bulkReads),
  };
}

const MEGABYTE = 1024 * 1024;
