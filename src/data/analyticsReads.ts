import type { Analytics, DayAnalytics, TimeRange } from '../domain/models.ts';
import type { Cache } from './cache/cache.ts';
import type { Endpoints } from '../realtimekit/endpoints.ts';
import type { FreshnessSettings } from './cache/ttl.ts';
import type { Kind } from './cache/cachedQuery.ts';
import { analyticsSchema, dailyAnalyticsSchema } from '../domain/schemas.ts';
import { LISTS } from './cache/tags.ts';
import { toTimes } from '../realtimekit/parseAnalytics.ts';

/** The analytics of a range, in all and by day: two requests, each kept by itself. */
export interface AnalyticsReads {
  analytics: Kind<TimeRange, Analytics>;
  dailyAnalytics: Kind<TimeRange, DayAnalytics[]>;
}

export function createAnalyticsReads(
  endpoints: Endpoints,
  cache: Cache,
  { meters }: FreshnessSettings,
): AnalyticsReads {
  const options = {
    /** As upstream is asked: what differs by less than a second is the same. */
    keyOf: (range: TimeRange) => Object.values(toTimes(range)).join(' '),
    /** They are the sums of sessions' meters, and no newer than those. */
    freshness: () => meters,
    /** A start may be counted at once. */
    tags: () => [LISTS],
  };
  return {
    analytics: cache.kind({
      ...options,
      route: '/analytics/livestreams/overall',
      load: async (operation, range) => endpoints.analytics(operation, range),
      schema: analyticsSchema,
    }),
    dailyAnalytics: cache.kind({
      ...options,
      route: '/analytics/livestreams/daywise',
      load: async (operation, range) => endpoints.dailyAnalytics(operation, range),
      schema: dailyAnalyticsSchema,
    }),
  };
}
