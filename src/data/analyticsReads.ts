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
import type { CreateQuery } from './cache/cachedQuery.ts';
import { ALL_LISTS } from './cache/tags.ts';
import type { TtlSettings } from './cache/ttl.ts';

/** The analytics of a time range, in total and by day. Each takes a request and is cached on its own. */
export function createAnalyticsReads(endpoints: Endpoints, createQuery: CreateQuery, { metersMs }: TtlSettings) {
  const options = {
    // Upstream's ranges are in whole seconds: ranges that differ by less share a cache entry.
    keyOf: (range: TimeRange) => Object.values(toUnixRange(range)).join(' '),
    // Analytics are sums of the sessions' meters, and no fresher than those.
    ttlMs: () => metersMs,
    // A start may change the count.
    tags: () => [ALL_LISTS],
  };
  return {
    analytics: createQuery<TimeRange, Analytics>({
      ...options,
      route: '/analytics/livestreams/overall',
      load: (operation, range) => endpoints.analytics(operation, range),
      schema: analyticsSchema,
    }),
    dailyAnalytics: createQuery<TimeRange, DayAnalytics[]>({
      ...options,
      route: '/analytics/livestreams/daywise',
      load: (operation, range) => endpoints.dailyAnalytics(operation, range),
      schema: v.array(dayAnalyticsSchema),
    }),
  };
}
