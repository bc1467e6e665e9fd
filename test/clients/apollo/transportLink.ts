import { ApolloLink, HttpLink } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';

import type { Credentials } from './authLink';

/** Sends subscriptions over a WebSocket, and everything else over HTTP. */
export function createTransportLink(url: string, { token }: Pick<Credentials, 'token'>): ApolloLink {
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    // Called for each connection: after the token has expired, the gateway closes the connection, and graphql-ws opens another.
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    retryAttempts: Infinity,
  });
  return ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  );
}
