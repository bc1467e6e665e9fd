import { handleMaybePromise } from '@whatwg-node/promise-helpers';

import type { LivestreamAnalyticsResolvers } from '../../generated/resolvers.ts';
import { requireValue } from './requireValue.ts';

export const LivestreamAnalytics: LivestreamAnalyticsResolvers = {
  count: ({ overall }) => handleMaybePromise(overall, ({ count }) => requireValue(count, 'count')),
  ingestSeconds: ({ overall }) =>
    handleMaybePromise(overall, ({ ingestSeconds }) => requireValue(ingestSeconds, 'ingestSeconds')),
  viewerSeconds: ({ overall }) =>
    handleMaybePromise(overall, ({ viewerSeconds }) => requireValue(viewerSeconds, 'viewerSeconds')),
  days: ({ days }) => days(),
};
