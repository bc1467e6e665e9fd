import { DEFAULT_ECONOMY, type EconomySettings } from '../data/cachingSettings.ts';
import { type Environment, readSwitch, readWhole } from './env.ts';

/** How upstream requests are saved. */
export function readEconomy(environment: Environment): EconomySettings {
  const { freshness, cacheBytes, share, usesLists } = DEFAULT_ECONOMY;
  const milliseconds = (variable: string, fallback: number): number =>
    readWhole(environment, variable, { default: fallback, least: 0, most: 86_400_000 });
  return {
    freshness: {
      status: milliseconds('FRESH_STATUS_MS', freshness.status),
      meters: milliseconds('FRESH_METERS_MS', freshness.meters),
      ended: milliseconds('FRESH_ENDED_MS', freshness.ended),
      nothing: milliseconds('FRESH_NOTHING_MS', freshness.nothing),
      stale: milliseconds('STALE_MS', freshness.stale),
      staleWait: milliseconds('STALE_WAIT_MS', freshness.staleWait),
    },
    cacheBytes:
      readWhole(environment, 'CACHE_MB', { default: cacheBytes / MEGABYTE, least: 1, most: 65_536 }) * MEGABYTE,
    share: readWhole(environment, 'REQUESTS_PER_OPERATION', { default: share, least: 1, most: 100_000 }),
    usesLists: readSwitch(environment, 'LIST_SOURCE', usesLists),
  };
}

const MEGABYTE = 1024 * 1024;
