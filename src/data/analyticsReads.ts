import * as v from 'valibot';

import {
  type Analytics,
  type DayAnalytics,
  type TimeRange,
  analyticsSchema,
  dayAnalyticsSchema,
} from '../domain/models.ts';
import type { Endpoints } from '../realtimekit/endpoints.ts';
import { toUnixRange } from '../realtimekit/parseAnalytics.ts';
import type { Cache } from './cache/cache.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import { ALL_LISTS } from './cache/tags.ts';
import type { TtlSettings } from './cache/ttl.ts';

/** The analytics of a time range, in total and by day. Each takes a request and is cached on its own. */
export interface AnalyticsReads {
  analytics: CachedQuery<TimeRange, Analytics>;
  dailyAnalytics: CachedQuery<TimeRange, DayAnalytics[]>;
}

export function createAnalyticsReads(endpoints: Endpoints, cache: Cache, { metersMs }: TtlSettings): AnalyticsReads {
  const options = {
    // Upstream's ranges are in whole seconds: ranges that differ by less share a cache entry.
    keyOf: (range: TimeRange) => Object.values(toUnixRange(range)).join(' '),
    // Analytics are sums of the sessions' meters, and no fresher than those.
    ttlMs: () => metersMs,
    // A start may change the count.
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
