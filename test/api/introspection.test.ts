import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';

import { startTestGateway, type TestGateway, type TestResponse } from '../support/gateway.ts';

const EVERYTHING_OFF = { introspection: false, suggestions: false, upstreamReport: false, graphiql: false } as const;

const SCHEMA_QUERIES: [name: string, query: string][] = [
  ['introspection', getIntrospectionQuery()],
  ['introspection under an alias', '{ x: __schema { queryType { name } } }'],
  ['introspection of one type', '{ __type(name: "Livestream") { fields { name } } }'],
  [
    'introspection in a fragment named `__schema`',
    '{ ...__schema } fragment __schema on Query { __schema { queryType { name } } }',
  ],
  ['introspection that @skip removes', '{ __schema @skip(if: true) { queryType { name } } __typename }'],
  [
    'introspection in an operation that is not run',
    'query A { __typename } query B { __schema { queryType { name } } }',
  ],
  ['the SDL', '{ _service { sdl } }'],
  ['the SDL under an alias, in a fragment', '{ ...F } fragment F on Query { x: _service { y: sdl } }'],
];

const execute = async (gateway: TestGateway, query: string): Promise<TestResponse> =>
  gateway.send({ query, operationName: query.startsWith('query') ? 'A' : null });

describe('introspection and the SDL', () => {
  test.each(SCHEMA_QUERIES)('are available by default: %s', async (_name, query) => {
    const gateway = await startTestGateway();
    expect((await execute(gateway, query)).errors).toEqual([]);
  });

  test.each(SCHEMA_QUERIES)('are rejected by POST and GET when introspection is off: %s', async (_name, query) => {
    const gateway = await startTestGateway({ options: EVERYTHING_OFF });
    // The second request finds the document in Yoga's cache.
    for (const response of [await execute(gateway, query), await execute(gateway, query)]) {
      expect(response.data).toBeNull();
      expect(response.errors.map(({ extensions }) => extensions['code'])).toContain('GRAPHQL_VALIDATION_FAILED');
    }
    const get = await gateway.fetch(`/graphql?operationName=A&query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/json' },
    });
    expect(get.data).toBeNull();
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('are rejected together with the rest of the operation when introspection is off', async () => {
    const gateway = await startTestGateway({ options: EVERYTHING_OFF });
    const { data } = await execute(
      gateway,
      `{ livestream(id: "${gateway.exampleIds.liveLivestreamId}") { id } __schema { queryType { name } } }`,
    );
    expect([data, gateway.upstreamRequests()]).toEqual([null, []]);
  });

  test('can be off while __typename and _entities work', async () => {
    const gateway = await startTestGateway({ options: EVERYTHING_OFF });
    const id = gateway.exampleIds.liveLivestreamId;
    const query =
      'query ($r: [_Any!]!) { __typename _entities(representations: $r) { __typename ... on Livestream { id } } }';
    const { data } = await gateway.send({ query, variables: { r: [{ __typename: 'Livestream', id }] } });
    expect(data).toEqual({ __typename: 'Query', _entities: [{ __typename: 'Livestream', id }] });
  });
});
