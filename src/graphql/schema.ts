import { createSchema } from 'graphql-yoga';

import { enforceScopes } from './requiresScopes.ts';
import type { Context } from './context.ts';
import { typeDefs } from '../generated/typeDefs.ts';
import { lazy } from '../lib/lazy.ts';
import { resolvers } from './resolvers/index.ts';

/** The executable schema, with its resolvers and its rules on scopes. Built once: all gateways of a process share it. */
export const gatewaySchema = lazy(() => enforceScopes(createSchema<Context>({ typeDefs, resolvers })));
