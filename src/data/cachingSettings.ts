import { DEFAULT_FRESHNESS, type FreshnessSettings } from './cache/ttl.ts';

/** How upstream's answers are kept, and its requests spent. */
export interface EconomySettings {
  freshness: FreshnessSettings;
  /** What may be kept in memory, in bytes, roughly. */
  cacheBytes: number;
  /** The most requests that one operation may send. */
  share: number;
  /** Whether many single reads may be answered from the list of livestreams. */
  usesLists: boolean;
}

export const DEFAULT_ECONOMY: EconomySettings = {
  freshness: DEFAULT_FRESHNESS,
  cacheBytes: 64 * 1024 * 1024,
  share: 100,
  usesLists: true,
};
