import { whenAtHand } from '../../lib/maybePromise.ts';
import type { LivestreamAnalyticsResolvers } from '../../generated/resolvers.ts';
import { told } from './requireValue.ts';

export const LivestreamAnalytics: LivestreamAnalyticsResolvers = {
  count: ({ overall }) => whenAtHand(overall(), ({ count }) => told(count, 'count')),
  ingestSeconds: ({ overall }) => whenAtHand(overall(), ({ ingestSeconds }) => told(ingestSeconds, 'ingestSeconds')),
  viewerSeconds: ({ overall }) => whenAtHand(overall(), ({ viewerSeconds }) => told(viewerSeconds, 'viewerSeconds')),
  days: ({ days }) => days(),
};
