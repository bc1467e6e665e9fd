import fastify from 'fastify';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import mercurius from 'mercurius';

import { TYPE_DEFS } from '../servers/benchSchema.ts';
import { createDispatchClient } from '../servers/dispatchClient.ts';
import { type BenchContext, resolvers } from '../servers/sharedResolvers.ts';

declare module 'mercurius' {
  interface MercuriusContext extends BenchContext {}
}

/* The fastest engine with the cheapest HTTP client: mercurius with graphql-jit and undici's `dispatch`, without DataLoader. */

const rest = createDispatchClient();
const app = fastify();
await app.register(mercurius, {
  schema: TYPE_DEFS,
  resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
  context: () => ({ rest }),
  jit: 1,
});
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql\n`);
