import type { LivestreamAnalyticsDayResolvers } from '../../generated/resolvers.ts';
import { told } from './requireValue.ts';

export const LivestreamAnalyticsDay: LivestreamAnalyticsDayResolvers = {
  count: ({ count }) => told(count, 'count'),
  ingestSeconds: ({ ingestSeconds }) => told(ingestSeconds, 'ingestSeconds'),
  viewerSeconds: ({ viewerSeconds }) => told(viewerSeconds, 'viewerSeconds'),
};
