import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';

import { webSocketClient } from './connection.ts';
import { partialErrorLink } from './partialErrors.ts';

/**
 * Queries and mutations travel over HTTP, subscriptions over one WebSocket. Lists need no cache policies: each page is an entry of
 * its own, and the livestreams on it are shared with everything else that shows them.
 */
export const client = new ApolloClient({
  link: ApolloLink.from([
    partialErrorLink,
    ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(webSocketClient),
      new HttpLink({ uri: '/graphql' }),
    ),
  ]),
  cache: new InMemoryCache(),
  dataMasking: true,
});
