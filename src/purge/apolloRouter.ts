import { jsonHeaders, type PurgeEndpoint, statusFailure } from './purgeEndpoint.ts';

export interface ApolloRouterSettings {
  /** The URL of the invalidation endpoint: `listen` and `path` of the router's `response_cache.invalidation`. */
  url: string;
  /** Secret. The `shared_key` of the router's configuration. */
  key: string;
  /** The name of this subgraph in the supergraph. */
  subgraph: string;
}

/** The router documents no limit. This bounds the body to a few kilobytes. */
const MAX_TAGS = 100;

/**
 * The invalidation endpoint of Apollo Router's response cache:
 * https://www.apollographql.com/docs/graphos/routing/performance/caching/response-caching/invalidation
 *
 * The router responds with 202 and the number of entries that it has removed. It responds with 400 if its own Redis fails, too.
 */
export function apolloRouterEndpoint({ url, key, subgraph }: ApolloRouterSettings): PurgeEndpoint {
  return {
    name: 'router',
    maxTags: MAX_TAGS,
    createRequest: (tags) => ({
      url,
      headers: jsonHeaders(key),
      body: JSON.stringify(tags.map((tag) => ({ kind: 'cache_tag', subgraphs: [subgraph], cache_tag: tag }))),
    }),
    failureOf: statusFailure,
  };
}
