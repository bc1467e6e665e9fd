import { type Exchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-sse';

import type { Credentials } from './auth';

/** Sends subscriptions over Server-Sent Events, one request per subscription, and reconnects. */
export function createSubscriptionExchange(url: string, { token }: Pick<Credentials, 'token'>): Exchange {
  const events = createClient({
    url,
    // Called for each connection.
    headers: async () => ({ authorization: `Bearer ${await token()}` }),
    retryAttempts: Infinity,
  });
  return subscriptionExchange({
    forwardSubscription: ({ query = '', variables, extensions = {} }) => ({
      subscribe: (sink) => ({
        unsubscribe: events.subscribe({ query, variables: { ...variables }, extensions }, sink),
      }),
    }),
  });
}
