import type { LivestreamAnalyticsDayResolvers } from '../../generated/resolvers.ts';
import { requireValue } from './requireValue.ts';

export const LivestreamAnalyticsDay: LivestreamAnalyticsDayResolvers = {
  count: ({ count }) => requireValue(count, 'count'),
  ingestSeconds: ({ ingestSeconds }) => requireValue(ingestSeconds, 'ingestSeconds'),
  viewerSeconds: ({ viewerSeconds }) => requireValue(viewerSeconds, 'viewerSeconds'),
};
