import { type Exchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';

import type { Credentials } from './auth';

/** Sends subscriptions over a WebSocket, which opens with the first one and closes with the last. */
export function createSubscriptionExchange(url: string, { token }: Pick<Credentials, 'token'>): Exchange {
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    // Called for each connection: when a token expires, the gateway closes the connection, and graphql-ws opens another one.
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    // By default, the fifth attempt is the last one, and so is one that cannot connect at all.
    retryAttempts: Infinity,
    shouldRetry: () => true,
  });
  return subscriptionExchange({
    forwardSubscription: ({ query = '', variables, extensions }) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe(
          { query, variables: { ...variables }, extensions },
          { ...sink, next: ({ data = null, errors }) => sink.next(errors ? { data, errors } : { data }) },
        ),
      }),
    }),
  });
}
