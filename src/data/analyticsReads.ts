import * as v from 'valibot';

import type { Analytics, DayAnalytics, TimeRange } from '../domain/models.ts';
import type { Cache } from './cache/cache.ts';
import type { Endpoints } from '../realtimekit/endpoints.ts';
import type { TtlSettings } from './cache/ttl.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import { analyticsSchema, dayAnalyticsSchema } from '../domain/models.ts';
import { ALL_LISTS } from './cache/tags.ts';
import { toUnixRange } from '../realtimekit/parseAnalytics.ts';

/** The analytics of a range, in all and by day: two requests, each kept by itself. */
export interface AnalyticsReads {
  analytics: CachedQuery<TimeRange, Analytics>;
  dailyAnalytics: CachedQuery<TimeRange, DayAnalytics[]>;
}

export function createAnalyticsReads(endpoints: Endpoints, cache: Cache, { metersMs }: TtlSettings): AnalyticsReads {
  const options = {
    /** As upstream is asked: what differs by less than a second is the same. */
    keyOf: (range: TimeRange) => Object.values(toUnixRange(range)).join(' '),
    /** They are the sums of sessions' meters, and no newer than those. */
    ttlMs: () => metersMs,
    /** A start may be counted at once. */
    tags: () => [ALL_LISTS],
  };
  return {
    analytics: cache.createQuery({
      ...options,
      route: '/analytics/livestreams/overall',
      load: async (operation, range) => endpoints.analytics(operation, range),
      schema: analyticsSchema,
    }),
    dailyAnalytics: cache.createQuery({
      ...options,
      route: '/analytics/livestreams/daywise',
      load: async (operation, range) => endpoints.dailyAnalytics(operation, range),
      schema: v.array(dayAnalyticsSchema),
    }),
  };
}
