import { createSchema } from 'graphql-yoga';

import { enforceScopes } from './requiresScopes.ts';
import type { Context } from './context.ts';
import { typeDefs } from '../generated/typeDefs.ts';
import { resolvers } from './resolvers/index.ts';

/** The schema with all that resolves it, and with who may read what. */
export function createGatewaySchema() {
  return enforceScopes(createSchema<Context>({ typeDefs, resolvers }));
}
