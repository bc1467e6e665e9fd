import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { TransportRequest } from '../../src/realtimekit/transport.ts';
import {
  ACCOUNT,
  type Answer,
  APP,
  at,
  matching,
  present,
  startTestGateway,
  TOKEN,
  type TestGatewayOptions,
} from '../support/gateway.ts';
import { runs } from '../support/runs.ts';
import { NOTHING_KEPT } from '../support/upstream.ts';

type Sent = Pick<TransportRequest, 'method' | 'url' | 'headers'> & { body: string | undefined };

/** A gateway that keeps nothing, and each request exactly as it would leave for upstream. */
async function watched(options: TestGatewayOptions['options'] = {}) {
  const sent: Sent[] = [];
  const gateway = await startTestGateway({
    caching: { ttl: NOTHING_KEPT },
    settings: { quota: { enforced: false, limit: 1_000_000 } },
    options,
    intercept: (send) => async (request) => {
      const { method, url, headers, body } = request;
      sent.push({ method, url, headers, body });
      return send(request);
    },
  });
  return {
    ...gateway,
    /** What was sent since it was last asked. */
    sent: () => sent.splice(0),
    byGet: (parameters: Record<string, string>) =>
      gateway.fetch(`/graphql?${new URLSearchParams(parameters)}`, { headers: { accept: 'application/json' } }),
  };
}

const codesOf = ({ errors }: Answer): unknown[] => errors.map(({ extensions }) => extensions['code']);

const OWN_HEADERS = { accept: 'application/json', authorization: `Bearer ${TOKEN}` };
/** The path of a URL, below the app's own. */
const pathOf = (url: string): string =>
  new URL(url).pathname.split(`/accounts/${ACCOUNT}/realtime/kit/${APP}`)[1] ?? url;

/** Paths, escapes, other syntaxes, and what looks like ASCII letters, dots and slashes or becomes them when it is normalized. */
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
/** The sign for kelvin and the long s are letters of ASCII to whoever ignores case. */
const INVISIBLE = ['\u212a', '\u017f', '\u2028', '\u{feff}a', 'a\u0301', 'a\u200b', '-\u202e-', '\ud800', '\udc00a'];
const LONG = ['x'.repeat(65), 'x'.repeat(10_000), '../'.repeat(3000), 'é'.repeat(64)];
const ATTACKS = [...WORDS, ...SPACED, ...INVISIBLE, ...LONG];

const isNoId = (text: string): boolean => !/^[A-Za-z0-9-]{1,64}$/.test(text);
const attack = fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'binary', maxLength: 80 }).filter(isNoId));
/** One that is almost an id. */
const spoiltId = fc
  .tuple(fc.uuid(), fc.nat(36), fc.constantFrom(...ATTACKS.filter((text) => text !== '' && isNoId(text))))
  .map(([id, place, spoiler]) => id.slice(0, place) + spoiler + id.slice(place));
const notAnId = fc.oneof({ weight: 3, arbitrary: attack }, spoiltId);

/** What a caller is told whose values or whose query is wrong. */
const REFUSALS = ['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED'];

/** What is to be seen of an answer that refuses; `others` are codes that it may not have. */
function seen(gateway: Awaited<ReturnType<typeof watched>>, answer: Answer, codes = REFUSALS) {
  const others = codesOf(answer).filter((code) => !codes.includes(String(code)));
  return {
    status: answer.status,
    isRefused: answer.errors.length > 0,
    others,
    sent: gateway.sent(),
    logs: gateway.logs,
  };
}

/** Refused in the right words, without a request and without an entry in the log. */
const REFUSED = { status: 200, isRefused: true, others: [], sent: [], logs: [] };

const RUNS = { numRuns: runs(25) };

describe('what is no id reaches upstream in no form', () => {
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
  const NO_ID = { meeting: null, userErrors: [{ code: 'BAD_USER_INPUT' }] };
  const typed = (id: string): unknown[] =>
    ['Meeting', 'Livestream', 'LivestreamSession'].map((__typename) => ({ __typename, id }));

  test('as a variable, by POST and by GET', async () => {
    const gateway = await watched();
    const query = `query($id: ID!, $all: [_Any!]!) { ${QUERIES('$id')} _entities(representations: $all) { __typename } }`;
    const mutation = `mutation($id: ID!) { ${MUTATIONS('$id')} }`;
    await fc.assert(
      fc.asyncProperty(notAnId, async (id) => {
        const variables = { id, all: typed(id) };
        const answers = [
          await gateway.send({ query, variables }),
          await gateway.byGet({ query, variables: JSON.stringify(variables) }),
        ];
        for (const answer of answers) {
          expect([answer.status, ...codesOf(answer)]).toEqual([200, ...Array<string>(6).fill('BAD_USER_INPUT')]);
          expect(answer.data).toEqual({ a: null, b: null, c: null, _entities: [null, null, null] });
        }
        const { data } = await gateway.send({ query: mutation, variables: { id } });
        expect(data).toEqual({ startLivestream: NO_ID, stopLivestream: { ...NO_ID, livestream: null } });
        expect([gateway.sent(), gateway.logs]).toEqual([[], []]);
      }),
      RUNS,
    );
  });

  test('as a literal, and as the default of a variable', async () => {
    const gateway = await watched({ limits: { queryBytes: 1_000_000 } });
    await fc.assert(
      fc.asyncProperty(notAnId, async (id) => {
        const literal = JSON.stringify(id);
        expect(seen(gateway, await gateway.send({ query: `{ ${QUERIES(literal)} ${ENTITIES(literal)} }` }))).toEqual(
          REFUSED,
        );
        expect(
          seen(gateway, await gateway.byGet({ query: `query($id: ID! = ${literal}) { ${QUERIES('$id')} }` })),
        ).toEqual(REFUSED);
        const answer = await gateway.send({ query: `mutation { ${MUTATIONS(literal)} }` });
        // A half of a surrogate pair can stand in no document.
        const data = id.isWellFormed()
          ? { startLivestream: NO_ID, stopLivestream: { ...NO_ID, livestream: null } }
          : null;
        expect([answer.status, answer.data, gateway.sent(), gateway.logs]).toEqual([200, data, [], []]);
      }),
      RUNS,
    );
  });
});

describe('a malformed representation fails alone', () => {
  const query = `query($all: [_Any!]!) {
    _entities(representations: $all) { __typename ... on Meeting { id title } ... on Livestream { id name } }
  }`;
  const noKey = fc.oneof(
    attack,
    fc.boolean(),
    fc.double({ noInteger: true }),
    fc.constantFrom(1e300, 1e21, null, [], {}, ['abc'], [['abc']], { id: 'abc' }, { toString: 'abc' }, { length: 3 }),
    fc.jsonValue().filter((value) => typeof value === 'object'),
  );
  const noName = fc.oneof(
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
    fc.record({ __typename: fc.constantFrom('Meeting', 'Livestream', 'LivestreamSession'), id: noKey }),
    fc.record({ __typename: noName, id: fc.constantFrom<unknown>('abc', 5) }),
    fc.record({ __typename: noName, id: noKey }),
    fc.constantFrom({}, [], 5, true, 'Meeting', ['Meeting', 'abc'], { __typename: 'Meeting' }, { id: 'abc' }),
  );

  test('whatever it is', async () => {
    const gateway = await watched();
    await fc.assert(
      fc.asyncProperty(malformed, async (representation) => {
        const id = gateway.samples.liveLivestreamId;
        const all = [representation, { __typename: 'Livestream', id }, representation];
        const answer = await gateway.send({ query, variables: { all } });
        expect(at(answer.data, '_entities')).toEqual([
          null,
          { __typename: 'Livestream', id, name: matching(/./) },
          null,
        ]);
        expect(answer.errors.map(({ path }) => path)).toEqual([
          ['_entities', 0],
          ['_entities', 2],
        ]);
        expect(new Set(codesOf(answer))).toEqual(new Set(['BAD_USER_INPUT']));
        expect(gateway.sent().map(({ url }) => pathOf(url))).toEqual([`/livestreams/${id}`]);
        expect([answer.status, gateway.logs]).toEqual([200, []]);
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
  ])('prototypes are no members: %s', async (representation) => {
    const gateway = await watched();
    const answer = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"all":[${representation}]}}`,
    });
    expect([answer.data, codesOf(answer)]).toEqual([{ _entities: [null] }, ['BAD_USER_INPUT']]);
    expect([gateway.sent(), gateway.logs]).toEqual([[], []]);
    expect(at({}, '__typename')).toBeUndefined();
  });
});

test('what is no cursor reaches upstream in no form', async () => {
  const gateway = await watched();
  const query = `query($after: String, $id: ID!) {
    a: livestreams(after: $after) { totalCount }
    b: meetings(after: $after) { totalCount }
    c: meeting(id: $id) { livestreams(after: $after) { totalCount } }
  }`;
  const NEARLY = ['-1', '1e3', '0x1', ' 1', '1 ', '1\n', '１', '1&page_no=2', '9'.repeat(10), 'NaN', '', '1.5', '../1'];
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const cursor = fc.oneof(
    attack.filter((text) => !/^after:\d{1,9}$/.test(Buffer.from(text, 'base64').toString('latin1'))),
    attack.map(encoded),
    attack.filter((text) => !/^\d{1,9}$/.test(text)).map((text) => encoded(`after:${text}`)),
    fc.constantFrom(...NEARLY).map((text) => encoded(`after:${text}`)),
  );
  await fc.assert(
    fc.asyncProperty(cursor, async (after) => {
      const variables = { after, id: 'an-id' };
      expect(seen(gateway, await gateway.send({ query, variables }), ['BAD_USER_INPUT'])).toEqual(REFUSED);
      expect(
        seen(gateway, await gateway.byGet({ query, variables: JSON.stringify(variables) }), ['BAD_USER_INPUT']),
      ).toEqual(REFUSED);
      expect(
        seen(gateway, await gateway.send({ query: `{ livestreams(after: ${JSON.stringify(after)}) { totalCount } }` })),
      ).toEqual(REFUSED);
    }),
    RUNS,
  );
});

test('what a filter cannot be reaches upstream in no form', async () => {
  const gateway = await watched();
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
  const isFine = (json: unknown): boolean => Number.isInteger(json) || JSON.stringify(json) === '{}' || json === '';
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom(...slots), async (sent, [type, argument]) => {
      fc.pre(!isFine(sent));
      const query = `query($value: ${type}) { livestreams(${argument}) { totalCount } }`;
      expect(seen(gateway, await gateway.send({ query, variables: { value: sent } }), ['BAD_USER_INPUT'])).toEqual(
        REFUSED,
      );
      const literal = argument.replace('$value', JSON.stringify(sent));
      expect(seen(gateway, await gateway.send({ query: `{ livestreams(${literal}) { totalCount } }` }))).toEqual(
        REFUSED,
      );
    }),
    RUNS,
  );
});

test('a text that is searched for reaches upstream as the value of one parameter', async () => {
  const gateway = await watched();
  const query = 'query($search: String) { meetings(first: 1, search: $search) { totalCount } }';
  const text = fc.oneof(attack, fc.constantFrom('a&search=b', 'a#b', 'a+b%20c', '&page_no=9&per_page=9', '\0\r\nx: 1'));
  await fc.assert(
    fc.asyncProperty(text, async (search) => {
      fc.pre(search !== '' && search.length <= 256);
      const answer = await gateway.send({ query, variables: { search } });
      expect([answer.status, codesOf(answer), gateway.logs]).toEqual([200, [], []]);
      for (const { method, url, headers, body } of gateway.sent()) {
        const { searchParams, hash } = new URL(url);
        expect(url).toMatch(/^[!-~]+$/);
        expect([method, pathOf(url), hash, headers, body]).toEqual(['GET', '/meetings', '', OWN_HEADERS, undefined]);
        expect([...searchParams.keys()].toSorted()).toEqual(['page_no', 'per_page', 'search']);
        expect(searchParams.get('search')).toBe(search.toWellFormed());
      }
    }),
    RUNS,
  );
});

test('a name reaches upstream as the value of one member', async () => {
  const gateway = await watched();
  const query = `mutation($name: String) {
    startLivestream(input: { meetingId: "no-such", name: $name, video: { width: 4, height: 3 } }) { userErrors { code } }
  }`;
  await fc.assert(
    fc.asyncProperty(attack, async (name) => {
      fc.pre(name !== '' && name.length <= 100);
      const answer = await gateway.send({ query, variables: { name } });
      expect([answer.status, codesOf(answer), gateway.logs]).toEqual([200, [], []]);
      const sent = gateway.sent();
      const { url, headers, body = '' } = present(sent[0]);
      expect([sent.length, pathOf(url), new URL(url).search]).toEqual([1, '/meetings/no-such/livestreams', '']);
      expect(headers).toEqual({ ...OWN_HEADERS, 'content-type': 'application/json' });
      expect(JSON.parse(body)).toEqual({ name, video_config: { width: 4, height: 3 } });
    }),
    RUNS,
  );
});

/** What HTTP lets through as the value of a header. */
const headerValue = fc
  .oneof(
    fc.constantFrom(...ATTACKS),
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) }),
  )
  .filter((text) => !/[\0\r\n\u0100-\uffff]/.test(text));

test("a caller's headers never go on to upstream", async () => {
  const gateway = await watched();
  const names = [
    'x-request-id',
    'x-upstream-report',
    'authorization',
    'cookie',
    'x-forwarded-for',
    'forwarded',
    'traceparent',
  ];
  const variables = { id: gateway.samples.liveLivestreamId };
  const query = 'query($id: ID!) { livestream(id: $id) { id } }';
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names, 'user-agent', 'x-http-method-override', 'host'),
      headerValue,
      async (name, value) => {
        const answer = await gateway.send({ query, variables }, { headers: { [name]: value } });
        expect([answer.status, answer.data, gateway.logs]).toEqual([200, { livestream: variables }, []]);
        expect(answer.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._:/=+-]{1,128}$/);
        expect(gateway.sent().map(({ headers }) => headers)).toEqual([OWN_HEADERS]);
      },
    ),
    RUNS,
  );
});

test('a media type that is none is refused', async () => {
  const gateway = await watched();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('accept', 'content-type'), headerValue, async (name, value) => {
      fc.pre(!/json|\*|^\s*$/.test(value));
      const answer = await gateway.send({ query: '{ livestreams { totalCount } }' }, { headers: { [name]: value } });
      expect([answer.status, answer.data, gateway.logs]).toEqual([name === 'accept' ? 406 : 415, null, []]);
      expect(gateway.sent()).toHaveLength(name === 'accept' ? 1 : 0);
    }),
    RUNS,
  );
});

test("a caller's token goes on as it is, or not at all", async () => {
  const gateway = await watched({ auth: { kind: 'passthrough' } });
  const variables = { id: gateway.samples.liveLivestreamId };
  const query = 'query($id: ID!) { livestream(id: $id) { id } }';
  const credential = fc.oneof(
    headerValue,
    headerValue.map((value) => `Bearer ${value}`),
    fc.stringMatching(/^Bearer [!-~]{1,40}$/),
  );
  await fc.assert(
    fc.asyncProperty(credential, async (authorization) => {
      const answer = await gateway.send({ query, variables }, { headers: { authorization } });
      const [, token] = /^bearer +([!-~]{1,8000})$/i.exec(authorization.replace(/^[\t ]+|[\t ]+$/g, '')) ?? [];
      const sent = gateway.sent().map(({ headers }) => headers['authorization']);
      const refused = [401, ['UNAUTHENTICATED'], []];
      expect([answer.status, codesOf(answer), sent]).toEqual(
        token === undefined ? refused : [200, [], [`Bearer ${token}`]],
      );
      expect(gateway.logs).toEqual([]);
    }),
    RUNS,
  );
});

test('names of operations and ids of documents reach upstream in no form', async () => {
  const documents = new Map([['a'.repeat(64), '{ livestreams { totalCount } }']]);
  const gateway = await watched({ trustedDocuments: { documents, isExclusive: false } });
  const name = fc.oneof(attack, fc.constantFrom('__proto__', 'constructor', 'toString', 'size', 'get'));
  const FOUND = ['OPERATION_RESOLUTION_FAILURE', 'PERSISTED_QUERY_NOT_FOUND', 'BAD_REQUEST'];
  await fc.assert(
    fc.asyncProperty(name, async (text) => {
      fc.pre(text !== '');
      const query = 'query A { livestreams { totalCount } }';
      const persistedQuery = { version: 1, sha256Hash: text };
      expect(seen(gateway, await gateway.send({ query, operationName: text }), FOUND)).toEqual(REFUSED);
      expect(seen(gateway, await gateway.byGet({ query, operationName: text }), FOUND)).toEqual(REFUSED);
      expect(seen(gateway, await gateway.send({ documentId: text }), FOUND)).toEqual(REFUSED);
      expect(seen(gateway, await gateway.byGet({ documentId: text }), FOUND)).toEqual(REFUSED);
      expect(seen(gateway, await gateway.send({ extensions: { persistedQuery } }), FOUND)).toEqual(REFUSED);
    }),
    RUNS,
  );
});

describe('a megabyte of nonsense costs next to nothing, and is not sent back', () => {
  const START = 'mutation($a: StartLivestreamInput!) { startLivestream(input: $a) { userErrors { code } } }';
  const ENTITIES = 'query($a: [_Any!]!) { _entities(representations: $a) { __typename } }';
  const DATE = 'query($a: DateTime) { livestreams(filter: { from: $a }) { totalCount } }';
  const STATUS = 'query($a: LivestreamStatus) { livestreams(filter: { status: $a }) { totalCount } }';
  const NUMBER = 'query($a: Int) { livestreams(first: $a) { totalCount } }';
  const ID = 'query($a: ID!) { livestream(id: $a) { id } }';
  const list = (count: number, json: string): string => `[${Array<string>(count).fill(json).join(',')}]`;
  const text = (count: number, words: string): string => `"${words.repeat(count)}"`;
  const fields = Array.from({ length: 5000 }, (_, index) => `"field${index}":1`);
  const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);

  test.each<[string, string, string]>([
    ['fields that an input does not have', START, `{${fields.join(',')}}`],
    ['a field with a long name', START, `{"meetingId":"a",${text(500_000, 'n')}:1}`],
    ['malformed representations', ENTITIES, list(20_000, '1')],
    ['representations without an id', ENTITIES, list(20_000, '{"__typename":"Meeting"}')],
    ['representations that are null', ENTITIES, list(100_000, 'null')],
    ['one representation many times', ENTITIES, list(20_000, '{"__typename":"Meeting","id":"a"}')],
    ['a long text for a date', DATE, text(500_000, 'x')],
    ['a long text for a status', STATUS, text(500_000, 'L')],
    ['a long text for an id', ID, text(500_000, 'a')],
    ['words of suggestion for a number', NUMBER, text(30_000, ' Did you mean ')],
    ['a deep list for an id', ID, DEEP],
    ['a deep list that nothing uses', '{ __typename }', DEEP],
    ['a deep representation', ENTITIES, `[${DEEP}]`],
  ])('%s', { timeout: 10_000 }, async (_what, query, value) => {
    const gateway = await watched({ suggestions: false });
    const answer = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"a":${value}}}`,
    });
    expect([200, 400]).toContain(answer.status);
    expect(codesOf(answer)).not.toContain('INTERNAL_SERVER_ERROR');
    expect(codesOf(answer)).not.toEqual([]);
    expect(answer.text.length).toBeLessThan(100_000);
    expect([gateway.sent(), gateway.logs]).toEqual([[], []]);
  });
});
