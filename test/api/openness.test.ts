import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';

import { REPORT_HEADER } from '../../src/server/plugins/useUpstreamReport.ts';
import { type Answer, at, startTestGateway, type TestGateway } from '../support/gateway.ts';

const CLOSED = { introspection: false, suggestions: false, upstreamReport: false, graphiql: false } as const;

const QUESTIONS: [what: string, query: string][] = [
  ['introspection', getIntrospectionQuery()],
  ['introspection under an alias', '{ x: __schema { queryType { name } } }'],
  ['introspection of one type', '{ __type(name: "Livestream") { fields { name } } }'],
  [
    'introspection in a fragment called `__schema`',
    '{ ...__schema } fragment __schema on Query { __schema { queryType { name } } }',
  ],
  ['introspection that is not included', '{ __schema @skip(if: true) { queryType { name } } __typename }'],
  [
    'introspection in an operation that is not run',
    'query A { __typename } query B { __schema { queryType { name } } }',
  ],
  ['the SDL', '{ _service { sdl } }'],
  ['the SDL under an alias, in a fragment', '{ ...F } fragment F on Query { x: _service { y: sdl } }'],
];

const ask = async (gateway: TestGateway, query: string): Promise<Answer> =>
  gateway.send({ query, operationName: query.startsWith('query') ? 'A' : null });

describe('what the schema is', () => {
  test.each(QUESTIONS)('is told by default: %s', async (_what, query) => {
    const gateway = await startTestGateway();
    expect((await ask(gateway, query)).errors).toEqual([]);
  });

  test.each(QUESTIONS)('is not told where it is not to be: %s', async (_what, query) => {
    const gateway = await startTestGateway({ options: CLOSED });
    // The second time Yoga knows the document.
    for (const answer of [await ask(gateway, query), await ask(gateway, query)]) {
      expect(answer.data).toBeNull();
      expect(answer.errors.map(({ extensions }) => extensions['code'])).toContain('GRAPHQL_VALIDATION_FAILED');
    }
    const get = await gateway.fetch(`/graphql?operationName=A&query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/json' },
    });
    expect(get.data).toBeNull();
    expect(gateway.upstream()).toEqual([]);
  });

  test('is not told to those who ask for it beside something else', async () => {
    const gateway = await startTestGateway({ options: CLOSED });
    const { data } = await ask(
      gateway,
      `{ livestream(id: "${gateway.samples.liveLivestreamId}") { id } __schema { queryType { name } } }`,
    );
    expect([data, gateway.upstream()]).toEqual([null, []]);
  });

  test('leaves types their names, and routers their entities', async () => {
    const gateway = await startTestGateway({ options: CLOSED });
    const id = gateway.samples.liveLivestreamId;
    const query =
      'query ($r: [_Any!]!) { __typename _entities(representations: $r) { __typename ... on Livestream { id } } }';
    const { data } = await gateway.send({ query, variables: { r: [{ __typename: 'Livestream', id }] } });
    expect(data).toEqual({ __typename: 'Query', _entities: [{ __typename: 'Livestream', id }] });
  });
});

/** Each nearly names something of the schema; `hint` is what graphql-js would tell. */
const MISTAKES: [what: string, body: { query: string; variables?: object }, hint: string][] = [
  ['a field', { query: '{ livestreem(id: "a") { id } }' }, 'livestream'],
  ['a field of a type', { query: '{ livestream(id: "a") { streamKei } }' }, 'streamKey'],
  ['an argument', { query: '{ livestreams(frist: 1) { totalCount } }' }, 'first'],
  ['a type', { query: '{ ... on Querry { __typename } }' }, 'Query'],
  [
    'a type of a variable',
    { query: 'query ($f: LivestreamFiltr) { livestreams(filter: $f) { totalCount } }' },
    'LivestreamFilter',
  ],
  ["a directive's argument", { query: '{ __typename @skip(iff: true, if: false) }' }, '"if"'],
  ['a value of an enum', { query: '{ livestreams(filter: { status: LIV }) { totalCount } }' }, 'LIVE'],
  [
    'a value of an enum, as a variable',
    {
      query: 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }',
      variables: { f: { status: 'LIV' } },
    },
    'LIVE',
  ],
  ['a field of an input', { query: '{ livestreams(filter: { statuss: LIVE }) { totalCount } }' }, 'status'],
  [
    'a field of an input, as a variable',
    {
      query: 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }',
      variables: { f: { statuss: 'LIVE' } },
    },
    'status',
  ],
  [
    'a field of another type',
    { query: 'query ($r: [_Any!]!) { _entities(representations: $r) { streamKey } }', variables: { r: [] } },
    'Livestream',
  ],
  ['a selection', { query: '{ livestreams }' }, '{ ... }'],
];

describe('who nearly names', () => {
  test.each(MISTAKES)('%s is helped by default', async (_what, body, hint) => {
    const gateway = await startTestGateway();
    const { errors } = await gateway.send(body);
    const told = errors.map(({ message }) => message).join(' ');
    expect(told).toMatch(/Did you mean/);
    expect(told.split('Did you mean')[1]).toContain(hint);
  });

  test.each(MISTAKES)('%s is told that it is wrong, and no more, where help is off', async (_what, body) => {
    const gateway = await startTestGateway({ options: { suggestions: false } });
    const { errors, text } = await gateway.send(body);
    expect(text).not.toContain('Did you mean');
    expect(errors[0]?.message).toMatch(/[.:;"]$/);
    expect(errors[0]?.extensions['code']).toMatch(/^(GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/);
    expect(text).toContain('"locations"');
  });
});

test('a value that looks like thousands of suggestions is no work where help is off', async () => {
  const gateway = await startTestGateway({ options: { suggestions: false } });
  const query = 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }';
  const ask = async (status: string): Promise<number> => {
    const begun = performance.now();
    const { errors } = await gateway.send({ query, variables: { f: { status } } });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    return performance.now() - begun;
  };
  const plain = await ask('x'.repeat(14 * 10_000));
  expect(await ask(' Did you mean '.repeat(10_000))).toBeLessThan(20 * plain + 100);
});

describe('what an operation costs upstream', () => {
  const report = async (upstreamReport: boolean, value = '1'): Promise<unknown> => {
    const gateway = await startTestGateway({ options: { upstreamReport } });
    const { text } = await gateway.send(
      { query: `{ livestream(id: "${gateway.samples.liveLivestreamId}") { name } }` },
      { headers: { [REPORT_HEADER]: value } },
    );
    const body: unknown = JSON.parse(text);
    return at(body, 'extensions');
  };

  test('is told where it may be, to those who ask', async () => {
    expect(at(await report(true), 'upstream')).toMatchObject({ requests: 1 });
    expect(await report(true, '0')).toBeUndefined();
  });

  test('is told to nobody where it is not to be', async () => {
    expect(await report(false)).toBeUndefined();
  });
});

describe('GraphiQL', () => {
  const page = async (graphiql: false | object): Promise<Answer> => {
    const gateway = await startTestGateway({ options: { graphiql } });
    return gateway.fetch('/graphql', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  };

  test('is served to browsers', async () => {
    const { status, headers, text } = await page({});
    expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
    expect(text).toContain('GraphiQL');
  });

  test('is not where it is off', async () => {
    const { status, text } = await page(false);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/graphiql/i);
  });
});
