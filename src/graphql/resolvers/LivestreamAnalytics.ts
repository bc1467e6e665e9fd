import { GatewayError } from '../../domain/errors.ts';
import type { Analytics } from '../../domain/models.ts';
import type { LivestreamAnalyticsDayResolvers, LivestreamAnalyticsResolvers } from '../../generated/resolvers.ts';
import { whenReady } from '../../lib/maybePromise.ts';

export const LivestreamAnalytics: LivestreamAnalyticsResolvers = {
  count: ({ overall }) => whenReady(overall(), required('count')),
  ingestSeconds: ({ overall }) => whenReady(overall(), required('ingestSeconds')),
  viewerSeconds: ({ overall }) => whenReady(overall(), required('viewerSeconds')),
  days: ({ days }) => days(),
};

export const LivestreamAnalyticsDay: LivestreamAnalyticsDayResolvers = {
  count: required('count'),
  ingestSeconds: required('ingestSeconds'),
  viewerSeconds: required('viewerSeconds'),
};

/** Returns a function that returns a field that is null only because of an error. Throws `UPSTREAM_INVALID_RESPONSE` if it is missing in the response. */
function required(field: keyof Analytics): (analytics: Analytics) => number {
  return ({ [field]: value }) => {
    if (value !== null) return value;
    throw new GatewayError('UPSTREAM_INVALID_RESPONSE', `The response of RealtimeKit lacks "${field}".`);
  };
}
