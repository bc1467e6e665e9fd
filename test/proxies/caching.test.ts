import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startProgram } from '../browser/startProgram.ts';
import { bearer } from '../support/bearer.ts';
import { nonNull } from '../support/gateway.ts';
import { hashOf } from '../support/hashOf.ts';
import { AUDIENCE, ISSUER, signingKey, signToken } from '../support/identityProvider.ts';
import { byGet, type CachingNginx, type Sent, startCachingNginx } from './cachingNginx.ts';

/* An attack consists of requests that fill the cache, and of one that must not get what they got. */

const LIST = '{ livestreams(first: 3) { nodes { id } } }';
const OTHER_LIST = '{ livestreams(first: 2) { nodes { id } } }';
const NAMED =
  'query Three { livestreams(first: 3) { nodes { id } } } query Two { livestreams(first: 2) { nodes { id } } }';
const PAGE =
  'query ($first: Int!, $order: LivestreamOrder) { livestreams(first: $first, orderBy: $order) { nodes { id } } }';
const ORIGIN = 'https://app.example.com';
const DOCUMENTS = { list: LIST, other: OTHER_LIST };

const byPost = (query: string, headers: Record<string, string> = {}): Sent => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ query }),
});
const byId = (id: string, headers: Record<string, string> = {}): Sent => ({
  path: `/graphql?documentId=${id}`,
  headers,
});

/** Starts a gateway behind nginx. Responses are fresh for a minute. */
async function startBehindNginx(settings: Record<string, string>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'documents-'));
  const manifest = path.join(folder, 'documents.json');
  await writeFile(manifest, JSON.stringify(DOCUMENTS));
  const program = await startProgram({
    LOG_LEVEL: 'silent',
    CACHE_HEADERS: 'public',
    FRESH_STATUS_MS: '60000',
    TRUSTED_DOCUMENTS: manifest,
    ...settings,
  });
  const nginx = await startCachingNginx(new URL(program.address).host);
  return {
    ...nginx,
    async end() {
      await nginx.end();
      await program.end();
      await rm(folder, { recursive: true });
    },
  };
}

/** Sends the first request until it would be cached, and then the second one. */
async function attack({ throughNginx, directly }: CachingNginx, first: Sent, second: Sent) {
  for (let time = 0; time < 3; time += 1) await throughNginx(first);
  const { cache, ...attacked } = await throughNginx(second);
  const { cache: _none, ...own } = await directly(second);
  return { cache, attacked, own };
}

const key = await signingKey('a');
const token = async (scope: string): Promise<string> =>
  signToken({ key, now: Date.now(), claims: { sub: scope, scope } });

const AUTHENTICATIONS: {
  auth: string;
  settings: Record<string, string>;
  credential: Record<string, string>;
  /** Headers of callers without the credential. */
  others: Record<string, string>[];
}[] = [
  // Without authentication, everybody gets the same.
  { auth: 'none', settings: {}, credential: {}, others: [] },
  {
    auth: 'api-key',
    settings: {
      API_KEYS: `all ${hashOf('all')} livestream:read livestream:secret, none ${hashOf('none')} livestream:write, read ${hashOf('read')} livestream:read`,
    },
    credential: bearer('all'),
    others: [{}, bearer('unknown'), bearer('none'), bearer('read'), { 'x-api-key': 'none' }],
  },
  { auth: 'passthrough', settings: {}, credential: bearer('token-a'), others: [{}, bearer('token-b')] },
  {
    auth: 'jwt',
    settings: { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_KEY: key.pem },
    credential: bearer(await token('livestream:read livestream:secret')),
    others: [{}, bearer('unknown'), bearer(await token('livestream:write')), bearer(await token('livestream:read'))],
  },
];

describe.each(AUTHENTICATIONS)('through a caching nginx with AUTH=$auth', ({ auth, settings, credential, others }) => {
  let setup: CachingNginx;
  beforeAll(async () => {
    setup = await startBehindNginx({ AUTH: auth, ...settings, CORS_ORIGINS: ORIGIN, UPSTREAM_REPORT: 'on' });
  });
  afterAll(async () => setup.end());

  test(`a repeated query ${auth === 'none' ? 'is answered by nginx' : 'is answered by the gateway: its response depends on the credential'}`, async () => {
    for (const sent of [byGet(LIST, credential), byId('list', credential)]) {
      const outcomes = [await setup.throughNginx(sent), await setup.throughNginx(sent)];
      expect(outcomes.map(({ cache }) => cache)).toEqual(auth === 'none' ? ['MISS', 'HIT'] : ['MISS', 'MISS']);
      expect(outcomes[1]?.text).toBe((await setup.directly(sent)).text);
    }
  });

  /** What differs between the two requests, and the requests. */
  const ATTACKS: [string, Sent, Sent][] = [
    ['the query', byGet(LIST, credential), byGet(OTHER_LIST, credential)],
    [
      'the operation',
      byGet(NAMED, credential, { operationName: 'Three' }),
      byGet(NAMED, credential, { operationName: 'Two' }),
    ],
    [
      'the variables',
      byGet(PAGE, credential, { variables: '{"first":3}' }),
      byGet(PAGE, credential, { variables: '{"first":2}' }),
    ],
    [
      'the order of the variables, and one of them',
      byGet(PAGE, credential, { variables: '{"first":3,"order":"CREATED_AT_ASC"}' }),
      byGet(PAGE, credential, { variables: '{"order":"CREATED_AT_DESC","first":3}' }),
    ],
    ['the document id', byId('list', credential), byId('other', credential)],
    ['whether the document is known', byId('list', credential), byId('none', credential)],
    ['the method: POST', byGet(LIST, credential), { ...byPost(OTHER_LIST, credential), ...pathOf(byGet(LIST)) }],
    [
      'the method: GET after POST',
      { ...byPost(LIST, credential), ...pathOf(byGet(OTHER_LIST)) },
      byGet(OTHER_LIST, credential),
    ],
    [
      'the media type',
      byGet(LIST, { ...credential, accept: 'application/json' }),
      byGet(LIST, { ...credential, accept: 'application/graphql-response+json' }),
    ],
    [
      'the media type: an event stream',
      byGet(LIST, credential),
      byGet(LIST, { ...credential, accept: 'text/event-stream' }),
    ],
    ['the media type: the page', byGet(LIST, credential), byGet(LIST, { ...credential, accept: 'text/html' })],
    [
      'the media type: none that is served',
      byGet(LIST, credential),
      byGet(LIST, { ...credential, accept: 'image/png' }),
    ],
    ['the origin: allowed', byGet(LIST, credential), byGet(LIST, { ...credential, origin: ORIGIN })],
    [
      'the origin: another one',
      byGet(LIST, { ...credential, origin: ORIGIN }),
      byGet(LIST, { ...credential, origin: 'https://evil.example' }),
    ],
    ['the request for a report', byGet(LIST, credential), byGet(LIST, { ...credential, 'x-upstream-report': '1' })],
    [
      'no request for a report',
      byGet(OTHER_LIST, { ...credential, 'x-upstream-report': '1' }),
      byGet(OTHER_LIST, credential),
    ],
    ['the request for tags', byGet(LIST, credential), byGet(LIST, { ...credential, 'x-cache-tags': '1' })],
    ['no request for tags', byGet(LIST, { ...credential, 'x-cache-tags': '1' }), byGet(LIST, credential)],
    [
      'the path',
      byGet(LIST, credential),
      { ...byGet(LIST, credential), path: `/schema.graphql?query=${encodeURIComponent(LIST)}` },
    ],
    [
      'a cookie',
      byGet(LIST, { ...credential, cookie: 'session=a' }),
      byGet(LIST, { ...credential, cookie: 'session=b' }),
    ],
  ];

  test.each(ATTACKS)('two requests that differ in %s get what each gets directly', async (_name, first, second) => {
    const { attacked, own } = await attack(setup, first, second);
    expect({ ...attacked, text: withoutTimes(attacked.text) }).toEqual({ ...own, text: withoutTimes(own.text) });
  });

  /** The parts of a query that no cache may store. */
  const UNSTORABLE: [string, string][] = [
    ['a stream key', '{ livestreams(first: 1) { nodes { streamKey } } }'],
    ['a stream key under an alias', '{ livestreams(first: 1) { nodes { name: streamKey } } }'],
    [
      'a stream key in a fragment',
      '{ livestreams(first: 1) { nodes { ...F } } } fragment F on Livestream { a: streamKey }',
    ],
    ['an ingest server', '{ livestreams(first: 1) { nodes { ... on Livestream { ingestServer } } } }'],
    ['the budget', '{ upstreamBudget { remaining } }'],
    ['an error', '{ livestream(id: "a/b") { id } }'],
    ['an error beside data', '{ livestreams(first: 1) { nodes { id } } livestream(id: "a/b") { id } }'],
    ['a syntax error', '{ livestreams'],
    ['an invalid query', '{ unknown }'],
    ['a mutation', 'mutation { stopLivestream(input: { meetingId: "none" }) { userErrors { code } } }'],
  ];

  test.each(UNSTORABLE)('the response to a query with %s never comes from the cache', async (_name, query) => {
    const sent = byGet(query, credential);
    const outcomes = [await setup.throughNginx(sent), await setup.throughNginx(sent), await setup.throughNginx(sent)];
    expect(outcomes.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'MISS']);
  });

  test('HEAD gets no more than the gateway sends', async () => {
    const head = { ...byGet(LIST, credential), method: 'HEAD' as const };
    await setup.throughNginx(byGet(LIST, credential));
    expect((await setup.throughNginx(head)).text).toBe('');
  });

  test('a client gets 304 from nginx only for what it has', async () => {
    const sent = byGet(LIST, credential);
    await setup.throughNginx(sent);
    const stale = { ...sent, headers: { ...sent.headers, 'if-none-match': '"other"' } };
    const { status, text } = await setup.throughNginx(stale);
    expect([status, text]).toEqual([200, (await setup.directly(sent)).text]);
  });

  if (others.length === 0) return;

  test('nobody without the credential gets what somebody with it got', async () => {
    for (const query of [LIST, '{ livestreams(first: 1) { nodes { id streamKey } } }'])
      for (const other of others) {
        const { cache, attacked, own } = await attack(setup, byGet(query, credential), byGet(query, other));
        expect([cache, attacked]).toEqual(['MISS', own]);
      }
  });
});

function pathOf({ path }: Sent): Sent {
  return { path: nonNull(path) };
}

/** A report contains durations and what is left of the budget, which differ from one request to the next. */
function withoutTimes(text: string): string {
  return text.includes('"upstream"')
    ? text.replaceAll(/"(ms|remaining|resetSeconds|cacheHits|requests)":\d+/g, '')
    : text.replaceAll(/"requestId":"[^"]*"/g, '');
}
