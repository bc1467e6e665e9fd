import { describe, expect, test } from 'vitest';

import { type TestResponse, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { repeatText, rejection, summarize } from '../support/rejections.ts';

/** Documents that other GraphQL limiters accept or take too long to reject, with the error message that the gateway must give. */
const BYPASSES: [what: string, query: string, expected: RegExp][] = [
  ['aliases of `__typename`', `{ ${repeatText(51, (index) => `a${index}: __typename`)} }`, /51 aliases/],
  [
    'aliases in a fragment',
    `{ ...F } fragment F on Query { ${repeatText(51, (index) => `a${index}: __typename`)} }`,
    /51 aliases/,
  ],
  [
    'aliases in one of several operations',
    `query A { ${repeatText(51, (index) => `a${index}: __typename`)} } query B { __typename }`,
    /51 aliases/,
  ],
  [
    'aliases in an inline fragment',
    `{ ... on Query { ... { ${repeatText(51, (index) => `a${index}: __typename`)} } } }`,
    /51 aliases/,
  ],
  [
    'depth in a fragment named `__schema`',
    `{ meeting(id: "a") { ...__schema } } fragment __schema on Meeting { ${'activeLivestream { meeting { '.repeat(6)} id ${'} }'.repeat(6)} }`,
    /14 levels/,
  ],
  [
    'depth in a fragment named `__type`',
    `{ meeting(id: "a") { ...__type } } fragment __type on Meeting { ${'activeLivestream { meeting { '.repeat(6)} id ${'} }'.repeat(6)} }`,
    /14 levels/,
  ],
  [
    'depth under an alias named `__schema`',
    `{ __schema: meeting(id: "a") { ${'activeLivestream { meeting { '.repeat(6)} id ${'} }'.repeat(6)} } }`,
    /14 levels/,
  ],
  [
    'depth from a fragment on each level',
    `{ meeting(id: "a") { ...F0 } } ${repeatText(13, (level) => `fragment F${level} on Meeting { id ${level < 12 ? `activeLivestream { meeting { ...F${level + 1} } }` : ''} }`)}`,
    /26 levels/,
  ],
  [
    'depth from a fragment that is first spread at a shallow level',
    `{ meeting(id: "a") { ...F ${'activeLivestream { meeting { '.repeat(5)} ...F ${'} }'.repeat(5)} } } fragment F on Meeting { activeLivestream { id } }`,
    /13 levels/,
  ],
  [
    'fragments that double their fields thirty times',
    `{ ...F0 } ${repeatText(30, (level) => `fragment F${level} on Query { ...F${level + 1} ...F${level + 1} }`)} fragment F30 on Query { a: __typename }`,
    /1073741824/,
  ],
  [
    'deeply nested introspection',
    `{ __schema { types { fields { type { ${'ofType { '.repeat(18)} name ${'}'.repeat(18)} } } } } }`,
    /23 levels of introspection/,
  ],
  [
    'aliases of `__schema`, whose result has no limit of its own',
    `{ ${repeatText(2, (index) => `a${index}: __schema { types { name } }`)} }`,
    /2 "__schema" fields, but the limit is 1/,
  ],
  [
    '`__schema` in fragments',
    '{ __schema { types { name } } ...F } fragment F on Query { a: __schema { types { name } } }',
    /2 "__schema" fields/,
  ],
  [
    'aliases of `__type`',
    `{ ${repeatText(11, (index) => `a${index}: __type(name: "Query") { name }`)} }`,
    /11 "__type" fields, but the limit is 10/,
  ],
  [
    'aliases within `__schema`',
    `{ __schema { ${repeatText(6, (index) => `a${index}: types { name }`)} } }`,
    /6 aliases within introspection, but the limit is 5/,
  ],
];

describe('a document that is known to bypass limiters', () => {
  test.each(BYPASSES)('is rejected by POST and GET: %s', async (_case, query, expected) => {
    const gateway = await startTestGateway();
    for (const variables of [{}, { a: 1 }]) {
      const { errors, data } = await gateway.send({
        query,
        variables,
        operationName: query.startsWith('query') ? 'B' : null,
      });
      expect(errors.map(({ extensions }) => extensions['code'])).toContain('GRAPHQL_VALIDATION_FAILED');
      expect(errors.map(({ message }) => message).join(' ')).toMatch(expected);
      expect(data).toBeNull();
    }
    const get = await gateway.fetch(`/graphql?operationName=B&query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/json' },
    });
    expect(get.errors.map(({ message }) => message).join(' ')).toMatch(
      query.startsWith('query') ? expected : /Send the name of an operation|levels|aliases/,
    );
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test.each([
    [
      'introspection with lists inside lists',
      `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
    ],
    ['fragments in a cycle', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
    ['`__schema` below the root', `{ meeting(id: "a") { __schema { ${'x { '.repeat(30)} y ${'}'.repeat(30)} } } }`],
    [
      'thousands of equal fields, which validation compares in pairs',
      `{ livestreams { nodes { ${'id '.repeat(1900)} } } }`,
    ],
    ['thousands of unknown fields', `{ meeting(id: "a") { ${repeatText(1900, (index) => `f${index}`)} } }`],
  ])('is rejected with a bounded number and length of errors: %s', async (_case, query) => {
    const gateway = await startTestGateway();
    const { errors, data, text } = await gateway.send({ query });
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
    expect(errors.length).toBeLessThanOrEqual(101);
    expect([data, text.length < 30_000, gateway.upstreamRequests()]).toEqual([null, true, []]);
  });

  test('is rejected even if the operation to execute is within the limits', async () => {
    const gateway = await startTestGateway();
    const query = `query Good { __typename } query Bad { meeting(id: "a") { ${repeatText(51, (index) => `a${index}: id`)} } }`;
    expect(summarize(gateway, await gateway.send({ query, operationName: 'Good' }))).toEqual(
      rejection('GRAPHQL_VALIDATION_FAILED', /51 aliases/),
    );
  });
});

describe('deep nesting', () => {
  const brackets = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const braces = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
  const post = async (gateway: TestGateway, body: string): Promise<TestResponse> =>
    gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
    });

  test.each([
    ['unused variables', `{"query":"{ __typename }","variables":{"x":${brackets(450_000)}}}`],
    ['objects', `{"query":"{ __typename }","variables":${braces(150_000)}}`],
    [
      'a filter',
      `{"query":"query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }","variables":{"f":{"status":${brackets(450_000)}}}}`,
    ],
    [
      'a representation',
      `{"query":"query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }","variables":{"r":[${braces(150_000)}]}}`,
    ],
  ])('in %s is rejected with BAD_REQUEST', async (_case, body) => {
    const gateway = await startTestGateway();
    expect(summarize(gateway, await post(gateway, body))).toEqual(
      rejection('BAD_REQUEST', /nested more than 50 levels deep/, 400),
    );
    expect(gateway.logs).toEqual([]);
  });

  test('of variables is accepted up to 50 levels', async () => {
    const gateway = await startTestGateway();
    const body = (levels: number): string => `{"query":"{ __typename }","variables":{"x":${brackets(levels)}}}`;
    expect((await post(gateway, body(50))).data).toEqual({ __typename: 'Query' });
    expect(summarize(gateway, await post(gateway, body(51)))).toEqual(
      rejection('BAD_REQUEST', /nested more than 50/, 400),
    );
  });

  test('of extensions is ignored', async () => {
    const gateway = await startTestGateway();
    expect((await post(gateway, `{"query":"{ __typename }","extensions":{"x":${brackets(450_000)}}}`)).data).toEqual({
      __typename: 'Query',
    });
  });

  test.each([
    ['a list', `{ livestreams(first: ${brackets(900)}) { totalCount } }`, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an object',
      `{ _entities(representations: [${'{a: '.repeat(400)}1${'}'.repeat(400)}]) { __typename } }`,
      'BAD_USER_INPUT',
    ],
    ['a list of representations', `{ _entities(representations: ${brackets(900)}) { __typename } }`, 'BAD_USER_INPUT'],
    [
      'a type',
      `query ($a: ${'['.repeat(900)}Int${']'.repeat(900)}) { livestreams(first: $a) { totalCount } }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])(
    'of %s in the document is rejected by GraphQL validation or as invalid input, without a crash',
    async (_case, query, code) => {
      const gateway = await startTestGateway();
      const { errors } = await gateway.send({ query });
      expect(errors.map(({ extensions }) => extensions['code'])).toEqual([code]);
      expect([gateway.logs, gateway.upstreamRequests()]).toEqual([[], []]);
    },
  );
});

describe('a value that is too long', () => {
  test.each([
    ['an operation name', { query: '{ __typename }', operationName: 'x'.repeat(900_000) }],
    ['a non-ASCII operation name', { query: 'query A { __typename }', operationName: '€\u0000💥'.repeat(50_000) }],
    ['an id', { query: 'query ($id: ID!) { livestream(id: $id) { id } }', variables: { id: 'x'.repeat(900_000) } }],
    ['a document id', { documentId: 'x'.repeat(900_000) }],
  ])('is rejected without being repeated in the error: %s', async (_case, body) => {
    const gateway = await startTestGateway();
    const { errors, text } = await gateway.send(body);
    expect(errors.map(({ extensions }) => extensions['code'])).not.toContain('INTERNAL_SERVER_ERROR');
    expect([errors.length, text.length < 1000, gateway.upstreamRequests()]).toEqual([1, true, []]);
  });

  test('gets a single error: a list of 2,000 values that are not representations', async () => {
    const gateway = await startTestGateway();
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
    const { errors } = await gateway.send({ query, variables: { r: Array(2000).fill(1) } });
    expect(errors).toHaveLength(1);
  });

  test('gets a response of bounded length: an input object with 1,000 unknown fields', async () => {
    const gateway = await startTestGateway();
    const query = 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }';
    const f = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, index]));
    const { errors, text } = await gateway.send({ query, variables: { f } });
    expect(errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(text.length).toBeLessThan(50_000);
  });
});
