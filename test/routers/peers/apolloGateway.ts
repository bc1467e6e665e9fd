import { readFile } from 'node:fs/promises';

import { ApolloGateway, type GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

/* Apollo's gateway behind Apollo Server's standalone server, as its documentation has it: `node apollo.ts SUPERGRAPH PORT`. */

interface Caller {
  authorization?: string | undefined;
}

/** The subgraphs learn who asks. */
class Subgraph extends RemoteGraphQLDataSource<Caller> {
  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<Caller>): void {
    const { authorization } = context;
    if (authorization !== undefined) request.http?.headers.set('authorization', authorization);
  }
}

const [supergraph = '', port = ''] = process.argv.slice(2);
const gateway = new ApolloGateway({
  supergraphSdl: await readFile(supergraph, 'utf8'),
  buildService: ({ url = '' }) => new Subgraph({ url }),
});
const server = new ApolloServer<Caller>({ gateway });
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(port) },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
