import type { OperationLoaders } from '../graphql/loaders/operationLoaders.ts';

/** The request header with which a router asks for the tags of a result, with the value `1`. */
export const TAGS_HEADER = 'x-cache-tags';

/**
 * The extensions in which Apollo Router's response cache looks for tags: one list for root fields, or, for `_entities`, one for each
 * representation, in the same order
 * (https://www.apollographql.com/docs/graphos/routing/performance/caching/response-caching/invalidation).
 */
export function apolloCacheTags(loaders: OperationLoaders): Record<string, unknown> {
  const { entityTags } = loaders;
  const tags = loaders.tags();
  return entityTags === null ? { apolloCacheTags: tags } : { apolloEntityCacheTags: entityTags.lists(tags) };
}
