import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { at, nonNull } from '../support/gateway.ts';
import { type GeneratedOperation, operations } from '../support/operations.ts';
import { IS_THOROUGH, runs, timeoutMs } from '../support/runs.ts';
import {
  get,
  type HttpRequest,
  JSON_TYPE,
  otherRequests,
  post,
  postJson,
  RESPONSE_TYPE,
} from './plainYoga/requests.ts';
import { startTwoServers, type TwoServers } from './plainYoga/twoServers.ts';
import { writtenOperations } from './plainYoga/writtenOperations.ts';

/**
 * Sends an operation as JSON for both media types, the second time to the response cache if possible, and in one of the other ways. After a
 * mutation, what is cached expires: what was read before would stay longer in one server's cache than in the other's, because the
 * response cache repeats an answer, while plain Yoga reads again.
 */
async function expectSameAnswers({ expectSame, expireCaches }: TwoServers, operation: GeneratedOperation, way: number) {
  const others = otherRequests(operation);
  const other = nonNull(others[way % others.length]);
  for (const request of [postJson(operation), postJson(operation, RESPONSE_TYPE), other])
    await expectSame(request, JSON.stringify(operation));
  if (/^mutation/m.test(operation.query)) expireCaches();
}

describe('the gateway answers byte for byte as plain Yoga', () => {
  test('every operation that the repository contains', async () => {
    const servers = await startTwoServers();
    const written = writtenOperations(servers.exampleIds);
    for (const [index, operation] of written.entries()) await expectSameAnswers(servers, operation, index);
    const { tally } = servers;
    expect(new Set(written.map(({ query }) => query)).size).toBeGreaterThan(60);
    expect(tally.requests).toBe(3 * written.length);
    expect(tally.withData).toBeGreaterThan(300);
    expect(tally.withErrors).toBeGreaterThan(30);
    expect(tally.fromResponseCache).toBeGreaterThan(150);
  });

  // Each with new servers: mutations fill their sandboxes.
  test.each(IS_THOROUGH ? Array.from({ length: 20 }, (_, index) => [500, index + 1]) : [[60, 1]])(
    '%i random operations (run %i)',
    async (numRuns) => {
      const servers = await startTwoServers();
      const { exampleIds, tally } = servers;
      const property = fc.asyncProperty(operations(exampleIds), fc.nat(), async (operation, way) =>
        expectSameAnswers(servers, operation, way),
      );
      await expect(fc.assert(property, { numRuns })).resolves.toBeUndefined();
      expect(tally.requests).toBe(3 * numRuns);
      expect(tally.withData).toBeGreaterThan(numRuns);
      expect(tally.fromResponseCache).toBeGreaterThan(numRuns / 2);
    },
    timeoutMs(120_000),
  );

  test.each([
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429, retryAfterSeconds: 30 },
    { kind: 'status', status: 401 },
    { kind: 'not-json' },
  ] as const)(
    'random operations that fail because of %o',
    async (fault) => {
      const { exampleIds, expectSame, setFaults, tally } = await startTwoServers();
      setFaults([fault]);
      const property = fc.asyncProperty(operations(exampleIds), async (operation) => {
        for (const accept of [JSON_TYPE, RESPONSE_TYPE]) await expectSame(postJson(operation, accept));
      });
      const numRuns = runs(5);
      await expect(fc.assert(property, { numRuns })).resolves.toBeUndefined();
      expect(tally.withErrors).toBeGreaterThan(0);
    },
    timeoutMs(120_000),
  );
});

const QUERY = '{ __typename }';
const TWO_QUERIES = 'query A { a: __typename } query B { b: __typename }';
const MUTATION = 'mutation B { stopLivestream(input: { meetingId: "none" }) { userErrors { code } } }';
const VARIABLES = `query ($id: ID!, $n: Int, $filter: LivestreamFilter) {
  livestream(id: $id) { name }
  livestreams(first: $n, filter: $filter) { totalCount }
}`;
const FORM = 'application/x-www-form-urlencoded';

/** Cases of requests, each for one media type of the response. */
type Cases = Readonly<Record<string, (accept: string) => HttpRequest>>;

const withMethod =
  (method: string, body?: string) =>
  (accept: string): HttpRequest => ({
    init: { method, headers: { accept, 'content-type': JSON_TYPE }, ...(body === undefined ? {} : { body }) },
  });

const SAME: Cases = {
  'a syntax error': (accept) => postJson({ query: '{ livestreams { totalCount }' }, accept),
  'a document without definitions': (accept) => postJson({ query: '# nothing' }, accept),
  'a lone surrogate': (accept) => postJson({ query: '{ meetings(search: "\\ud800") { totalCount } }' }, accept),
  'validation errors': (accept) => postJson({ query: '{ livestreams { total } nope }' }, accept),
  'more validation errors than graphql-js returns': (accept) =>
    postJson({ query: `{ ${Array.from({ length: 150 }, (_, index) => `nope${index}`).join(' ')} }` }, accept),
  'an unknown directive': (accept) => postJson({ query: '{ ... @defer { __typename } }' }, accept),
  'a literal of the wrong type': (accept) =>
    postJson({ query: '{ livestreams(first: 99999999999) { totalCount } }' }, accept),
  'a value that a resolver rejects': (accept) =>
    postJson({ query: '{ livestreams(first: -1) { totalCount } }' }, accept),
  'no variables': (accept) => postJson({ query: VARIABLES }, accept),
  'a variable that must not be null': (accept) => postJson({ query: VARIABLES, variables: { id: null } }, accept),
  'a variable of the wrong type': (accept) =>
    postJson({ query: VARIABLES, variables: { id: 'a', n: 'three' } }, accept),
  'a variable with an unknown enum value': (accept) =>
    postJson({ query: VARIABLES, variables: { id: 'a', filter: { status: 'NOPE' } } }, accept),
  'a very long value of a variable': (accept) =>
    postJson({ query: VARIABLES, variables: { id: ['x'.repeat(2000)] } }, accept),
  'unknown variables': (accept) => postJson({ query: QUERY, variables: { x: 1 } }, accept),
  'one of two operations': (accept) => postJson({ query: TWO_QUERIES, operationName: 'B' }, accept),
  'parameters that are null': (accept) =>
    postJson({ query: QUERY, operationName: null, variables: null, extensions: null }, accept),
  'a body of application/graphql+json': (accept) =>
    post('application/graphql+json', JSON.stringify({ query: QUERY }), accept),
  'a body with a charset': (accept) =>
    post('application/json; charset=utf-8', JSON.stringify({ query: QUERY }), accept),
  'a form with spaces as plus signs': (accept) => post(FORM, 'query={+__typename+}', accept),
  'a form with a parameter sent twice': (accept) => post(FORM, 'query={__typename}&query={', accept),
  'a GET with empty parameters': (accept) =>
    get({ query: QUERY, variables: '', operationName: '', extensions: '' }, accept),
  'a GET with an unknown parameter': (accept) => get({ query: QUERY, id: '1' }, accept),
  'a GET with a syntax error': (accept) => get({ query: 'mutation {' }, accept),
  'a GET of a mutation': (accept) => get({ query: MUTATION }, accept),
  'a GET of an invalid mutation': (accept) => get({ query: 'mutation { nope }' }, accept),
  'a GET of a query beside a mutation': (accept) =>
    get({ query: `query A ${QUERY} ${MUTATION}`, operationName: 'A' }, accept),
  'a GET of a mutation beside a query': (accept) =>
    get({ query: `query A ${QUERY} ${MUTATION}`, operationName: 'B' }, accept),
  'a POST whose URL has a query, too': (accept) => ({ ...postJson({ query: QUERY }, accept), search: '?query={nope}' }),
  'a HEAD': withMethod('HEAD'),
};

/** The gateway's messages tell what to send instead. */
const SAME_BUT_FOR_THE_MESSAGE: Cases = {
  'an unknown operation name': (accept) => postJson({ query: TWO_QUERIES, operationName: 'C' }, accept),
  'no operation name': (accept) => postJson({ query: TWO_QUERIES }, accept),
  'an unknown operation name in an invalid document': (accept) =>
    postJson({ query: 'query A { nope }', operationName: 'B' }, accept),
  'a document without an operation': (accept) => postJson({ query: 'fragment F on Query { __typename }' }, accept),
  'no document': (accept) => postJson({ variables: {} }, accept),
  'a document that is a number': (accept) => postJson({ query: 1 }, accept),
  'variables that are a text': (accept) => postJson({ query: QUERY, variables: 'x' }, accept),
  'variables that are an array': (accept) => postJson({ query: QUERY, variables: [] }, accept),
  'extensions that are a text': (accept) => postJson({ query: QUERY, extensions: 'x' }, accept),
  'an unknown parameter': (accept) => postJson({ query: QUERY, id: '1' }, accept),
  'a parameter called __proto__': (accept) => postJson(`{"query":"${QUERY}","__proto__":{"x":1}}`, accept),
  'several operations': (accept) => postJson([{ query: QUERY }], accept),
  'an empty body': (accept) => postJson('', accept),
  'a body that is not JSON': (accept) => postJson('{', accept),
  'a body that is null': (accept) => postJson('null', accept),
  'a body that is a text': (accept) => postJson('"x"', accept),
  'an empty form': (accept) => post(FORM, '', accept),
  'a GET without parameters': (accept) => get({}, accept),
  'a GET with variables that are an array': (accept) => get({ query: QUERY, variables: '[]' }, accept),
  'a PUT': withMethod('PUT', JSON.stringify({ query: QUERY })),
  'a DELETE': withMethod('DELETE'),
};

/*
 * Not compared, because the gateway differs by design. It rejects an empty document as a missing one, and an `operationName` that is no text;
 * takes an empty `operationName` for none; answers 400 where Yoga answers 500, to `variables` in a URL or form that are not JSON; reads
 * a byte order mark and content types in capitals; sends an error in the body of 406 and 415; heeds the `q` of `accept`; accepts no
 * multipart forms; and reports only the first of several invalid variables.
 */
test('the gateway answers requests for no valid operation with the status and content type of plain Yoga', async () => {
  const { expectSame, send, tally } = await startTwoServers();
  for (const request of Object.values(SAME))
    for (const accept of [JSON_TYPE, RESPONSE_TYPE]) await expectSame(request(accept));
  for (const [title, request] of Object.entries(SAME_BUT_FOR_THE_MESSAGE))
    for (const accept of [JSON_TYPE, RESPONSE_TYPE]) {
      const { gateway, yoga } = await send(request(accept));
      expect({ ...gateway, title, body: withoutMessage(gateway.body) }).toEqual({
        ...yoga,
        title,
        body: withoutMessage(yoga.body),
      });
      expect(gateway.body).not.toBe(yoga.body);
    }
  expect(tally.withErrors).toBeGreaterThan(70);
});

/** An error without its message. */
function withoutMessage(body: string): unknown {
  const error = at(JSON.parse(body), 'errors', 0);
  return { ...Object(error), message: typeof at(error, 'message') };
}
