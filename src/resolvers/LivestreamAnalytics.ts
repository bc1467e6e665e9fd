import { whenAtHand } from '../atHand.ts';
import type { LivestreamAnalyticsResolvers } from '../generated/resolvers.ts';
import { told } from '../told.ts';

export const LivestreamAnalytics: LivestreamAnalyticsResolvers = {
  count: ({ overall }) => whenAtHand(overall(), ({ count }) => told(count, 'count')),
  ingestSeconds: ({ overall }) => whenAtHand(overall(), ({ ingestSeconds }) => told(ingestSeconds, 'ingestSeconds')),
  viewerSeconds: ({ overall }) => whenAtHand(overall(), ({ viewerSeconds }) => told(viewerSeconds, 'viewerSeconds')),
  days: ({ days }) => days(),
};
