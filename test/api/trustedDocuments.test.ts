import { describe, expect, test } from 'vitest';

import { type TestResponse, matching, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { hashOf } from '../support/hashOf.ts';
import { codesOf } from '../support/recordingGateway.ts';

const QUERY = 'query Name($id: ID!) { livestream(id: $id) { name } }';
const STATUS = 'query Status($id: ID!) { livestream(id: $id) { status } }';
const START = 'mutation Start($id: ID!) { startLivestream(input: { meetingId: $id }) { userErrors { code } } }';
const ENTITIES = 'query Entities($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
const EXPENSIVE =
  'query Dear { livestreams(first: 100) { nodes { meeting { livestreams { nodes { activeSession { id } } } } } } }';
const TOO_MANY_ALIASES = `query Aliases { meeting(id: "a") { ${Array.from({ length: 51 }, (_, index) => `a${index}: id`).join(' ')} } }`;
const TOO_LONG = `query Long { __typename } #${'x'.repeat(20_000)}`;
const TWO_OPERATIONS = 'query One { __typename } query Two { two: __typename }';

const documents = new Map(
  [QUERY, START, ENTITIES, EXPENSIVE, TOO_MANY_ALIASES, TOO_LONG, TWO_OPERATIONS, '{'].map((text) => [
    hashOf(text),
    text,
  ]),
);
documents.set('name-of-a-livestream', QUERY);

const startWithDocuments = async (isExclusive: boolean): Promise<TestGateway> =>
  startTestGateway({ options: { trustedDocuments: { documents, isExclusive } } });

const byHash = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(text) } } });

const REFERENCES: [name: string, body: object][] = [
  ['by hash', { documentId: hashOf(QUERY) }],
  ['by hash with its algorithm', { documentId: `sha256:${hashOf(QUERY)}` }],
  ['by name', { documentId: 'name-of-a-livestream' }],
  ["by Apollo's extension", byHash(QUERY)],
  ['by hash beside an empty query', { documentId: hashOf(QUERY), query: '' }],
  ["by Apollo's extension beside a null query", { ...byHash(QUERY), query: null }],
];

describe.each([false, true])('a trusted document (isExclusive: %s)', (isExclusive) => {
  test.each(REFERENCES)('is executed when referenced %s', async (_name, body) => {
    const gateway = await startWithDocuments(isExclusive);
    const id = gateway.exampleIds.liveLivestreamId;
    const { data, errors } = await gateway.send({ ...body, operationName: 'Name', variables: { id } });
    expect([errors, data]).toEqual([[], { livestream: { name: matching(/./) } }]);
  });

  test('is executed by GET with documentId and with the extension of Apollo', async () => {
    const gateway = await startWithDocuments(isExclusive);
    const variables = `variables=${encodeURIComponent(JSON.stringify({ id: gateway.exampleIds.liveLivestreamId }))}`;
    const get = async (name: string): Promise<TestResponse> =>
      gateway.fetch(`/graphql?${variables}&${name}`, { headers: { accept: 'application/json' } });
    const byDocumentId = await get(`documentId=sha256:${hashOf(QUERY)}`);
    const byExtension = await get(`extensions=${encodeURIComponent(JSON.stringify(byHash(QUERY).extensions))}`);
    expect(byDocumentId.data).toEqual({ livestream: { name: matching(/./) } });
    expect(byExtension.data).toEqual(byDocumentId.data);
    // The second response came from the cache.
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });

  test('with several operations requires a valid operationName', async () => {
    const gateway = await startWithDocuments(isExclusive);
    const execute = async (operationName?: string): Promise<TestResponse> =>
      gateway.send({ documentId: hashOf(TWO_OPERATIONS), operationName });
    expect((await execute('Two')).data).toEqual({ two: 'Query' });
    expect(codesOf(await execute('Three'))).toEqual(['OPERATION_RESOLUTION_FAILURE']);
    expect(codesOf(await execute())).toEqual(['OPERATION_RESOLUTION_FAILURE']);
  });

  test.each([
    ['too many aliases', TOO_MANY_ALIASES, 'GRAPHQL_VALIDATION_FAILED'],
    ['too many bytes', TOO_LONG, 'BAD_REQUEST'],
    ['too many upstream requests', EXPENSIVE, 'QUERY_TOO_EXPENSIVE'],
    ['a syntax error', '{', 'GRAPHQL_PARSE_FAILED'],
  ])('is checked like any other query: %s', async (_name, text, code) => {
    const gateway = await startWithDocuments(isExclusive);
    const response = await gateway.send({ documentId: hashOf(text) });
    expect([codesOf(response), response.data, gateway.upstreamRequests()]).toEqual([[code], null, []]);
  });

  test('with a mutation is executed by POST and rejected by GET', async () => {
    const gateway = await startWithDocuments(isExclusive);
    const variables = encodeURIComponent(JSON.stringify({ id: gateway.exampleIds.emptyMeetingId }));
    const { status } = await gateway.fetch(`/graphql?documentId=${hashOf(START)}&variables=${variables}`, {
      headers: { accept: 'application/json' },
    });
    expect([status, gateway.upstreamRequests()]).toEqual([405, []]);
    expect(
      (await gateway.send({ documentId: hashOf(START), variables: { id: gateway.exampleIds.emptyMeetingId } })).data,
    ).toEqual({ startLivestream: { userErrors: [] } });
  });

  test.each([
    ['an unknown id', { documentId: hashOf(STATUS) }, 'PERSISTED_QUERY_NOT_FOUND'],
    [
      "an unknown hash in Apollo's extension",
      byHash(STATUS),
      isExclusive ? 'PERSISTED_QUERY_NOT_SUPPORTED' : 'PERSISTED_QUERY_NOT_FOUND',
    ],
    ['an uppercase hash', { documentId: hashOf(QUERY).toUpperCase() }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['the name of a prototype member', { documentId: '__proto__' }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['an empty id', { documentId: '' }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['an id that is a list', { documentId: [hashOf(QUERY)] }, 'BAD_REQUEST'],
    ['a hash that is a number', { extensions: { persistedQuery: { version: 1, sha256Hash: 7 } } }, 'BAD_REQUEST'],
    ['an extension that is a string', { extensions: { persistedQuery: 'x' } }, 'BAD_REQUEST'],
    ['neither a query nor an id', {}, 'BAD_REQUEST'],
  ])('is not executed for a request with %s', async (_name, body, code) => {
    const gateway = await startWithDocuments(isExclusive);
    const response = await gateway.send({ ...body, variables: { id: gateway.exampleIds.liveLivestreamId } });
    expect([codesOf(response), response.data, gateway.upstreamRequests()]).toEqual([[code], null, []]);
    expect(response.errors[0]?.extensions['retryable']).toBe(false);
  });

  test('is rejected as part of a batch', async () => {
    const gateway = await startWithDocuments(isExclusive);
    const response = await gateway.send([{ documentId: hashOf(QUERY) }, { documentId: hashOf(QUERY) }]);
    expect([codesOf(response), response.status]).toEqual([['BAD_REQUEST'], 400]);
  });
});

describe('when only trusted documents are allowed', () => {
  const QUERY_BODIES: [name: string, body: object][] = [
    ['an unknown query', { query: STATUS }],
    ['the query of a trusted document with another space', { query: `${QUERY} ` }],
    ['an unknown query beside the id of a trusted document', { query: STATUS, documentId: hashOf(QUERY) }],
    ["an unknown query beside Apollo's extension of a trusted document", { query: STATUS, ...byHash(QUERY) }],
    ['a mutation', { query: `${START} ` }],
    [
      'an entity query of a router',
      { query: `${ENTITIES} `, variables: { r: [{ __typename: 'Livestream', id: 'a' }] } },
    ],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['`__typename`', { query: '{ __typename }' }],
    ['a blank query', { query: ' ' }],
    ['a syntax error', { query: '{ ' }],
  ];

  test.each(QUERY_BODIES)(
    'a request that contains another query is rejected with FORBIDDEN: %s',
    async (_name, body) => {
      const gateway = await startWithDocuments(true);
      const sent = { variables: { id: gateway.exampleIds.emptyMeetingId }, ...body };
      for (const accept of ['application/json', 'application/graphql-response+json']) {
        const response = await gateway.send(sent, { headers: { accept } });
        expect([codesOf(response), response.data, gateway.upstreamRequests()]).toEqual([['FORBIDDEN'], null, []]);
        expect(response.status).toBe(accept === 'application/json' ? 200 : 400);
      }
    },
  );

  test.each([
    ['by GET', `/graphql?query=${encodeURIComponent('{ __typename }')}`, {}],
    [
      'by GET beside a documentId',
      `/graphql?query=${encodeURIComponent('{ __typename }')}&documentId=${hashOf(TWO_OPERATIONS)}`,
      {},
    ],
    [
      'as application/graphql',
      '/graphql',
      {
        method: 'POST',
        body: '{ __typename }',
        headers: { accept: 'application/json', 'content-type': 'application/graphql' },
      },
    ],
    [
      'as a form',
      '/graphql',
      {
        method: 'POST',
        body: 'query={__typename}',
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          'graphql-require-preflight': '1',
        },
      },
    ],
  ])('a query is rejected with FORBIDDEN %s', async (_name, path, init) => {
    const gateway = await startWithDocuments(true);
    const response = await gateway.fetch(path, { headers: { accept: 'application/json' }, ...init });
    expect([codesOf(response), response.data]).toEqual([['FORBIDDEN'], null]);
  });

  test.each([
    ['alone', { query: QUERY }],
    ['beside its id', { query: QUERY, documentId: hashOf(QUERY) }],
    ["beside Apollo's extension", { query: QUERY, ...byHash(QUERY) }],
  ])('the text of a trusted document is served, as its id is: %s', async (_name, body) => {
    const gateway = await startWithDocuments(true);
    const variables = { id: gateway.exampleIds.liveLivestreamId };
    const execute = async (sent: object): Promise<TestResponse> => gateway.send({ ...sent, variables });
    const first = await execute({ documentId: hashOf(QUERY) });
    expect([(await execute(body)).data, gateway.upstreamRequests().length]).toEqual([first.data, 1]);
  });
});

test('a query takes precedence over a documentId when other documents are allowed', async () => {
  const gateway = await startWithDocuments(false);
  const { data } = await gateway.send({
    query: STATUS,
    documentId: hashOf(QUERY),
    variables: { id: gateway.exampleIds.liveLivestreamId },
  });
  expect(data).toEqual({ livestream: { status: 'LIVE' } });
});

describe('without trusted documents', () => {
  test('a documentId is not found, and a query is executed', async () => {
    const gateway = await startTestGateway();
    expect(codesOf(await gateway.send({ documentId: hashOf(QUERY) }))).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    expect((await gateway.send({ query: '{ __typename }', ...byHash('{ __typename }') })).data).toEqual({
      __typename: 'Query',
    });
  });
});
