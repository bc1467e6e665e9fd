import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import { cacheExchange, Client, fetchExchange } from '@urql/core';
import { tap } from 'rxjs';
import { expect, test, vi } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const QUERY = '{ livestreams(first: 3) { totalCount nodes { id activeSession { id } } } }';
const DRY_RUN = { headers: { 'x-cost': 'estimate' } };
const COST = { cost: { requested: 4 } };

test('a dry run makes Apollo Client neither throw nor cache a field', async () => {
  // Without `no-cache`, it complains that it has nothing to cache.
  const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
  const gateway = await startTestGateway();
  const { url } = await serveGateway(gateway);
  const extensions: unknown[] = [];
  const observer = new ApolloLink((operation, forward) =>
    forward(operation).pipe(tap((result) => extensions.push('extensions' in result ? result.extensions : undefined))),
  );
  const cache = new InMemoryCache();
  const client = new ApolloClient({ cache, link: ApolloLink.from([observer, new HttpLink({ uri: url })]) });
  const query = gql(QUERY);
  const { data, error } = await client.query({ query, context: DRY_RUN, fetchPolicy: 'no-cache' });
  expect([data ?? null, error]).toEqual([null, undefined]);
  expect([complain.mock.calls, cache.extract()]).toEqual([[], {}]);
  await client.query({ query, context: DRY_RUN });
  expect(extensions).toMatchObject([COST, COST]);
  expect(gateway.upstreamRequests()).toEqual([]);
  expect(await client.query({ query })).toMatchObject({ data: { livestreams: { totalCount: 320 } } });
});

test.each([
  ['document cache', cacheExchange],
  ['normalized cache', graphcache({})],
])('a dry run is a result without data in urql, with its %s', async (_name, cache) => {
  const gateway = await startTestGateway();
  const { url } = await serveGateway(gateway);
  const client = new Client({ url, exchanges: [cache, fetchExchange], preferGetMethod: false });
  const context = { fetchOptions: DRY_RUN, requestPolicy: 'network-only' } as const;
  const { data, error, extensions } = await client.query(QUERY, {}, context).toPromise();
  expect([data ?? null, error, extensions]).toMatchObject([null, undefined, COST]);
  expect(gateway.upstreamRequests()).toEqual([]);
  const executed = await client.query(QUERY, {}, { requestPolicy: 'network-only' }).toPromise();
  expect(executed.data).toMatchObject({ livestreams: { totalCount: 320 } });
});
