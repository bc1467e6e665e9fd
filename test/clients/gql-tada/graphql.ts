import { initGraphQLTada } from 'gql.tada';

import type { introspection } from './generated/graphql-env';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { Date: string; DateTime: string; URL: string };
}>();

export { type FragmentOf, readFragment, type ResultOf, type VariablesOf } from 'gql.tada';
