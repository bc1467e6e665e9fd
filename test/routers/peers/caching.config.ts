import { defineConfig } from '@graphql-hive/gateway';

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs({ request }) {
      const authorization = request.headers.get('authorization');
      return authorization === null ? {} : { authorization };
    },
  },
  cache: { type: 'localforage' },
  responseCaching: {
    // Hive Gateway ignores `private`.
    session: (request) => request.headers.get('authorization'),
    // It heeds `max-age`, and ignores `no-store`.
    ttlPerSchemaCoordinate: {
      'Livestream.streamKey': 0,
      'Livestream.ingestServer': 0,
      'Query.upstreamBudget': 0,
    },
    // Adds to each result what the cache did. For tests and debugging only.
    includeExtensionMetadata: true,
  },
});
