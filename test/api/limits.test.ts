import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';

import { DEFAULT_OPERATION_LIMITS, type OperationLimits } from '../../src/graphql/limits/operationLimits.ts';
import { at, startTestGateway } from '../support/gateway.ts';
import { repeatText, rejection, summarize } from '../support/rejections.ts';

/** A valid, cheap query of exactly `levels` levels. */
function queryOfDepth(levels: number): string {
  const pairs = Math.floor((levels - 2) / 2);
  const inner = levels % 2 === 0 ? 'id' : 'meeting { id }';
  return `{ meeting(id: "a") { ${'activeLivestream { meeting { '.repeat(pairs)} ${inner} ${'} }'.repeat(pairs)} } }`.replace(
    'meeting { id }',
    'activeLivestream { id }',
  );
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** For each limit: a query of a given size, and how the error message names what the limit counts. */
const STRUCTURAL_LIMITS: {
  [Limit in 'depth' | 'aliases' | 'rootFields' | 'directives']: [queryOf: (size: number) => string, counted: RegExp];
} = {
  depth: [queryOfDepth, /levels of fields/],
  aliases: [(size) => `{ __typename meeting(id: "a") { ${repeatText(size, (index) => `a${index}: id`)} } }`, /aliases/],
  rootFields: [(size) => `{ ${repeatText(size, () => '__typename')} }`, /root fields/],
  directives: [
    (size) => `{ __typename ${repeatText(size, () => '... @skip(if: true) { __typename }')} }`,
    /directives/,
  ],
};

describe('an operation limit', () => {
  test.each(Object.entries(STRUCTURAL_LIMITS))(
    'accepts the maximum and rejects one more without an upstream request: %s',
    async (name, [queryOf, counted]) => {
      // Each directive in these queries brings a root field with it.
      const limits: Partial<OperationLimits> = { rootFields: name === 'rootFields' ? 50 : 1000 };
      const gateway = await startTestGateway({ options: { limits } });
      const max = name === 'depth' ? DEFAULT_OPERATION_LIMITS.depth : 50;
      const allowed = await gateway.send({ query: queryOf(max) });
      expect(allowed.errors).toEqual([]);
      gateway.clearUpstreamRequests();
      const rejected = await gateway.send({ query: queryOf(max + 1) });
      expect(summarize(gateway, rejected)).toEqual(rejection('GRAPHQL_VALIDATION_FAILED', counted));
      expect(rejected.errors[0]?.message).toBe(
        `The operation has ${max + 1} ${counted.source}, but the limit is ${max}.`,
      );
      // The limit also applies when Yoga has the document in its cache.
      expect(summarize(gateway, await gateway.send({ query: queryOf(max + 1) }))).toEqual(
        rejection('GRAPHQL_VALIDATION_FAILED', counted),
      );
    },
  );

  test('of tokens accepts 2000 and rejects 2001 without an upstream request', async () => {
    const gateway = await startTestGateway();
    const body = (tokens: number) => ({ query: `{ livestreams { nodes { ${repeatText(tokens - 8, () => 'id')} } } }` });
    expect((await gateway.send(body(DEFAULT_OPERATION_LIMITS.tokens))).errors[0]?.extensions['code']).not.toBe(
      'GRAPHQL_PARSE_FAILED',
    );
    gateway.clearUpstreamRequests();
    expect(summarize(gateway, await gateway.send(body(DEFAULT_OPERATION_LIMITS.tokens + 1)))).toEqual(
      rejection('GRAPHQL_PARSE_FAILED', /more that 2000 tokens/),
    );
  });

  test.each([
    ['one-byte characters', (size: number) => `{ __typename } #${'x'.repeat(size - 16)}`],
    [
      'three-byte characters',
      (size: number) =>
        `{ __typename } #${'€'.repeat((size - 16) / 3)}`.padEnd(
          size - (size - 16 - ((size - 16) % 3)) + Math.floor((size - 16) / 3),
          'x',
        ),
    ],
  ])('of query bytes accepts 20000 and rejects 20001: %s', async (_name, text) => {
    const gateway = await startTestGateway();
    expect(bytes(text(DEFAULT_OPERATION_LIMITS.queryBytes))).toBe(20_000);
    expect((await gateway.send({ query: text(DEFAULT_OPERATION_LIMITS.queryBytes) })).data).toEqual({
      __typename: 'Query',
    });
    expect(summarize(gateway, await gateway.send({ query: text(DEFAULT_OPERATION_LIMITS.queryBytes + 1) }))).toEqual(
      rejection('BAD_REQUEST', /longer than 20000 bytes/, 413),
    );
  });

  test.each(['\n', '\r', '\r\n'])('of lines accepts 2000 and rejects 2001, by POST and GET: %j', async (lineBreak) => {
    const gateway = await startTestGateway();
    const query = (lines: number): string => `{ __typename${lineBreak.repeat(lines - 1)}}`;
    const headers = { accept: 'application/json' };
    expect((await gateway.send({ query: query(2000) })).data).toEqual({ __typename: 'Query' });
    const tooManyLines = rejection('BAD_REQUEST', /has 2001 lines, but the limit is 2000/, 413);
    expect(summarize(gateway, await gateway.send({ query: query(2001) }))).toEqual(tooManyLines);
    const get = await gateway.fetch(`/graphql?query=${encodeURIComponent(query(2001))}`, { headers });
    expect(summarize(gateway, get)).toEqual(tooManyLines);
  });

  test('of body bytes accepts 1000000 and rejects 1000001 without an upstream request', async () => {
    const gateway = await startTestGateway();
    const body = (size: number): object => {
      const empty = bytes(JSON.stringify({ query: '{ __typename }', variables: { x: '' } }));
      return { query: '{ __typename }', variables: { x: 'x'.repeat(size - empty) } };
    };
    expect((await gateway.send(body(DEFAULT_OPERATION_LIMITS.bodyBytes))).data).toEqual({ __typename: 'Query' });
    expect(summarize(gateway, await gateway.send(body(DEFAULT_OPERATION_LIMITS.bodyBytes + 1)))).toEqual(
      rejection('BAD_REQUEST', /longer than 1000000 bytes/, 413),
    );
  });

  test('of upstream requests accepts 500 and rejects 501 without an upstream request', async () => {
    const gateway = await startTestGateway();
    const inner = '{ nodes { activeSession { livestream { meeting { title } } } } }';
    // The lists cost 1 + 100 * 3 and 1 + 65 * 3 requests, and many livestreams and meetings two more: 499 in total. Each single
    // livestream costs one more.
    const queryWith = (singles: number): string =>
      `{ a: livestreams(first: 100) ${inner} b: livestreams(first: 65) ${inner} ${repeatText(singles, (index) => `c${index}: livestream(id: "a") { id }`)} }`;
    expect((await gateway.send({ query: queryWith(1) })).data).not.toBeNull();
    expect(gateway.upstreamRequests().length).toBeGreaterThan(0);
    gateway.clearUpstreamRequests();
    const tooExpensive = rejection('QUERY_TOO_EXPENSIVE', /could cost 501 upstream requests, but the limit is 500/);
    expect(summarize(gateway, await gateway.send({ query: queryWith(2) }))).toEqual(tooExpensive);
  });

  test('rejects a batch of operations, even a batch of one', async () => {
    const gateway = await startTestGateway();
    expect(summarize(gateway, await gateway.send([{ query: '{ __typename }' }]))).toEqual(
      rejection('BAD_REQUEST', /Batching/, 400),
    );
    expect(
      summarize(gateway, await gateway.send(Array.from({ length: 1000 }, () => ({ query: '{ __typename }' })))),
    ).toEqual(rejection('BAD_REQUEST', /Batching/, 400));
  });
});

describe('an operation that is too expensive', () => {
  const query = '{ livestreams(first: 100) { nodes { meeting { livestreams { nodes { activeSession { id } } } } } } }';

  test('is rejected with 200 for application/json and with 400 for application/graphql-response+json', async () => {
    const gateway = await startTestGateway();
    expect((await gateway.send({ query })).status).toBe(200);
    const accept = 'application/graphql-response+json';
    expect(summarize(gateway, await gateway.send({ query }, { headers: { accept } }))).toEqual(
      rejection('QUERY_TOO_EXPENSIVE', /could cost/, 400),
    );
  });

  test('is rejected by GET and inside a fragment', async () => {
    const gateway = await startTestGateway();
    const get = await gateway.fetch(`/graphql?query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/json' },
    });
    expect(summarize(gateway, get)).toEqual(rejection('QUERY_TOO_EXPENSIVE', /could cost/));
    const spread = `{ ...F } fragment F on Query ${query}`;
    expect(summarize(gateway, await gateway.send({ query: spread }))).toEqual(
      rejection('QUERY_TOO_EXPENSIVE', /could cost/),
    );
  });

  test('is recognized by the values of its variables', async () => {
    const gateway = await startTestGateway();
    const paged =
      'query ($n: Int!) { meetings(first: $n) { nodes { livestreams(first: $n) { totalCount nodes { activeSession { id } } } } } }';
    expect((await gateway.send({ query: paged, variables: { n: 2 } })).errors).toEqual([]);
    gateway.clearUpstreamRequests();
    expect(summarize(gateway, await gateway.send({ query: paged, variables: { n: 50 } }))).toEqual(
      rejection('QUERY_TOO_EXPENSIVE', /could cost 2551/),
    );
  });

  test('is rejected with BAD_USER_INPUT when its page size is out of range', async () => {
    const gateway = await startTestGateway();
    const { errors, data } = await gateway.send({ query: '{ livestreams(first: 1000) { nodes { id } } }' });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' }, path: ['livestreams'] }]);
    expect(data).toBeNull();
  });

  test('is rejected before its mutation is sent', async () => {
    const gateway = await startTestGateway({ options: { limits: { upstreamRequests: 1 } } });
    const start = `mutation { startLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) { livestream { id } } }`;
    expect(summarize(gateway, await gateway.send({ query: start }))).toEqual(
      rejection('QUERY_TOO_EXPENSIVE', /could cost 2/),
    );
  });
});

describe('the operation limits', () => {
  const everything = {
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  };
  test.each([
    ['graphql-js with all options', getIntrospectionQuery(everything)],
    ['graphql-js without descriptions', getIntrospectionQuery({ descriptions: false })],
    [
      'gql.tada and Apollo Kotlin, which ask for some types first',
      `{ ${repeatText(10, (index) => `a${index}: __type(name: "__Type") { fields { name } }`)} ${getIntrospectionQuery().replace(/query \w+ \{/, '')}`,
    ],
    ['Rover and Apollo, which read the SDL', 'query SubgraphIntrospectQuery { _service { sdl } }'],
  ])('allow introspection by %s', async (_name, query) => {
    const gateway = await startTestGateway();
    const { data, errors } = await gateway.send({ query });
    expect(errors).toEqual([]);
    expect(JSON.stringify(data)).toContain('LivestreamSession');
    expect(at(data, '__schema') ?? at(data, '_service')).toBeTruthy();
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});

test('an operation whose result could exceed the field limit is rejected without an upstream request', async () => {
  const gateway = await startTestGateway({ options: { limits: { fields: 46 } } });
  const rows = (first: number): string => `{ livestreams(first: ${first}) { nodes { id name } } }`;
  expect((await gateway.send({ query: rows(15) })).errors).toEqual([]);
  gateway.clearUpstreamRequests();
  const { errors } = await gateway.send({ query: rows(16) });
  expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_EXPENSIVE', retryable: false } }]);
  expect(gateway.upstreamRequests()).toEqual([]);
});
