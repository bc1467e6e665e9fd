import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { parse, print } from 'graphql';
import { describe, expect, test } from 'vitest';

import { matching, startTestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { hashOf } from '../../support/hashOf.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import { sha256 } from './persistedQueries.ts';

const QUERY = 'query Total { livestreams(first: 1) { totalCount } }';
const DATA = { livestreams: { totalCount: 320 } };

const serve = async (options: TestGatewayOptions['options'] = {}) => serveGateway(await startTestGateway({ options }));

describe("Apollo Client's PersistedQueryLink", () => {
  test.each([true, false])('sends the text of a document once, and then only its hash (by GET: %s)', async (byGet) => {
    const { url } = await serve();
    const sent: string[] = [];
    const http = new HttpLink({
      uri: url,
      async fetch(target, init) {
        const request = new Request(target, init);
        const contents = decodeURIComponent(request.url) + (await request.clone().text());
        const parts = { text: contents.includes('query Total'), hash: /"[0-9a-f]{64}"/.test(contents) };
        sent.push(`${request.method} text: ${parts.text}, hash: ${parts.hash}`);
        return fetch(request);
      },
    });
    const persistedQueries = new PersistedQueryLink({ sha256: sha256, useGETForHashedQueries: byGet });
    const client = new ApolloClient({ cache: new InMemoryCache(), link: persistedQueries.concat(http) });
    for (let run = 0; run < 3; run += 1) {
      const { data } = await client.query({ query: parse(QUERY), fetchPolicy: 'network-only' });
      expect(data).toMatchObject(DATA);
    }
    const hashAlone = `${byGet ? 'GET' : 'POST'} text: false, hash: true`;
    expect(sent).toEqual([hashAlone, 'POST text: true, hash: true', hashAlone, hashAlone]);
  });

  // After PERSISTED_QUERY_NOT_SUPPORTED, the client sends texts.
  test('gets trusted documents also after one that is not, where no others are allowed', async () => {
    const text = print(new InMemoryCache().transformDocument(parse(QUERY)));
    const { url } = await serve({
      trustedDocuments: { documents: new Map([[hashOf(text), text]]), isExclusive: true },
    });
    const link = new PersistedQueryLink({ sha256: sha256 }).concat(new HttpLink({ uri: url }));
    const client = new ApolloClient({ cache: new InMemoryCache(), link });
    const run = async (query: string) =>
      client.query({ query: parse(query), fetchPolicy: 'network-only', errorPolicy: 'all' });
    expect((await run(QUERY)).data).toMatchObject(DATA);
    expect((await run('{ __typename }')).error?.message).toContain('serves only trusted documents');
    for (let repeat = 0; repeat < 2; repeat += 1) expect((await run(QUERY)).data).toMatchObject(DATA);
  });
});

describe("Apollo Client's PersistedQueryLink with trusted documents", () => {
  const document = gql`
    query NameForApollo($id: ID!) {
      livestream(id: $id) {
        id
        name
      }
    }
  `;

  /** Runs a query in Apollo Client. Returns its result and the requests that the client sent. */
  async function execute(known: ReadonlyMap<string, string>, isExclusive: boolean, useGETForHashedQueries: boolean) {
    const gateway = await startTestGateway({ options: { trustedDocuments: { documents: known, isExclusive } } });
    const sent: { method: string; hasQuery: boolean }[] = [];
    const fetch = async (url: URL | RequestInfo, init: RequestInit = {}): Promise<Response> => {
      const { pathname, search } = new URL(url instanceof Request ? url.url : url);
      const body = typeof init.body === 'string' ? init.body : search;
      sent.push({ method: init.method ?? 'GET', hasQuery: body.includes('query NameForApollo') });
      const { status, text, headers } = await gateway.fetch(pathname + search, init);
      return new Response(text, { status, headers });
    };
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries });
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: link.concat(new HttpLink({ uri: 'http://gateway.test/graphql', fetch })),
    });
    const variables = { id: gateway.exampleIds.liveLivestreamId };
    const result = await client.query({ query: document, variables, errorPolicy: 'all' });
    return { sent, data: result.data, error: result.error };
  }

  // The client adds __typename to the document.
  const text = print(new InMemoryCache().transformDocument(document));
  const known = new Map([[hashOf(text), text]]);
  const served = { livestream: { name: matching(/./) } };

  test.each([true, false])('sends only the hash when the document is trusted (by GET: %s)', async (byGet) => {
    const { sent, data } = await execute(known, true, byGet);
    expect(data).toMatchObject(served);
    expect(sent).toEqual([{ method: byGet ? 'GET' : 'POST', hasQuery: false }]);
  });

  test.each([true, false])(
    'falls back to the query when the document is unknown and allowed (by GET: %s)',
    async (byGet) => {
      const { sent, data, error } = await execute(new Map(), false, byGet);
      expect([data, error]).toMatchObject([served, undefined]);
      expect(sent.map(({ hasQuery }) => hasQuery)).toEqual([false, true]);
    },
  );

  test('gets FORBIDDEN when the document is unknown and only trusted documents are allowed', async () => {
    const { sent, data, error } = await execute(new Map(), true, false);
    expect(data).toBeUndefined();
    expect(JSON.stringify(error)).toContain('FORBIDDEN');
    expect(sent.map(({ hasQuery }) => hasQuery)).toEqual([false, true]);
  });
});
