import { cacheExchange, Client, fetchExchange, mapExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-sse';

export interface ClientOptions {
  /** Such as `https://gateway.example/graphql`. */
  url: string;
  /** Returns the user's credential. Called before each request. */
  token: () => Promise<string>;
}

export function createGatewayClient({ url, token }: ClientOptions): Client {
  const authenticate = async () => ({ authorization: `Bearer ${await token()}` });
  const events = createClient({ url, headers: authenticate });
  return new Client({
    url,
    preferGetMethod: false,
    fetch: async (input, init) => fetch(input, { ...init, headers: { ...init?.headers, ...(await authenticate()) } }),
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
