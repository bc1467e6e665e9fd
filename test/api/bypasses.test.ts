import { describe, expect, test } from 'vitest';

import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { many, refusal, seen } from '../support/refusals.ts';

/** Documents that popular limiters let through, or that kept them busy. */
const BYPASSES: [what: string, text: string, words: RegExp][] = [
  ['aliases of `__typename`', `{ ${many(51, (index) => `a${index}: __typename`)} }`, /51 aliases/],
  [
    'aliases in a fragment that is spread',
    `{ ...F } fragment F on Query { ${many(51, (index) => `a${index}: __typename`)} }`,
    /51 aliases/,
  ],
  [
    'aliases spread over operations',
    `query A { ${many(51, (index) => `a${index}: __typename`)} } query B { __typename }`,
    /51 aliases/,
  ],
  [
    'aliases in an inline fragment',
    `{ ... on Query { ... { ${many(51, (index) => `a${index}: __typename`)} } } }`,
    /51 aliases/,
  ],
  [
    'depth in a fragment called `__schema`',
    `{ meeting(id: "a") { ...__schema } } fragment __schema on Meeting { ${'activeLivestream { meeting { '.repeat(6)} id ${'} }'.repeat(6)} }`,
    /14 levels/,
  ],
  [
    'depth in a fragment called `__type`',
    `{ meeting(id: "a") { ...__type } } fragment __type on Meeting { ${'activeLivestream { meeting { '.repeat(6)} id ${'} }'.repeat(6)} }`,
    /14 levels/,
  ],
  [
    'depth under an alias called `__schema`',
    `{ __schema: meeting(id: "a") { ${'activeLivestream { meeting { '.repeat(6)} id ${'} }'.repeat(6)} } }`,
    /14 levels/,
  ],
  [
    'depth by a fragment in each level',
    `{ meeting(id: "a") { ...F0 } } ${many(13, (level) => `fragment F${level} on Meeting { id ${level < 12 ? `activeLivestream { meeting { ...F${level + 1} } }` : ''} }`)}`,
    /26 levels/,
  ],
  [
    'depth by a fragment that is shallow first',
    `{ meeting(id: "a") { ...F ${'activeLivestream { meeting { '.repeat(5)} ...F ${'} }'.repeat(5)} } } fragment F on Meeting { activeLivestream { id } }`,
    /13 levels/,
  ],
  [
    'fragments that double thirty times',
    `{ ...F0 } ${many(30, (level) => `fragment F${level} on Query { ...F${level + 1} ...F${level + 1} }`)} fragment F30 on Query { a: __typename }`,
    /1073741824/,
  ],
  [
    'introspection without end',
    `{ __schema { types { fields { type { ${'ofType { '.repeat(18)} name ${'}'.repeat(18)} } } } } }`,
    /23 levels of introspection/,
  ],
];

describe('what has fooled other limiters', () => {
  test.each(BYPASSES)('%s', async (_what, query, words) => {
    const gateway = await startTestGateway();
    for (const variables of [{}, { a: 1 }]) {
      const { errors, data } = await gateway.send({
        query,
        variables,
        operationName: query.startsWith('query') ? 'B' : null,
      });
      expect(errors.map(({ extensions }) => extensions['code'])).toContain('GRAPHQL_VALIDATION_FAILED');
      expect(errors.map(({ message }) => message).join(' ')).toMatch(words);
      expect(data).toBeNull();
    }
    const get = await gateway.fetch(`/graphql?operationName=B&query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/json' },
    });
    expect(get.errors.map(({ message }) => message).join(' ')).toMatch(
      query.startsWith('query') ? words : /Could not determine|levels|aliases/,
    );
    expect(gateway.upstream()).toEqual([]);
  });

  test.each([
    [
      'introspection that lists within lists',
      `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
    ],
    ['fragments that spread each other', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
    [
      'a `__schema` that is not at the root',
      `{ meeting(id: "a") { __schema { ${'x { '.repeat(30)} y ${'}'.repeat(30)} } } }`,
    ],
    ['fields by the thousand that have to be compared', `{ livestreams { nodes { ${'id '.repeat(1900)} } } }`],
    ['unknown fields by the thousand', `{ meeting(id: "a") { ${many(1900, (index) => `f${index}`)} } }`],
  ])('%s: refused, and only so much said about it', async (_what, query) => {
    const gateway = await startTestGateway();
    const { errors, data, text } = await gateway.send({ query });
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
    expect(errors.length).toBeLessThanOrEqual(101);
    expect([data, text.length < 30_000, gateway.upstream()]).toEqual([null, true, []]);
  });

  test('one refused operation of a document refuses it for all of them', async () => {
    const gateway = await startTestGateway();
    const query = `query Good { __typename } query Bad { meeting(id: "a") { ${many(51, (index) => `a${index}: id`)} } }`;
    expect(seen(gateway, await gateway.send({ query, operationName: 'Good' }))).toEqual(
      refusal('GRAPHQL_VALIDATION_FAILED', /51 aliases/),
    );
  });
});

describe('what is nested deep', () => {
  const brackets = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const braces = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
  const post = async (gateway: TestGateway, body: string): Promise<Answer> =>
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
  ])('in %s is refused', async (_what, body) => {
    const gateway = await startTestGateway();
    expect(seen(gateway, await post(gateway, body))).toEqual(
      refusal('BAD_REQUEST', /nested more than 50 levels deep/, 400),
    );
    expect(gateway.logs).toEqual([]);
  });

  test('in variables, as deep as any type could be, it is a value like others', async () => {
    const gateway = await startTestGateway();
    const body = (levels: number): string => `{"query":"{ __typename }","variables":{"x":${brackets(levels)}}}`;
    expect((await post(gateway, body(50))).data).toEqual({ __typename: 'Query' });
    expect(seen(gateway, await post(gateway, body(51)))).toEqual(refusal('BAD_REQUEST', /nested more than 50/, 400));
  });

  test('in extensions, it is not looked at', async () => {
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
  ])('in the document, as %s, it is refused for what it is', async (_what, query, code) => {
    const gateway = await startTestGateway();
    const { errors } = await gateway.send({ query });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual([code]);
    expect([gateway.logs, gateway.upstream()]).toEqual([[], []]);
  });
});

describe('what is long', () => {
  test.each([
    ['an operation name', { query: '{ __typename }', operationName: 'x'.repeat(900_000) }],
    ['an operation name beyond ASCII', { query: 'query A { __typename }', operationName: '€\u0000💥'.repeat(50_000) }],
    ['an id', { query: 'query ($id: ID!) { livestream(id: $id) { id } }', variables: { id: 'x'.repeat(900_000) } }],
    ['a document id', { documentId: 'x'.repeat(900_000) }],
  ])('%s: it is refused without being repeated', async (_what, body) => {
    const gateway = await startTestGateway();
    const { errors, text } = await gateway.send(body);
    expect(errors.map(({ extensions }) => extensions['code'])).not.toContain('INTERNAL_SERVER_ERROR');
    expect([errors.length, text.length < 1000, gateway.upstream()]).toEqual([1, true, []]);
  });

  test('a list of values that are no representations: it is refused as one', async () => {
    const gateway = await startTestGateway();
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
    const { errors } = await gateway.send({ query, variables: { r: Array(2000).fill(1) } });
    expect(errors).toHaveLength(1);
  });

  test('values of a wrong type: as much is said about them as helps', async () => {
    const gateway = await startTestGateway();
    const query = 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }';
    const f = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, index]));
    const { errors, text } = await gateway.send({ query, variables: { f } });
    expect(errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(text.length).toBeLessThan(50_000);
  });
});
