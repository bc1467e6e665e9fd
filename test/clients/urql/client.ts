import { Client, type Exchange, fetchExchange } from '@urql/core';

import { createAuthExchange, type Credentials } from './auth';
import { createCacheExchange } from './cache';
import { createErrorExchange } from './errors';
import { createRetryExchange } from './retry';
import { createSubscriptionExchange } from './subscriptions';

export interface Options {
  /** The gateway's endpoint, such as `https://gateway.example/graphql`. */
  url: string;
  credentials: Credentials;
  /** Shows the user a message. */
  show: (message: string) => void;
  /** Further exchanges, next to those that send requests. */
  exchanges?: Exchange[];
}

export const createClient = ({ url, credentials, show, exchanges = [] }: Options): Client =>
  new Client({
    url,
    // Queries go by GET. Without this, the browser might answer them with what it got before a mutation or an event.
    fetchOptions: { cache: 'no-cache' },
    exchanges: [
      createErrorExchange(show),
      createCacheExchange(),
      createRetryExchange(),
      createAuthExchange(credentials),
      ...exchanges,
      fetchExchange,
      createSubscriptionExchange(url, credentials),
    ],
  });
