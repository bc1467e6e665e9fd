import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ACCOUNT, type TestResponse, APP, at, matching, nonNull, TOKEN } from '../support/gateway.ts';
import { codesOf, startRecordingGateway } from '../support/recordingGateway.ts';
import { runs } from '../support/runs.ts';

const GATEWAY_HEADERS = { accept: 'application/json', authorization: `Bearer ${TOKEN}` };
/** The path of a URL relative to the app's base path. */
const pathOf = (url: string): string =>
  new URL(url).pathname.split(`/accounts/${ACCOUNT}/realtime/kit/${APP}`)[1] ?? url;

/** Paths, escapes, foreign syntaxes, and characters that look like ASCII or become ASCII under Unicode normalization. */
const WORDS =
  String.raw`. .. ../.. ..; %2e%2e %252e%252e a/../b a/b / // \ ..\ %2f %5c ?x=1# ? # &x=1 a;b a:b @ * {id} $(id) " ' <b> %00
  а ａ ⓐ 𝐚 ª ․․ 。。 ．． ‥ ∕ ／ ⁄ ⧸ ＼ ‐ － 💥 sessions`.split(/ +|\n +/);
const SPACED = [
  '',
  ' ',
  'a b',
  "' or 1=1",
  '\0',
  'a\0b',
  'a\r\nx-injected: 1',
  'a\r\n\r\nGET / HTTP/1.1',
  'a\n',
  '\r',
  '\t',
];
/** Includes the Kelvin sign and the long s, which match ASCII letters in a case-insensitive comparison. */
const INVISIBLE = ['\u212a', '\u017f', '\u2028', '\u{feff}a', 'a\u0301', 'a\u200b', '-\u202e-', '\ud800', '\udc00a'];
const LONG = ['x'.repeat(65), 'x'.repeat(10_000), '../'.repeat(3000), 'é'.repeat(64)];
const ATTACKS = [...WORDS, ...SPACED, ...INVISIBLE, ...LONG];

const isNotAnId = (text: string): boolean => !/^[A-Za-z0-9-]{1,64}$/.test(text);
const attack = fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'binary', maxLength: 80 }).filter(isNotAnId));
/** A valid id with one attack inserted. */
const spoiledId = fc
  .tuple(fc.uuid(), fc.nat(36), fc.constantFrom(...ATTACKS.filter((text) => text !== '' && isNotAnId(text))))
  .map(([id, place, spoiler]) => id.slice(0, place) + spoiler + id.slice(place));
const notAnId = fc.oneof({ weight: 3, arbitrary: attack }, spoiledId);

/** The error codes for invalid variables and invalid documents. */
const INPUT_ERROR_CODES = ['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED'];

/** Summarizes a response that must be a rejection. `unexpectedCodes` are the error codes that are not in `codes`. */
function rejectionOf(
  gateway: Awaited<ReturnType<typeof startRecordingGateway>>,
  response: TestResponse,
  codes = INPUT_ERROR_CODES,
) {
  const unexpectedCodes = codesOf(response).filter((code) => !codes.includes(String(code)));
  return {
    status: response.status,
    isRejected: response.errors.length > 0,
    unexpectedCodes,
    sent: gateway.sent(),
    logs: gateway.logs,
  };
}

/** Rejected with an allowed code, without an upstream request and without a log entry. */
const REJECTED = { status: 200, isRejected: true, unexpectedCodes: [], sent: [], logs: [] };

const RUNS = { numRuns: runs(25) };

describe('an invalid id', () => {
  const QUERIES = (id: string): string => `
    a: livestream(id: ${id}) { id name }
    b: livestreamSession(id: ${id}) { id }
    c: meeting(id: ${id}) { id title activeLivestream { id } livestreams { totalCount } }
  `;
  const ENTITIES = (id: string): string => `
    _entities(representations: [
      { __typename: "Meeting", id: ${id} } { __typename: "Livestream", id: ${id} } { __typename: "LivestreamSession", id: ${id} }
    ]) { ... on Meeting { id title } ... on Livestream { name } ... on LivestreamSession { errorMessage } }
  `;
  const MUTATIONS = (id: string): string => `
    startLivestream(input: { meetingId: ${id}, name: "x" }) { meeting { id } userErrors { code } }
    stopLivestream(input: { meetingId: ${id} }) { meeting { id } livestream { id } userErrors { code } }
  `;
  const INVALID_ID = { meeting: null, userErrors: [{ code: 'BAD_USER_INPUT' }] };
  const typed = (id: string): unknown[] =>
    ['Meeting', 'Livestream', 'LivestreamSession'].map((__typename) => ({ __typename, id }));

  test('is rejected without an upstream request when sent as a variable by POST or GET', async () => {
    const gateway = await startRecordingGateway();
    const query = `query($id: ID!, $all: [_Any!]!) { ${QUERIES('$id')} _entities(representations: $all) { __typename } }`;
    const mutation = `mutation($id: ID!) { ${MUTATIONS('$id')} }`;
    await fc.assert(
      fc.asyncProperty(notAnId, async (id) => {
        const variables = { id, all: typed(id) };
        const responses = [
          await gateway.send({ query, variables }),
          await gateway.byGet({ query, variables: JSON.stringify(variables) }),
        ];
        for (const response of responses) {
          expect([response.status, ...codesOf(response)]).toEqual([200, ...Array<string>(6).fill('BAD_USER_INPUT')]);
          expect(response.data).toEqual({ a: null, b: null, c: null, _entities: [null, null, null] });
        }
        const { data } = await gateway.send({ query: mutation, variables: { id } });
        expect(data).toEqual({ startLivestream: INVALID_ID, stopLivestream: { ...INVALID_ID, livestream: null } });
        expect([gateway.sent(), gateway.logs]).toEqual([[], []]);
      }),
      RUNS,
    );
  });

  test('is rejected without an upstream request when sent as a literal or as a variable default', async () => {
    const gateway = await startRecordingGateway({ limits: { queryBytes: 1_000_000 } });
    await fc.assert(
      fc.asyncProperty(notAnId, async (id) => {
        const literal = JSON.stringify(id);
        expect(
          rejectionOf(gateway, await gateway.send({ query: `{ ${QUERIES(literal)} ${ENTITIES(literal)} }` })),
        ).toEqual(REJECTED);
        expect(
          rejectionOf(gateway, await gateway.byGet({ query: `query($id: ID! = ${literal}) { ${QUERIES('$id')} }` })),
        ).toEqual(REJECTED);
        const response = await gateway.send({ query: `mutation { ${MUTATIONS(literal)} }` });
        // A lone surrogate is a syntax error in a GraphQL document.
        const data = id.isWellFormed()
          ? { startLivestream: INVALID_ID, stopLivestream: { ...INVALID_ID, livestream: null } }
          : null;
        expect([response.status, response.data, gateway.sent(), gateway.logs]).toEqual([200, data, [], []]);
      }),
      RUNS,
    );
  });
});

describe('a malformed entity representation', () => {
  const query = `query($all: [_Any!]!) {
    _entities(representations: $all) { __typename ... on Meeting { id title } ... on Livestream { id name } }
  }`;
  const badKey = fc.oneof(
    attack,
    fc.boolean(),
    fc.double({ noInteger: true }),
    fc.constantFrom(1e300, 1e21, null, [], {}, ['abc'], [['abc']], { id: 'abc' }, { toString: 'abc' }, { length: 3 }),
    fc.jsonValue().filter((value) => typeof value === 'object'),
  );
  const badTypename = fc.oneof(
    attack,
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '_Entity',
      'Query',
      'PageInfo',
      'meeting',
      5,
      ['Meeting'],
      {},
    ),
  );
  const malformed = fc.oneof(
    fc.record({ __typename: fc.constantFrom('Meeting', 'Livestream', 'LivestreamSession'), id: badKey }),
    fc.record({ __typename: badTypename, id: fc.constantFrom<unknown>('abc', 5) }),
    fc.record({ __typename: badTypename, id: badKey }),
    fc.constantFrom({}, [], 5, true, 'Meeting', ['Meeting', 'abc'], { __typename: 'Meeting' }, { id: 'abc' }),
  );

  test('resolves to null with BAD_USER_INPUT, and the representations beside it resolve', async () => {
    const gateway = await startRecordingGateway();
    await fc.assert(
      fc.asyncProperty(malformed, async (representation) => {
        const id = gateway.exampleIds.liveLivestreamId;
        const all = [representation, { __typename: 'Livestream', id }, representation];
        const response = await gateway.send({ query, variables: { all } });
        expect(at(response.data, '_entities')).toEqual([
          null,
          { __typename: 'Livestream', id, name: matching(/./) },
          null,
        ]);
        expect(response.errors.map(({ path }) => path)).toEqual([
          ['_entities', 0],
          ['_entities', 2],
        ]);
        expect(new Set(codesOf(response))).toEqual(new Set(['BAD_USER_INPUT']));
        expect(gateway.sent().map(({ url }) => pathOf(url))).toEqual([`/livestreams/${id}`]);
        expect([response.status, gateway.logs]).toEqual([200, []]);
      }),
      RUNS,
    );
  });

  test.each([
    '{"__proto__":{"__typename":"Meeting","id":"inherited"}}',
    '{"__typename":"Meeting","__proto__":{"id":"inherited"}}',
    '{"constructor":{"prototype":{"__typename":"Meeting","id":"inherited"}}}',
    '{"__typename":"Meeting","id":{"__proto__":"inherited","toString":"inherited"}}',
    '{"__typename":"Meeting","id":1e999}',
  ])('does not get its key from a prototype: %s', async (representation) => {
    const gateway = await startRecordingGateway();
    const response = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"all":[${representation}]}}`,
    });
    expect([response.data, codesOf(response)]).toEqual([{ _entities: [null] }, ['BAD_USER_INPUT']]);
    expect([gateway.sent(), gateway.logs]).toEqual([[], []]);
    expect(at({}, '__typename')).toBeUndefined();
  });
});

test('an invalid cursor is rejected without an upstream request', async () => {
  const gateway = await startRecordingGateway();
  const query = `query($after: String, $id: ID!) {
    a: livestreams(after: $after) { totalCount }
    b: meetings(after: $after) { totalCount }
    c: meeting(id: $id) { livestreams(after: $after) { totalCount } }
  }`;
  const ALMOST_NUMBERS = [
    '-1',
    '1e3',
    '0x1',
    ' 1',
    '1 ',
    '1\n',
    '１',
    '1&page_no=2',
    '9'.repeat(10),
    'NaN',
    '',
    '1.5',
    '../1',
  ];
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const cursor = fc.oneof(
    attack.filter((text) => !/^after:\d{1,9}$/.test(Buffer.from(text, 'base64').toString('latin1'))),
    attack.map(encoded),
    attack.filter((text) => !/^\d{1,9}$/.test(text)).map((text) => encoded(`after:${text}`)),
    fc.constantFrom(...ALMOST_NUMBERS).map((text) => encoded(`after:${text}`)),
  );
  await fc.assert(
    fc.asyncProperty(cursor, async (after) => {
      const variables = { after, id: 'an-id' };
      expect(rejectionOf(gateway, await gateway.send({ query, variables }), ['BAD_USER_INPUT'])).toEqual(REJECTED);
      expect(
        rejectionOf(gateway, await gateway.byGet({ query, variables: JSON.stringify(variables) }), ['BAD_USER_INPUT']),
      ).toEqual(REJECTED);
      expect(
        rejectionOf(
          gateway,
          await gateway.send({ query: `{ livestreams(after: ${JSON.stringify(after)}) { totalCount } }` }),
        ),
      ).toEqual(REJECTED);
    }),
    RUNS,
  );
});

test('an invalid filter, order or page size is rejected without an upstream request', async () => {
  const gateway = await startRecordingGateway();
  const value = fc.oneof(
    attack,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.jsonValue().filter((json) => json !== null),
  );
  const slots: [string, string][] = [
    ['LivestreamStatus', 'filter: { status: $value }'],
    ['DateTime', 'filter: { from: $value }'],
    ['DateTime', 'filter: { to: $value }'],
    ['LivestreamOrder', 'orderBy: $value'],
    ['LivestreamFilter', 'filter: $value'],
    ['Int', 'first: $value'],
  ];
  const isValid = (json: unknown): boolean => Number.isInteger(json) || JSON.stringify(json) === '{}' || json === '';
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom(...slots), async (sent, [type, argument]) => {
      fc.pre(!isValid(sent));
      const query = `query($value: ${type}) { livestreams(${argument}) { totalCount } }`;
      expect(
        rejectionOf(gateway, await gateway.send({ query, variables: { value: sent } }), ['BAD_USER_INPUT']),
      ).toEqual(REJECTED);
      const literal = argument.replace('$value', JSON.stringify(sent));
      expect(rejectionOf(gateway, await gateway.send({ query: `{ livestreams(${literal}) { totalCount } }` }))).toEqual(
        REJECTED,
      );
    }),
    RUNS,
  );
});

test('a search text reaches upstream only as the value of the `search` parameter', async () => {
  const gateway = await startRecordingGateway();
  const query = 'query($search: String) { meetings(first: 1, search: $search) { totalCount } }';
  const text = fc.oneof(attack, fc.constantFrom('a&search=b', 'a#b', 'a+b%20c', '&page_no=9&per_page=9', '\0\r\nx: 1'));
  await fc.assert(
    fc.asyncProperty(text, async (search) => {
      fc.pre(search !== '' && search.length <= 256);
      const response = await gateway.send({ query, variables: { search } });
      expect([response.status, codesOf(response), gateway.logs]).toEqual([200, [], []]);
      for (const { method, url, headers, body } of gateway.sent()) {
        const { searchParams, hash } = new URL(url);
        expect(url).toMatch(/^[!-~]+$/);
        expect([method, pathOf(url), hash, headers, body]).toEqual([
          'GET',
          '/meetings',
          '',
          GATEWAY_HEADERS,
          undefined,
        ]);
        expect([...searchParams.keys()].toSorted()).toEqual(['page_no', 'per_page', 'search']);
        expect(searchParams.get('search')).toBe(search.toWellFormed());
      }
    }),
    RUNS,
  );
});

test('a livestream name reaches upstream only as the value of the `name` member', async () => {
  const gateway = await startRecordingGateway();
  const query = `mutation($name: String) {
    startLivestream(input: { meetingId: "no-such", name: $name, video: { width: 4, height: 3 } }) { userErrors { code } }
  }`;
  await fc.assert(
    fc.asyncProperty(attack, async (name) => {
      fc.pre(name !== '' && name.length <= 100);
      const response = await gateway.send({ query, variables: { name } });
      expect([response.status, codesOf(response), gateway.logs]).toEqual([200, [], []]);
      const sent = gateway.sent();
      const { url, headers, body = '' } = nonNull(sent[0]);
      expect([sent.length, pathOf(url), new URL(url).search]).toEqual([1, '/meetings/no-such/livestreams', '']);
      expect(headers).toEqual({ ...GATEWAY_HEADERS, 'content-type': 'application/json' });
      expect(JSON.parse(body)).toEqual({ name, video_config: { width: 4, height: 3 } });
    }),
    RUNS,
  );
});

/** A string that HTTP allows as a header value. */
const headerValue = fc
  .oneof(
    fc.constantFrom(...ATTACKS),
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) }),
  )
  .filter((text) => !/[\0\r\n\u0100-\uffff]/.test(text));

test("the caller's request headers are not forwarded upstream", async () => {
  const gateway = await startRecordingGateway();
  const names = [
    'x-request-id',
    'x-upstream-report',
    'authorization',
    'cookie',
    'x-forwarded-for',
    'forwarded',
    'traceparent',
  ];
  const variables = { id: gateway.exampleIds.liveLivestreamId };
  const query = 'query($id: ID!) { livestream(id: $id) { id } }';
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names, 'user-agent', 'x-http-method-override', 'host'),
      headerValue,
      async (name, value) => {
        const response = await gateway.send({ query, variables }, { headers: { [name]: value } });
        expect([response.status, response.data, gateway.logs]).toEqual([200, { livestream: variables }, []]);
        expect(response.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._:/=+-]{1,128}$/);
        expect(gateway.sent().map(({ headers }) => headers)).toEqual([GATEWAY_HEADERS]);
      },
    ),
    RUNS,
  );
});

test('an unsupported media type is rejected with 406 in Accept and with 415 in Content-Type', async () => {
  const gateway = await startRecordingGateway();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('accept', 'content-type'), headerValue, async (name, value) => {
      // A list whose first element is empty may name no type at all.
      fc.pre(!/json|\*|^\s*([,;]|$)/.test(value));
      const response = await gateway.send({ query: '{ livestreams { totalCount } }' }, { headers: { [name]: value } });
      expect([response.status, response.data, gateway.logs]).toEqual([name === 'accept' ? 406 : 415, null, []]);
      expect(gateway.sent()).toEqual([]);
    }),
    RUNS,
  );
});

test('passthrough forwards a well-formed bearer token unchanged, and rejects any other credential with 401', async () => {
  const gateway = await startRecordingGateway({ auth: { kind: 'passthrough' } });
  const variables = { id: gateway.exampleIds.liveLivestreamId };
  const query = 'query($id: ID!) { livestream(id: $id) { id } }';
  const credential = fc.oneof(
    headerValue,
    headerValue.map((value) => `Bearer ${value}`),
    fc.stringMatching(/^Bearer [!-~]{1,40}$/),
  );
  await fc.assert(
    fc.asyncProperty(credential, async (authorization) => {
      const response = await gateway.send({ query, variables }, { headers: { authorization } });
      const [, token] = /^bearer +([!-~]{1,8000})$/i.exec(authorization.replace(/^[\t ]+|[\t ]+$/g, '')) ?? [];
      const sent = gateway.sent().map(({ headers }) => headers['authorization']);
      const rejected = [401, ['UNAUTHENTICATED'], []];
      expect([response.status, codesOf(response), sent]).toEqual(
        token === undefined ? rejected : [200, [], [`Bearer ${token}`]],
      );
      expect(gateway.logs).toEqual([]);
    }),
    RUNS,
  );
});

test('an unknown operation name or document id is rejected without an upstream request', async () => {
  const documents = new Map([['a'.repeat(64), '{ livestreams { totalCount } }']]);
  const gateway = await startRecordingGateway({ trustedDocuments: { documents, isExclusive: false } });
  const name = fc.oneof(attack, fc.constantFrom('__proto__', 'constructor', 'toString', 'size', 'get'));
  const LOOKUP_ERROR_CODES = ['OPERATION_RESOLUTION_FAILURE', 'PERSISTED_QUERY_NOT_FOUND', 'BAD_REQUEST'];
  await fc.assert(
    fc.asyncProperty(name, async (text) => {
      fc.pre(text !== '');
      const query = 'query A { livestreams { totalCount } }';
      const persistedQuery = { version: 1, sha256Hash: text };
      expect(rejectionOf(gateway, await gateway.send({ query, operationName: text }), LOOKUP_ERROR_CODES)).toEqual(
        REJECTED,
      );
      expect(rejectionOf(gateway, await gateway.byGet({ query, operationName: text }), LOOKUP_ERROR_CODES)).toEqual(
        REJECTED,
      );
      expect(rejectionOf(gateway, await gateway.send({ documentId: text }), LOOKUP_ERROR_CODES)).toEqual(REJECTED);
      expect(rejectionOf(gateway, await gateway.byGet({ documentId: text }), LOOKUP_ERROR_CODES)).toEqual(REJECTED);
      expect(rejectionOf(gateway, await gateway.send({ extensions: { persistedQuery } }), LOOKUP_ERROR_CODES)).toEqual(
        REJECTED,
      );
    }),
    RUNS,
  );
});
