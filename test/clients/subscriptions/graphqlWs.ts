import { createClient } from 'graphql-ws';

/** Yields the results of a subscription over a WebSocket. */
export async function* subscribe(url: string, token: () => Promise<string>, query: string) {
  const client = createClient({
    url, // ws://127.0.0.1:4000/graphql
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
  });
  yield* client.iterate({ query });
}
