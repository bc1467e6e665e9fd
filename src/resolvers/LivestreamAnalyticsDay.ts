import type { LivestreamAnalyticsDayResolvers } from '../generated/resolvers.ts';
import { told } from '../told.ts';

export const LivestreamAnalyticsDay: LivestreamAnalyticsDayResolvers = {
  count: ({ count }) => told(count, 'count'),
  ingestSeconds: ({ ingestSeconds }) => told(ingestSeconds, 'ingestSeconds'),
  viewerSeconds: ({ viewerSeconds }) => told(viewerSeconds, 'viewerSeconds'),
};
