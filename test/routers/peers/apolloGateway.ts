import { readFile } from 'node:fs/promises';

import { ApolloGateway, type GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

/* Serves `@apollo/gateway` with Apollo Server, as in Apollo's documentation. Usage: `node apolloGateway.ts SUPERGRAPH_FILE PORT` */

interface CallerContext {
  authorization?: string | undefined;
}

/** Forwards the caller's `authorization` header to the subgraphs. */
class AuthorizedSubgraph extends RemoteGraphQLDataSource<CallerContext> {
  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<CallerContext>): void {
    const { authorization } = context;
    if (authorization !== undefined) request.http?.headers.set('authorization', authorization);
  }
}

const [supergraphFile = '', port = ''] = process.argv.slice(2);
const gateway = new ApolloGateway({
  supergraphSdl: await readFile(supergraphFile, 'utf8'),
  buildService: ({ url = '' }) => new AuthorizedSubgraph({ url }),
});
const server = new ApolloServer<CallerContext>({ gateway });
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(port) },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
