import { getDirectiveValues, type GraphQLSchema, GraphQLSpecifiedByDirective, isScalarType } from 'graphql';
import { createSchema } from 'graphql-yoga';

import { enforceScopes } from './requiresScopes.ts';
import type { Context } from './context.ts';
import { typeDefs } from '../generated/typeDefs.ts';
import { lazy } from '../lib/lazy.ts';
import { resolvers } from './resolvers/index.ts';

/** The executable schema, with its resolvers and its rules on scopes. Built once: all gateways of a process share it. */
export const gatewaySchema = lazy(() => {
  const schema = enforceScopes(createSchema<Context>({ typeDefs, resolvers }));
  describeScalars(schema);
  return schema;
});

/** Restores the descriptions and specifications of the SDL's scalars, which `graphql-scalars` replaces by its own. */
function describeScalars(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isScalarType(type) || !type.astNode) continue;
    const url = getDirectiveValues(GraphQLSpecifiedByDirective, type.astNode)?.['url'];
    type.description = type.astNode.description?.value;
    type.specifiedByURL = typeof url === 'string' ? url : null;
  }
}
