import { createClient } from 'graphql-sse';

/** Yields the results of a subscription over Server-Sent Events. */
export async function* subscribe(url: string, token: () => Promise<string>, query: string) {
  const client = createClient({
    url, // http://127.0.0.1:4000/graphql
    headers: async () => ({ authorization: `Bearer ${await token()}` }),
  });
  yield* client.iterate({ query });
}
