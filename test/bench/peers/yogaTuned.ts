import { createServer } from 'node:http';

import { type DocumentNode, execute } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import { createSchema, createYoga, type Plugin } from 'graphql-yoga';

import { TYPE_DEFS } from '../servers/benchSchema.ts';
import { createDispatchClient } from '../servers/dispatchClient.ts';
import { listenAndPrintUrl } from '../servers/listenAndPrintUrl.ts';
import { type BenchContext, resolvers } from '../servers/sharedResolvers.ts';

/*
 * The least that Yoga costs: everything that can be switched off is off, graphql-jit executes, and undici's `dispatch` reads. Yoga
 * caches parsed and validated documents by default.
 */

/** Compiles each operation on its first execution. An operation that graphql-jit cannot compile is executed by graphql-js. */
function useGraphQLJit(): Plugin {
  const compiledQueries = new WeakMap<DocumentNode, CompiledQuery['query']>();
  return {
    onExecute({ args: { schema, document, operationName }, setExecuteFn }) {
      let query = compiledQueries.get(document);
      if (query === undefined) {
        const compiled = compileQuery(schema, document, operationName ?? undefined);
        query = isCompiledQuery(compiled) ? compiled.query : undefined;
        if (query === undefined) return setExecuteFn(execute);
        compiledQueries.set(document, query);
      }
      const run = query;
      setExecuteFn(({ rootValue, contextValue, variableValues }) => run(rootValue, contextValue, variableValues));
    },
  };
}

const context: BenchContext = { rest: createDispatchClient() };
const yoga = createYoga<object, BenchContext>({
  schema: createSchema<BenchContext>({
    typeDefs: TYPE_DEFS,
    resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
  }),
  context,
  plugins: [useGraphQLJit()],
  logging: false,
  maskedErrors: false,
  multipart: false,
  batching: false,
  graphiql: false,
  landingPage: false,
  cors: false,
});

listenAndPrintUrl(createServer((request, response) => void yoga(request, response)));
