import { cacheExchange, Client, fetchExchange, mapExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-sse';

import { authorizedFetch, type Token } from '../authorizedFetch.ts';

export interface ClientOptions {
  /** Such as `https://gateway.example/graphql`. */
  url: string;
  token: Token;
}

export function createGatewayClient({ url, token }: ClientOptions): Client {
  const fetch = authorizedFetch(token);
  const events = createClient({ url, fetchFn: fetch });
  return new Client({
    url,
    preferGetMethod: false,
    fetch,
    exchanges: [
      cacheExchange,
      persistedExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ documentId, variables = {} }) => {
          const request = { documentId, query: '', variables };
          return { subscribe: (sink) => ({ unsubscribe: events.subscribe(request, sink) }) };
        },
      }),
    ],
  });
}

/** After the cache, a document needs its text no more: without one, urql sends the id. */
const persistedExchange = mapExchange({
  onOperation: (operation) => ({ ...operation, query: { ...operation.query, definitions: [] } }),
});
