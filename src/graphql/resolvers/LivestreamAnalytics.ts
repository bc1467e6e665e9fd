import { mapMaybePromise } from '../../lib/maybePromise.ts';
import type { LivestreamAnalyticsResolvers } from '../../generated/resolvers.ts';
import { requireValue } from './requireValue.ts';

export const LivestreamAnalytics: LivestreamAnalyticsResolvers = {
  count: ({ overall }) => mapMaybePromise(overall(), ({ count }) => requireValue(count, 'count')),
  ingestSeconds: ({ overall }) =>
    mapMaybePromise(overall(), ({ ingestSeconds }) => requireValue(ingestSeconds, 'ingestSeconds')),
  viewerSeconds: ({ overall }) =>
    mapMaybePromise(overall(), ({ viewerSeconds }) => requireValue(viewerSeconds, 'viewerSeconds')),
  days: ({ days }) => days(),
};
