import { createHash } from 'node:crypto';

import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { print } from 'graphql';
import { describe, expect, test } from 'vitest';

import { type Answer, matching, startTestGateway, type TestGateway } from '../support/gateway.ts';

const QUERY = 'query Name($id: ID!) { livestream(id: $id) { name } }';
const STATUS = 'query Status($id: ID!) { livestream(id: $id) { status } }';
const START = 'mutation Start($id: ID!) { startLivestream(input: { meetingId: $id }) { userErrors { code } } }';
const ENTITIES = 'query Entities($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
const DEAR =
  'query Dear { livestreams(first: 100) { nodes { meeting { livestreams { nodes { activeSession { id } } } } } } }';
const ALIASES = `query Aliases { meeting(id: "a") { ${Array.from({ length: 51 }, (_, index) => `a${index}: id`).join(' ')} } }`;
const LONG = `query Long { __typename } #${'x'.repeat(20_000)}`;
const TWO = 'query One { __typename } query Two { two: __typename }';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const documents = new Map([QUERY, START, ENTITIES, DEAR, ALIASES, LONG, TWO, '{'].map((text) => [hash(text), text]));
documents.set('name-of-a-livestream', QUERY);

const trusting = async (isExclusive: boolean): Promise<TestGateway> =>
  startTestGateway({ options: { trustedDocuments: { documents, isExclusive } } });

const codesOf = ({ errors }: Answer): unknown[] => errors.map(({ extensions }) => extensions['code']);
const byHash = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hash(text) } } });

const WAYS: [what: string, body: object][] = [
  ['its hash', { documentId: hash(QUERY) }],
  ['its hash with its kind', { documentId: `sha256:${hash(QUERY)}` }],
  ['a name', { documentId: 'name-of-a-livestream' }],
  ["Apollo's extension", byHash(QUERY)],
  ['its hash beside an empty text', { documentId: hash(QUERY), query: '' }],
  ["Apollo's extension beside no text", { ...byHash(QUERY), query: null }],
];

describe.each([false, true])('a document that is known (and no other served: %s)', (only) => {
  test.each(WAYS)('is taken by %s', async (_what, body) => {
    const gateway = await trusting(only);
    const id = gateway.samples.liveLivestreamId;
    const { data, errors } = await gateway.send({ ...body, operationName: 'Name', variables: { id } });
    expect([errors, data]).toEqual([[], { livestream: { name: matching(/./) } }]);
  });

  test('is taken by GET, as the draft and as Apollo name it', async () => {
    const gateway = await trusting(only);
    const variables = `variables=${encodeURIComponent(JSON.stringify({ id: gateway.samples.liveLivestreamId }))}`;
    const get = async (name: string): Promise<Answer> =>
      gateway.fetch(`/graphql?${variables}&${name}`, { headers: { accept: 'application/json' } });
    const drafts = await get(`documentId=sha256:${hash(QUERY)}`);
    const apollos = await get(`extensions=${encodeURIComponent(JSON.stringify(byHash(QUERY).extensions))}`);
    expect(drafts.data).toEqual({ livestream: { name: matching(/./) } });
    expect(apollos.data).toEqual(drafts.data);
    // The second was kept.
    expect(gateway.upstream()).toHaveLength(1);
  });

  test('has operations to choose from', async () => {
    const gateway = await trusting(only);
    const ask = async (operationName?: string): Promise<Answer> =>
      gateway.send({ documentId: hash(TWO), operationName });
    expect((await ask('Two')).data).toEqual({ two: 'Query' });
    expect(codesOf(await ask('Three'))).toEqual(['OPERATION_RESOLUTION_FAILURE']);
    expect(codesOf(await ask())).toEqual(['OPERATION_RESOLUTION_FAILURE']);
  });

  test.each([
    ['aliases', ALIASES, 'GRAPHQL_VALIDATION_FAILED'],
    ['bytes', LONG, 'BAD_REQUEST'],
    ['upstream requests', DEAR, 'QUERY_TOO_EXPENSIVE'],
    ['what GraphQL is', '{', 'GRAPHQL_PARSE_FAILED'],
  ])('keeps to the limits of %s', async (_what, text, code) => {
    const gateway = await trusting(only);
    const answer = await gateway.send({ documentId: hash(text) });
    expect([codesOf(answer), answer.data, gateway.upstream()]).toEqual([[code], null, []]);
  });

  test('starts nothing by GET', async () => {
    const gateway = await trusting(only);
    const variables = encodeURIComponent(JSON.stringify({ id: gateway.samples.emptyMeetingId }));
    const { status } = await gateway.fetch(`/graphql?documentId=${hash(START)}&variables=${variables}`, {
      headers: { accept: 'application/json' },
    });
    expect([status, gateway.upstream()]).toEqual([405, []]);
    expect(
      (await gateway.send({ documentId: hash(START), variables: { id: gateway.samples.emptyMeetingId } })).data,
    ).toEqual({ startLivestream: { userErrors: [] } });
  });

  test.each([
    ['an id that nothing is known by', { documentId: hash(STATUS) }, 'PERSISTED_QUERY_NOT_FOUND'],
    ["the same in Apollo's extension", byHash(STATUS), 'PERSISTED_QUERY_NOT_FOUND'],
    ['a hash in capitals', { documentId: hash(QUERY).toUpperCase() }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['a name of JavaScript', { documentId: '__proto__' }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['an empty id', { documentId: '' }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['an id that is a list', { documentId: [hash(QUERY)] }, 'BAD_REQUEST'],
    ['a hash that is none', { extensions: { persistedQuery: { version: 1, sha256Hash: 7 } } }, 'BAD_REQUEST'],
    ['an extension that is none', { extensions: { persistedQuery: 'x' } }, 'BAD_REQUEST'],
    ['neither a text nor an id', {}, 'BAD_REQUEST'],
  ])('is not %s', async (_what, body, code) => {
    const gateway = await trusting(only);
    const answer = await gateway.send({ ...body, variables: { id: gateway.samples.liveLivestreamId } });
    expect([codesOf(answer), answer.data, gateway.upstream()]).toEqual([[code], null, []]);
    expect(answer.errors[0]?.extensions['retryable']).toBe(false);
  });

  test('is not one of several', async () => {
    const gateway = await trusting(only);
    const answer = await gateway.send([{ documentId: hash(QUERY) }, { documentId: hash(QUERY) }]);
    expect([codesOf(answer), answer.status]).toEqual([['BAD_REQUEST'], 400]);
  });
});

describe('where only known documents are served', () => {
  const TEXTS: [what: string, body: object][] = [
    ['a text that is not known', { query: STATUS }],
    ['a text that is known', { query: QUERY }],
    ['a text beside an id that is known', { query: STATUS, documentId: hash(QUERY) }],
    ["a text beside Apollo's extension of one that is known", { query: STATUS, ...byHash(QUERY) }],
    ['a text that is known beside its own id', { query: QUERY, ...byHash(QUERY) }],
    ['a mutation', { query: START }],
    ['what a router asks', { query: ENTITIES, variables: { r: [{ __typename: 'Livestream', id: 'a' }] } }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['`__typename`', { query: '{ __typename }' }],
    ['a blank', { query: ' ' }],
    ['what is no GraphQL', { query: '{' }],
  ];

  test.each(TEXTS)('%s is refused', async (_what, body) => {
    const gateway = await trusting(true);
    const sent = { variables: { id: gateway.samples.emptyMeetingId }, ...body };
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await gateway.send(sent, { headers: { accept } });
      expect([codesOf(answer), answer.data, gateway.upstream()]).toEqual([['FORBIDDEN'], null, []]);
      expect(answer.status).toBe(accept === 'application/json' ? 200 : 400);
    }
  });

  test.each([
    ['by GET', `/graphql?query=${encodeURIComponent('{ __typename }')}`, {}],
    ['by GET beside an id', `/graphql?query=${encodeURIComponent('{ __typename }')}&documentId=${hash(TWO)}`, {}],
    [
      'as GraphQL itself',
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
  ])('a text is refused %s', async (_what, path, init) => {
    const gateway = await trusting(true);
    const answer = await gateway.fetch(path, { headers: { accept: 'application/json' }, ...init });
    expect([codesOf(answer), answer.data]).toEqual([['FORBIDDEN'], null]);
  });

  test('an answer that was kept is given to nobody who sends the text', async () => {
    const gateway = await trusting(true);
    const variables = { id: gateway.samples.liveLivestreamId };
    const ask = async (body: object): Promise<Answer> => gateway.send({ ...body, operationName: 'Name', variables });
    const first = await ask({ documentId: hash(QUERY) });
    const second = await ask({ documentId: hash(QUERY) });
    expect([second.data, gateway.upstream().length]).toEqual([first.data, 1]);
    for (const body of [{ query: QUERY }, { query: QUERY, documentId: hash(QUERY) }])
      expect(codesOf(await ask(body))).toEqual(['FORBIDDEN']);
  });
});

test('where others are served too, a text goes before an id', async () => {
  const gateway = await trusting(false);
  const { data } = await gateway.send({
    query: STATUS,
    documentId: hash(QUERY),
    variables: { id: gateway.samples.liveLivestreamId },
  });
  expect(data).toEqual({ livestream: { status: 'LIVE' } });
});

describe('without any known documents', () => {
  test('an id is not known, and a text is served', async () => {
    const gateway = await startTestGateway();
    expect(codesOf(await gateway.send({ documentId: hash(QUERY) }))).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    expect((await gateway.send({ query: '{ __typename }', ...byHash('{ __typename }') })).data).toEqual({
      __typename: 'Query',
    });
  });
});

describe("Apollo Client's link for persisted queries", () => {
  const document = gql`
    query NameForApollo($id: ID!) {
      livestream(id: $id) {
        id
        name
      }
    }
  `;

  /** What the client got, and the bodies that it sent for it. */
  async function ask(known: ReadonlyMap<string, string>, isExclusive: boolean, useGETForHashedQueries: boolean) {
    const gateway = await startTestGateway({ options: { trustedDocuments: { documents: known, isExclusive } } });
    const sent: { method: string; hasText: boolean }[] = [];
    const fetch = async (url: URL | RequestInfo, init: RequestInit = {}): Promise<Response> => {
      const { pathname, search } = new URL(url instanceof Request ? url.url : url);
      const body = typeof init.body === 'string' ? init.body : search;
      sent.push({ method: init.method ?? 'GET', hasText: body.includes('query NameForApollo') });
      const { status, text, headers } = await gateway.fetch(pathname + search, init);
      return new Response(text, { status, headers });
    };
    const link = new PersistedQueryLink({ sha256: hash, useGETForHashedQueries });
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: link.concat(new HttpLink({ uri: 'http://gateway.test/graphql', fetch })),
    });
    const variables = { id: gateway.samples.liveLivestreamId };
    const result = await client.query({ query: document, variables, errorPolicy: 'all' });
    return { sent, data: result.data, error: result.error };
  }

  // The client asks for type names too.
  const text = print(new InMemoryCache().transformDocument(document));
  const known = new Map([[hash(text), text]]);
  const served = { livestream: { name: matching(/./) } };

  test.each([true, false])('sends the id alone where the document is known (by GET: %s)', async (byGet) => {
    const { sent, data } = await ask(known, true, byGet);
    expect(data).toMatchObject(served);
    expect(sent).toEqual([{ method: byGet ? 'GET' : 'POST', hasText: false }]);
  });

  test.each([true, false])('sends the text where it is not known and others are served (by GET: %s)', async (byGet) => {
    const { sent, data, error } = await ask(new Map(), false, byGet);
    expect([data, error]).toMatchObject([served, undefined]);
    expect(sent.map(({ hasText }) => hasText)).toEqual([false, true]);
  });

  test('is told no where it is not known and no other is served', async () => {
    const { sent, data, error } = await ask(new Map(), true, false);
    expect(data).toBeUndefined();
    expect(JSON.stringify(error)).toContain('FORBIDDEN');
    expect(sent.map(({ hasText }) => hasText)).toEqual([false, true]);
  });
});
