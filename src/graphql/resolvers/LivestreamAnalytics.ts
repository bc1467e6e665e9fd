import { mapMaybePromise } from '../../lib/maybePromise.ts';
import type { LivestreamAnalyticsResolvers } from '../../generated/resolvers.ts';
import { told } from './requireValue.ts';

export const LivestreamAnalytics: LivestreamAnalyticsResolvers = {
  count: ({ overall }) => mapMaybePromise(overall(), ({ count }) => told(count, 'count')),
  ingestSeconds: ({ overall }) =>
    mapMaybePromise(overall(), ({ ingestSeconds }) => told(ingestSeconds, 'ingestSeconds')),
  viewerSeconds: ({ overall }) =>
    mapMaybePromise(overall(), ({ viewerSeconds }) => told(viewerSeconds, 'viewerSeconds')),
  days: ({ days }) => days(),
};
