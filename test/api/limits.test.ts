import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';

import { DEFAULT_OPERATION_LIMITS, type OperationLimits } from '../../src/graphql/limits/operationLimits.ts';
import { at, startTestGateway } from '../support/gateway.ts';
import { many, refusal, seen } from '../support/refusals.ts';

/** A valid query of exactly this many levels; each costs little. */
function deep(levels: number): string {
  const pairs = Math.floor((levels - 2) / 2);
  const inner = levels % 2 === 0 ? 'id' : 'meeting { id }';
  return `{ meeting(id: "a") { ${'activeLivestream { meeting { '.repeat(pairs)} ${inner} ${'} }'.repeat(pairs)} } }`.replace(
    'meeting { id }',
    'activeLivestream { id }',
  );
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

const AT_AND_BEYOND: {
  [Limit in 'depth' | 'aliases' | 'rootFields' | 'directives']: [text: (size: number) => string, words: RegExp];
} = {
  depth: [deep, /levels of fields/],
  aliases: [(size) => `{ __typename meeting(id: "a") { ${many(size, (index) => `a${index}: id`)} } }`, /aliases/],
  rootFields: [(size) => `{ ${many(size, () => '__typename')} }`, /root fields/],
  directives: [(size) => `{ __typename ${many(size, () => '... @skip(if: true) { __typename }')} }`, /directives/],
};

describe('each limit lets through what it allows, and refuses one more before anything is asked upstream', () => {
  test.each(Object.entries(AT_AND_BEYOND))('%s', async (name, [text, words]) => {
    // A directive here comes with a root field.
    const limits: Partial<OperationLimits> = { rootFields: name === 'rootFields' ? 50 : 1000 };
    const gateway = await startTestGateway({ options: { limits } });
    const most = name === 'depth' ? DEFAULT_OPERATION_LIMITS.depth : 50;
    const allowed = await gateway.send({ query: text(most) });
    expect(allowed.errors).toEqual([]);
    gateway.forget();
    const refused = await gateway.send({ query: text(most + 1) });
    expect(seen(gateway, refused)).toEqual(refusal('GRAPHQL_VALIDATION_FAILED', words));
    expect(refused.errors[0]?.message).toBe(`The operation has ${most + 1} ${words.source}; ${most} are allowed here.`);
    // What Yoga keeps of the document is no way around it.
    expect(seen(gateway, await gateway.send({ query: text(most + 1) }))).toEqual(
      refusal('GRAPHQL_VALIDATION_FAILED', words),
    );
  });

  test('tokens', async () => {
    const gateway = await startTestGateway();
    const text = (tokens: number): string => `{ livestreams { nodes { ${many(tokens - 8, () => '__typename')} } } }`;
    const options = (tokens: number) => ({ query: text(tokens).replaceAll('__typename', 'id') });
    expect((await gateway.send(options(DEFAULT_OPERATION_LIMITS.tokens))).errors[0]?.extensions['code']).not.toBe(
      'GRAPHQL_PARSE_FAILED',
    );
    gateway.forget();
    expect(seen(gateway, await gateway.send(options(DEFAULT_OPERATION_LIMITS.tokens + 1)))).toEqual(
      refusal('GRAPHQL_PARSE_FAILED', /more that 2000 tokens/),
    );
  });

  test.each([
    ['of ASCII', (size: number) => `{ __typename } #${'x'.repeat(size - 16)}`],
    [
      'of three bytes each',
      (size: number) =>
        `{ __typename } #${'€'.repeat((size - 16) / 3)}`.padEnd(
          size - (size - 16 - ((size - 16) % 3)) + Math.floor((size - 16) / 3),
          'x',
        ),
    ],
  ])('bytes of a query %s', async (_what, text) => {
    const gateway = await startTestGateway();
    expect(bytes(text(DEFAULT_OPERATION_LIMITS.queryBytes))).toBe(20_000);
    expect((await gateway.send({ query: text(DEFAULT_OPERATION_LIMITS.queryBytes) })).data).toEqual({
      __typename: 'Query',
    });
    expect(seen(gateway, await gateway.send({ query: text(DEFAULT_OPERATION_LIMITS.queryBytes + 1) }))).toEqual(
      refusal('BAD_REQUEST', /longer than 20000 bytes/, 413),
    );
  });

  test('bytes of a body', async () => {
    const gateway = await startTestGateway();
    const body = (size: number): object => {
      const empty = bytes(JSON.stringify({ query: '{ __typename }', variables: { x: '' } }));
      return { query: '{ __typename }', variables: { x: 'x'.repeat(size - empty) } };
    };
    expect((await gateway.send(body(DEFAULT_OPERATION_LIMITS.bodyBytes))).data).toEqual({ __typename: 'Query' });
    expect(seen(gateway, await gateway.send(body(DEFAULT_OPERATION_LIMITS.bodyBytes + 1)))).toEqual(
      refusal('BAD_REQUEST', /longer than 1000000 bytes/, 413),
    );
  });

  test('upstream requests', async () => {
    const gateway = await startTestGateway();
    const inner = '{ nodes { activeSession { livestream { meeting { title } } } } }';
    // 1 + 100 * 3, 1 + 65 * 3, and one each: 497 and one each.
    const text = (more: number): string =>
      `{ a: livestreams(first: 100) ${inner} b: livestreams(first: 65) ${inner} ${many(more, (index) => `c${index}: livestream(id: "a") { id }`)} }`;
    expect((await gateway.send({ query: text(3) })).data).not.toBeNull();
    expect(gateway.upstream().length).toBeGreaterThan(0);
    gateway.forget();
    const refused = refusal('QUERY_TOO_EXPENSIVE', /could cost 501 upstream requests; 500 are allowed/);
    expect(seen(gateway, await gateway.send({ query: text(4) }))).toEqual(refused);
  });

  test('an array of operations, be it one', async () => {
    const gateway = await startTestGateway();
    expect(seen(gateway, await gateway.send([{ query: '{ __typename }' }]))).toEqual(
      refusal('BAD_REQUEST', /Batching/, 400),
    );
    expect(
      seen(gateway, await gateway.send(Array.from({ length: 1000 }, () => ({ query: '{ __typename }' })))),
    ).toEqual(refusal('BAD_REQUEST', /Batching/, 400));
  });
});

describe('what is too expensive', () => {
  const query = '{ livestreams(first: 100) { nodes { meeting { livestreams { nodes { activeSession { id } } } } } } }';

  test('is an answer of 200 to who accepts JSON, and of 400 to who accepts the newer media type', async () => {
    const gateway = await startTestGateway();
    expect((await gateway.send({ query })).status).toBe(200);
    const accept = 'application/graphql-response+json';
    expect(seen(gateway, await gateway.send({ query }, { headers: { accept } }))).toEqual(
      refusal('QUERY_TOO_EXPENSIVE', /could cost/, 400),
    );
  });

  test('is refused by GET and under a fragment just so', async () => {
    const gateway = await startTestGateway();
    const get = await gateway.fetch(`/graphql?query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/json' },
    });
    expect(seen(gateway, get)).toEqual(refusal('QUERY_TOO_EXPENSIVE', /could cost/));
    const spread = `{ ...F } fragment F on Query ${query}`;
    expect(seen(gateway, await gateway.send({ query: spread }))).toEqual(refusal('QUERY_TOO_EXPENSIVE', /could cost/));
  });

  test('is what its variables make of it', async () => {
    const gateway = await startTestGateway();
    const text =
      'query ($n: Int!) { meetings(first: $n) { nodes { livestreams(first: $n) { totalCount nodes { activeSession { id } } } } } }';
    expect((await gateway.send({ query: text, variables: { n: 2 } })).errors).toEqual([]);
    gateway.forget();
    expect(seen(gateway, await gateway.send({ query: text, variables: { n: 50 } }))).toEqual(
      refusal('QUERY_TOO_EXPENSIVE', /could cost 2551/),
    );
  });

  test('a page larger than any is still told to be so', async () => {
    const gateway = await startTestGateway();
    const { errors, data } = await gateway.send({ query: '{ livestreams(first: 1000) { nodes { id } } }' });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' }, path: ['livestreams'] }]);
    expect(data).toBeNull();
  });

  test('a mutation that is too expensive changes nothing', async () => {
    const gateway = await startTestGateway({ options: { limits: { cost: 1 } } });
    const start = `mutation { startLivestream(input: { meetingId: "${gateway.samples.emptyMeetingId}" }) { livestream { id } } }`;
    expect(seen(gateway, await gateway.send({ query: start }))).toEqual(refusal('QUERY_TOO_EXPENSIVE', /could cost 2/));
  });
});

describe('the usual tools read the schema within the limits', () => {
  const everything = {
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  };
  test.each([
    ["graphql-js's, with all options", getIntrospectionQuery(everything)],
    ["graphql-js's, plain", getIntrospectionQuery({ descriptions: false })],
    ["rover's and Apollo's: the SDL", 'query SubgraphIntrospectQuery { _service { sdl } }'],
  ])('%s', async (_what, query) => {
    const gateway = await startTestGateway();
    const { data, errors } = await gateway.send({ query });
    expect(errors).toEqual([]);
    expect(JSON.stringify(data)).toContain('LivestreamSession');
    expect(at(data, '__schema') ?? at(data, '_service')).toBeTruthy();
    expect(gateway.upstream()).toEqual([]);
  });
});

test('an answer of more fields than are allowed is refused before anything is asked upstream', async () => {
  const gateway = await startTestGateway({ options: { limits: { fields: 46 } } });
  const rows = (first: number): string => `{ livestreams(first: ${first}) { nodes { id name } } }`;
  expect((await gateway.send({ query: rows(15) })).errors).toEqual([]);
  gateway.forget();
  const { errors } = await gateway.send({ query: rows(16) });
  expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_EXPENSIVE', retryable: false } }]);
  expect(gateway.upstream()).toEqual([]);
});
