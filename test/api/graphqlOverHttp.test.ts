import { once } from 'node:events';
import { createServer } from 'node:http';

import { serverAudits } from 'graphql-http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createGateway } from '../../src/server/gateway.ts';
import { at } from '../support/gateway.ts';

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';

const logs: unknown[] = [];
let url = '';

/** A gateway without an upstream: no operation of these tests needs one. */
const gateway = createGateway({
  upstream: {
    baseUrl: 'http://127.0.0.1:9',
    accountId: 'a',
    appId: 'b',
    token: 'c',
    attemptTimeoutMs: 1,
    totalTimeoutMs: 1,
    requestsPerSecond: 0,
  },
  transport: () => Promise.reject(new Error('Not expected')),
  // Ignore the log entry of each operation: these tests expect no warnings and no errors.
  log: (...entry) => entry[0] !== 'info' && logs.push(entry),
  graphiql: {},
});
const server = createServer((request, response) => void gateway(request, response));

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/graphql`;
});

afterEach(() => {
  logs.length = 0;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('the GraphQL over HTTP audit of graphql-http', () => {
  const audits = serverAudits({ url: () => url, fetchFn: fetch });

  test.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id $name', async ({ id, name, fn }) => {
    const result = await fn();
    const reason = 'reason' in result ? `${result.reason}: ${result.response.status}` : 'none';
    expect({ id, name, status: result.status, reason }).toEqual({ id, name, status: 'ok', reason: 'none' });
    expect(logs).toEqual([]);
  });

  test('includes at least 13 MUST and 20 SHOULD audits, each with a unique id', () => {
    const levels = audits.map(({ name }) => name.split(' ')[0]);
    const count = (level: string): number => levels.filter((each) => each === level).length;
    expect(count('MUST')).toBeGreaterThanOrEqual(13);
    expect(count('SHOULD')).toBeGreaterThanOrEqual(20);
    expect(new Set(audits.map(({ id }) => id)).size).toBe(audits.length);
  });
});

type Init = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** Sends a request once for each response media type, and returns the status and error code of each response. */
async function statuses(search: string, init: Init): Promise<[number, unknown][]> {
  const responses = [JSON_TYPE, RESPONSE_TYPE].map(async (accept): Promise<[number, unknown]> => {
    const response = await fetch(url + search, { ...init, headers: { ...init.headers, accept } });
    expect(response.headers.get('content-type')).toBe(`${accept}; charset=utf-8`);
    const body: unknown = await response.json();
    expect(body).not.toHaveProperty('data');
    expect(logs).toEqual([]);
    return [response.status, at(body, 'errors', 0, 'extensions', 'code')];
  });
  return Promise.all(responses);
}

const post = (body: unknown): Init => ({
  method: 'POST',
  headers: { 'content-type': JSON_TYPE },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const form = (body: string): Init => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'graphql-require-preflight': '1' },
  body,
});

const TWO_OPERATIONS = 'query A { __typename } query B { __typename }';
const COSTLY =
  '{ livestreams(first: 100) { nodes { meeting { livestreams(first: 100) { nodes { activeSession { id } } } } } } }';

/** GraphQL over HTTP, section "Status Codes": a well-formed request that fails gets 200 if the response is `application/json`. */
test.each<[string, string, Init, string]>([
  ['a document with a syntax error', '', post({ query: '{' }), 'GRAPHQL_PARSE_FAILED'],
  ['a document of invalid characters', '?query=%ff%00', {}, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', '', post({ query: '{ nope }' }), 'GRAPHQL_VALIDATION_FAILED'],
  ['an unknown operation', '', post({ query: TWO_OPERATIONS, operationName: 'C' }), 'OPERATION_RESOLUTION_FAILURE'],
  ['two operations without an operation name', '', post({ query: TWO_OPERATIONS }), 'OPERATION_RESOLUTION_FAILURE'],
  ['two operations without an operation name by GET', `?query=${TWO_OPERATIONS}`, {}, 'OPERATION_RESOLUTION_FAILURE'],
  ['a missing variable', '', post({ query: 'query($a: ID!) { livestream(id: $a) { id } }' }), 'BAD_USER_INPUT'],
  [
    'a variable of another type',
    '',
    post({ query: 'query($a: Int) { livestreams(first: $a) { totalCount } }', variables: { a: 'x' } }),
    'BAD_USER_INPUT',
  ],
  ['a query that is too expensive', '', post({ query: COSTLY }), 'QUERY_TOO_EXPENSIVE'],
  ['an unknown document id', '', post({ documentId: '../..' }), 'PERSISTED_QUERY_NOT_FOUND'],
])(
  '%s gets 200 as application/json and 400 as application/graphql-response+json',
  async (_case, search, init, code) => {
    expect(await statuses(search, init)).toEqual([
      [200, code],
      [400, code],
    ]);
  },
);

test.each<[string, string, Init, number]>([
  ['malformed JSON', '', post('{ "query":'), 400],
  ['an empty body', '', post(''), 400],
  ['a number', '', post('7'), 400],
  ['a batch', '', post([{ query: '{ __typename }' }]), 400],
  ['no query', '', post({}), 400],
  ['a misspelled member', '', post({ qeury: '{ __typename }' }), 400],
  ['an unknown member', '', post({ query: '{ __typename }', more: 1 }), 400],
  ['a member called __proto__', '', post('{"query":"{ __typename }","__proto__":{"a":1}}'), 400],
  ['a query that is a list', '', post({ query: ['{ __typename }'] }), 400],
  ['an operation name that is a number', '', post({ query: '{ __typename }', operationName: 5 }), 400],
  ['variables that are a list', '', post({ query: '{ __typename }', variables: [7] }), 400],
  ['extensions that are a string', '', post({ query: '{ __typename }', extensions: 'x' }), 400],
  ['no query by GET', '?a=b', {}, 400],
  ['malformed variables by GET', '?query={__typename}&variables={', {}, 400],
  ['malformed extensions by GET', '?query={__typename}&extensions={', {}, 400],
  ['variables by GET that are a number', '?query={__typename}&variables=1', {}, 400],
  ['malformed variables in a form', '', form('query={__typename}&variables={'), 400],
  ['malformed extensions in a form', '', form('query={__typename}&extensions=['), 400],
  ['a mutation by GET', '?query=mutation{__typename}', {}, 405],
  [
    'a mutation that is selected by operationName by GET',
    '?query=query A{__typename} mutation B{__typename}&operationName=B',
    {},
    405,
  ],
  ['a PUT request', '', { ...post({ query: '{ __typename }' }), method: 'PUT' }, 405],
])('%s gets BAD_REQUEST with the same status for either media type', async (_case, search, init, status) => {
  expect(await statuses(search, init)).toEqual([
    [status, 'BAD_REQUEST'],
    [status, 'BAD_REQUEST'],
  ]);
});

test.each([
  ['application/xml', 415],
  ['text/plain', 415],
  ['', 415],
])('a body of type %j gets %i', async (type, status) => {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body: '{ __typename }' });
  expect(response.status).toBe(status);
});

test('an empty operation name means no operation name, by POST as by GET', async () => {
  const body = post({ query: '{ a: __typename }', operationName: '' });
  const responses = [fetch(url, body), fetch(`${url}?query={a:__typename}&operationName=`)];
  for (const response of await Promise.all(responses)) expect(await response.json()).toEqual({ data: { a: 'Query' } });
  expect(await statuses('', post({ query: TWO_OPERATIONS, operationName: '' }))).toEqual([
    [200, 'OPERATION_RESOLUTION_FAILURE'],
    [400, 'OPERATION_RESOLUTION_FAILURE'],
  ]);
});

test('an invalid subscription gets 200 as application/json and 400 as application/graphql-response+json', async () => {
  const [asJson, asResponse] = await statuses('', post({ query: 'subscription { nope }' }));
  expect([asJson?.[0], asResponse?.[0]]).toEqual([200, 400]);
});
