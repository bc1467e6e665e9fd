import { ApolloLink, HttpLink } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { type Client, createClient } from 'graphql-ws';

import type { Credentials } from './authLink';

/** The WebSocket, which opens with the first subscription and closes with the last. */
export const createSocket = (url: string, { token }: Pick<Credentials, 'token'>): Client =>
  createClient({
    url: url.replace(/^http/, 'ws'),
    // Called for each connection: when a token expires, the gateway closes the connection, and graphql-ws opens another one.
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    // By default, the fifth attempt is the last one, and so is one that cannot connect at all.
    retryAttempts: Infinity,
    shouldRetry: () => true,
  });

/** Sends subscriptions over the WebSocket, and everything else over HTTP. */
export const createTransportLink = (url: string, socket: Client): ApolloLink =>
  ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  );
