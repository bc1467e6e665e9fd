import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  matching,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  type TestResponse,
} from '../support/gateway.ts';
import { apiKeySettings, jwtSettings, signingKey, signToken } from '../support/identityProvider.ts';
import { operations } from '../support/operations.ts';
import { runs } from '../support/runs.ts';

const STATUS = 'query ($id: ID!) { livestream(id: $id) { status } }';
const SESSION = 'query ($id: ID!) { livestream(id: $id) { activeSession { viewerSeconds } } }';
const BOTH = 'query ($id: ID!) { livestream(id: $id) { status activeSession { viewerSeconds } } }';
const ENDED = 'query ($id: ID!) { livestreamSession(id: $id) { viewerSeconds } }';
const NO_STORE = 'private, no-store';
const CHECK_EACH_TIME = 'private, no-cache, max-age=0';
const STRONG_TAG = /^"[^"]+"$/;

/** Sends a query by GET. */
async function get(
  gateway: TestGateway,
  query: string,
  { id = gateway.exampleIds.liveLivestreamId, headers = {} }: { id?: string; headers?: Record<string, string> } = {},
): Promise<TestResponse> {
  const parameters = new URLSearchParams({ query, variables: JSON.stringify({ id }) });
  return gateway.fetch(`/graphql?${parameters.toString()}`, { headers: { accept: 'application/json', ...headers } });
}

const fields = ({ headers }: TestResponse, ...names: string[]): (string | null)[] =>
  names.map((name) => headers.get(name));
const cacheControl = ({ headers }: TestResponse): string | null => headers.get('cache-control');

describe('a response to a query', () => {
  test('may be used as long as it is fresh, by the cache of the caller only', async () => {
    const gateway = await startTestGateway();
    const response = await get(gateway, STATUS);
    expect(fields(response, 'cache-control', 'age')).toEqual(['private, max-age=2', null]);
    expect(response.headers.get('etag')).toMatch(STRONG_TAG);
  });

  test('is as fresh as its oldest part, whatever was read when', async () => {
    const gateway = await startTestGateway();
    expect(cacheControl(await get(gateway, BOTH))).toBe('private, max-age=2');
    expect(cacheControl(await get(gateway, SESSION))).toBe('private, max-age=2');
    gateway.clock.advance(5000);
    const response = await get(gateway, BOTH);
    // The session was read 5 seconds ago, and the status now.
    expect(fields(response, 'cache-control', 'age')).toEqual(['private, max-age=2', '5']);
  });

  test.each([
    [0, 'private, max-age=3600', '0'],
    [1, 'private, max-age=3599', '0'],
    [999, 'private, max-age=3599', '0'],
    [1000, 'private, max-age=3599', '1'],
    [1001, 'private, max-age=3598', '1'],
    [1_800_500, 'private, max-age=1799', '1800'],
    [3_599_000, 'private, max-age=1', '3599'],
    [3_599_001, CHECK_EACH_TIME, null],
    [3_599_999, CHECK_EACH_TIME, null],
  ])(
    'from memory after %d ms: max-age is what is left, in whole seconds, and age how old it is',
    async (ms, expected, age) => {
      const gateway = await startTestGateway();
      const id = gateway.exampleIds.endedSessionId;
      await get(gateway, ENDED, { id });
      gateway.clock.advance(ms);
      expect(fields(await get(gateway, ENDED, { id }), 'cache-control', 'age')).toEqual([expected, age]);
      expect(gateway.upstreamRequests()).toHaveLength(1);
    },
  );

  test('must be checked each time if it was served stale', async () => {
    const gateway = await startTestGateway();
    await get(gateway, STATUS);
    gateway.clock.advance(3000);
    gateway.sandbox.setFaults([{ kind: 'status', status: 503 }]);
    const response = await get(gateway, STATUS);
    expect([response.data, cacheControl(response)]).toEqual([{ livestream: { status: 'LIVE' } }, CHECK_EACH_TIME]);
  });

  test('must be checked each time if a start or stop happened while it was read', async () => {
    const sent = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        const response = await send(request);
        if (request.url.includes(gateway.exampleIds.independentLivestreamId)) {
          sent.resolve();
          await stopped.promise;
        }
        return response;
      },
    });
    const reading = get(gateway, STATUS, { id: gateway.exampleIds.independentLivestreamId });
    await sent.promise;
    await gateway.send({
      query: 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }',
      variables: { id: gateway.exampleIds.liveMeetingId },
    });
    stopped.resolve();
    expect(cacheControl(await reading)).toBe(CHECK_EACH_TIME);
  });

  test.each([
    '{ __typename }',
    '{ __schema { queryType { name } } }',
    '{ _service { sdl } }',
    '{ meeting(id: "a") { id } }',
  ])('must be checked each time if nothing was read for it: %s', async (query) => {
    const response = await get(await startTestGateway(), query);
    expect(cacheControl(response)).toBe(CHECK_EACH_TIME);
    expect(response.headers.get('etag')).toMatch(STRONG_TAG);
  });

  test('says which request headers it depends on', async () => {
    const options: [TestGatewayOptions['options'], string][] = [
      [{ upstreamReport: false }, 'accept, x-cost, x-cache-tags'],
      [{ upstreamReport: true }, 'accept, x-cost, x-upstream-report, x-cache-tags'],
      [{ upstreamReport: false, corsOrigins: ['https://a.example'] }, 'accept, Origin, x-cost, x-cache-tags'],
    ];
    for (const [option = {}, vary] of options) {
      const gateway = await startTestGateway({ options: option });
      for (const headers of [{}, { origin: 'https://a.example' }] as Record<string, string>[]) {
        const response = await get(gateway, STATUS, { headers });
        expect(response.headers.get('vary')).toBe(vary);
      }
    }
  });

  test('depends on the credential, where callers authenticate', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    const response = await get(gateway, STATUS, { headers: { authorization: 'Bearer a' } });
    expect(response.headers.get('vary')).toBe('accept, authorization, x-cost, x-upstream-report, x-cache-tags');
  });

  test('of a trusted document by GET may be stored like any other', async () => {
    const documents = new Map([['Status', STATUS]]);
    const gateway = await startTestGateway({ options: { trustedDocuments: { documents, isExclusive: true } } });
    const id = gateway.exampleIds.liveLivestreamId;
    const path = `/graphql?documentId=Status&variables=${encodeURIComponent(JSON.stringify({ id }))}`;
    const first = await gateway.fetch(path);
    expect(fields(first, 'cache-control')).toEqual(['private, max-age=2']);
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await gateway.fetch(path, { headers })).status).toBe(304);
  });
});

describe('If-None-Match', () => {
  test('with the current entity tag gets 304 without a body, with the same fields', async () => {
    const gateway = await startTestGateway();
    const first = await get(gateway, STATUS);
    const etag = first.headers.get('etag') ?? '';
    for (const sent of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, text, headers } = await get(gateway, STATUS, { headers: { 'if-none-match': sent } });
      expect([status, text, headers.get('content-type')]).toEqual([304, '', null]);
      expect(['cache-control', 'etag', 'vary'].map((name) => headers.get(name))).toEqual(
        fields(first, 'cache-control', 'etag', 'vary'),
      );
    }
  });

  test('gets 304 also if the response had to be read again and is the same', async () => {
    const gateway = await startTestGateway();
    const etag = (await get(gateway, STATUS)).headers.get('etag') ?? '';
    gateway.clock.advance(10_000);
    const again = await get(gateway, STATUS, { headers: { 'if-none-match': etag } });
    expect([again.status, gateway.upstreamRequests().length]).toEqual([304, 2]);
  });

  test('gets the response if it has changed', async () => {
    const gateway = await startTestGateway();
    const etag = (await get(gateway, STATUS)).headers.get('etag') ?? '';
    await gateway.send({
      query: 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }',
      variables: { id: gateway.exampleIds.liveMeetingId },
    });
    const after = await get(gateway, STATUS, { headers: { 'if-none-match': etag } });
    expect([after.status, after.data]).toEqual([200, { livestream: { status: 'IDLE' } }]);
    expect(after.headers.get('etag')).not.toBe(etag);
  });

  test('with * gets an error all the same', async () => {
    const response = await get(await startTestGateway(), STATUS, { id: 'a/b', headers: { 'if-none-match': '*' } });
    expect([response.status, response.errors.length]).toEqual([200, 1]);
  });

  test('is ignored by POST, whose response has no entity tag', async () => {
    const gateway = await startTestGateway();
    const variables = { id: gateway.exampleIds.liveLivestreamId };
    const etag = (await get(gateway, STATUS)).headers.get('etag') ?? '';
    for (const sent of ['*', etag]) {
      const response = await gateway.send({ query: STATUS, variables }, { headers: { 'if-none-match': sent } });
      expect(fields(response, 'cache-control', 'etag')).toEqual(['private, max-age=2', null]);
      expect(response.data).toEqual({ livestream: { status: 'LIVE' } });
    }
  });
});

describe('no cache may store', () => {
  const SECRETS: [string, string][] = [
    ['streamKey', '{ livestreams { nodes { streamKey } } }'],
    ['ingestServer', '{ livestreams { nodes { ingestServer } } }'],
    ['an alias of streamKey', '{ livestreams { nodes { name: streamKey } } }'],
    ['streamKey in an inline fragment', '{ livestreams { nodes { ... on Livestream { k: streamKey } } } }'],
    ['streamKey in a fragment', '{ livestreams { nodes { ...F } } } fragment F on Livestream { k: streamKey }'],
    ['streamKey behind @include', 'query ($id: ID = "a") { livestream(id: $id) { id streamKey @include(if: false) } }'],
    ['streamKey where no livestream was found', '{ livestream(id: "none") { streamKey } }'],
    ['upstreamBudget', '{ upstreamBudget { remaining } }'],
    ['an alias of upstreamBudget beside data', '{ b: upstreamBudget { limit } livestreams { nodes { id } } }'],
    ['an error', '{ livestream(id: "a/b") { id } }'],
    ['an error beside data', '{ livestreams { nodes { id } } livestream(id: "a/b") { id } }'],
    ['a syntax error', '{'],
    ['an invalid document', '{ none }'],
  ];

  test.each(SECRETS)('a response with %s, neither the first time nor from memory', async (_name, query) => {
    const gateway = await startTestGateway();
    for (const response of [await get(gateway, query), await get(gateway, query)])
      expect(fields(response, 'cache-control', 'etag', 'age', 'vary')).toEqual([NO_STORE, null, null, null]);
    expect(cacheControl(await gateway.send({ query }))).toBe(NO_STORE);
  });

  test('a partial failure of RealtimeKit', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([
      { kind: 'status', status: 501, route: '/livestreams/{livestream_id}/active-livestream-session' },
    ]);
    const response = await get(gateway, BOTH);
    expect([response.errors.length, cacheControl(response)]).toEqual([1, NO_STORE]);
  });

  test('the response to a mutation', async () => {
    const gateway = await startTestGateway();
    const query = `mutation { stopLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) { userErrors { code } } }`;
    expect(fields(await gateway.send({ query }), 'cache-control', 'etag')).toEqual([NO_STORE, null]);
  });

  test('a response with the report of upstream requests', async () => {
    const gateway = await startTestGateway();
    const reported = await get(gateway, STATUS, { headers: { 'x-upstream-report': '1' } });
    expect(fields(reported, 'cache-control', 'etag')).toEqual([NO_STORE, null]);
  });

  test.each([
    ['1', 'once read', 1],
    ['1', 'from the response cache', 2],
    ['estimate', 'not executed', 1],
  ])('a response with what the operation costs (x-cost: %s, %s)', async (value, _case, times) => {
    const gateway = await startTestGateway();
    for (let time = 1; time < times; time += 1) await get(gateway, STATUS);
    const response = await get(gateway, STATUS, { headers: { 'x-cost': value } });
    expect(response.text).toContain('"cost":{"requested":1,');
    expect(fields(response, 'cache-control', 'etag')).toEqual([NO_STORE, null]);
  });

  test('a result in an event stream', async () => {
    const response = await get(await startTestGateway(), STATUS, { headers: { accept: 'text/event-stream' } });
    expect(fields(response, 'cache-control', 'etag')).toEqual([`${NO_STORE}, no-transform`, null]);
  });

  test('a rejected credential', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    expect(fields(await get(gateway, STATUS), 'cache-control', 'etag')).toEqual([NO_STORE, null]);
  });
});

test('any query: what may be stored has no secret and no error, is the same without CACHE_HEADERS, and gets 304 by its entity tag', async () => {
  // Which parts of a result would be missing beyond the limit is a matter of luck.
  const caching = { maxRequestsPerOperation: 100_000 };
  const gateway = await startTestGateway({ caching, settings: { quota: { limit: 1e8, enforced: false } } });
  const off = await startTestGateway({ caching, sandboxOf: gateway, options: { cacheHeaders: 'off' } });
  const property = fc.asyncProperty(operations(gateway.exampleIds), async ({ query, variables }) => {
    const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const path = `/graphql?${parameters.toString()}`;
    const headers = { accept: 'application/json' };
    const response = await gateway.fetch(path, { headers });
    const etag = response.headers.get('etag');
    const isStorable = response.errors.length === 0 && !/streamKey|ingestServer/.test(query);
    expect([etag !== null, cacheControl(response) !== NO_STORE]).toEqual([isStorable, isStorable]);
    expect((await off.fetch(path, { headers })).text).toBe(response.text);
    const again = await gateway.fetch(path, { headers: { ...headers, 'if-none-match': etag ?? '"none"' } });
    expect([again.status, again.text]).toEqual(isStorable ? [304, ''] : [response.status, response.text]);
  });
  await fc.assert(property, { numRuns: runs(60) });
});

describe('with CACHE_HEADERS=off', () => {
  test('no response has a field for caches, and If-None-Match and x-cache-tags are ignored', async () => {
    const gateway = await startTestGateway({ options: { cacheHeaders: 'off' } });
    for (const headers of [{}, { 'if-none-match': '*' }, { 'x-cache-tags': '1' }] as Record<string, string>[]) {
      const response = await get(gateway, STATUS, { headers });
      expect(response.text).toBe('{"data":{"livestream":{"status":"LIVE"}}}');
      expect([...response.headers.keys()].map((name) => name.toLowerCase()).toSorted()).toEqual([
        'cache-control',
        'content-length',
        'content-type',
        'x-request-id',
      ]);
      expect([response.status, cacheControl(response)]).toEqual([200, NO_STORE]);
    }
  });
});

describe('with CACHE_HEADERS=public', () => {
  test('shared caches may use a response as long as it is fresh, and browsers check it each time', async () => {
    const gateway = await startTestGateway({ options: { cacheHeaders: 'public' } });
    const id = gateway.exampleIds.endedSessionId;
    expect(cacheControl(await get(gateway, ENDED, { id }))).toBe('public, s-maxage=3600');
    gateway.clock.advance(100_500);
    const fromMemory = await get(gateway, ENDED, { id });
    expect(fields(fromMemory, 'cache-control', 'age')).toEqual(['public, s-maxage=3499', null]);
    expect(fromMemory.headers.get('etag')).toMatch(STRONG_TAG);
  });

  test('a GET is answered with something that a shared cache can store: what has less than a second left is read again', async () => {
    const gateway = await startTestGateway({ options: { cacheHeaders: 'public' } });
    await get(gateway, STATUS);
    gateway.clock.advance(1000);
    expect(cacheControl(await get(gateway, STATUS))).toBe('public, s-maxage=1');
    expect(gateway.upstreamRequests()).toHaveLength(1);
    gateway.clock.advance(1);
    await gateway.send({ query: STATUS, variables: { id: gateway.exampleIds.liveLivestreamId } });
    expect(gateway.upstreamRequests()).toHaveLength(1);
    expect(cacheControl(await get(gateway, STATUS))).toBe('public, s-maxage=2');
    expect(gateway.upstreamRequests()).toHaveLength(2);
  });

  test('what is fresh for less than two seconds in any case is not read more often', async () => {
    const gateway = await startTestGateway({
      options: { cacheHeaders: 'public' },
      caching: { ttl: { statusMs: 1500 } },
    });
    await get(gateway, STATUS);
    gateway.clock.advance(1499);
    expect(cacheControl(await get(gateway, STATUS))).toBe(CHECK_EACH_TIME);
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });

  test('what is fresh for a second at most in any case is served from the response cache until its end', async () => {
    const gateway = await startTestGateway({
      options: { cacheHeaders: 'public' },
      caching: { ttl: { statusMs: 1000 } },
    });
    await get(gateway, STATUS);
    gateway.clock.advance(999);
    expect(cacheControl(await get(gateway, STATUS))).toBe(CHECK_EACH_TIME);
    expect(gateway.operationLogs.map(({ fields }) => fields['fromResponseCache'])).toEqual([undefined, true]);
  });

  test('what must be checked each time stays private', async () => {
    const gateway = await startTestGateway({ options: { cacheHeaders: 'public' } });
    expect(cacheControl(await get(gateway, '{ __typename }'))).toBe(CHECK_EACH_TIME);
  });

  test.each([
    '{ livestreams { nodes { k: streamKey } } }',
    '{ upstreamBudget { limit } }',
    '{ livestream(id: "a/b") { id } }',
  ])('nothing stores the response to %s', async (query) => {
    const gateway = await startTestGateway({ options: { cacheHeaders: 'public' } });
    expect(fields(await get(gateway, query), 'cache-control', 'cache-tag')).toEqual([NO_STORE, null]);
  });

  test.each(['passthrough', 'api-key', 'jwt'] as const)(
    'responses stay private where callers authenticate: AUTH=%s',
    async (kind) => {
      const key = await signingKey('a');
      const auth = {
        passthrough: { kind: 'passthrough' } as const,
        'api-key': apiKeySettings({ test: ['livestream:read'] }),
        jwt: jwtSettings({ pem: key.pem }),
      }[kind];
      const gateway = await startTestGateway({ options: { cacheHeaders: 'public', auth } });
      const token = kind === 'jwt' ? await signToken({ key, now: gateway.clock.now() }) : 'test';
      const response = await get(gateway, STATUS, { headers: { authorization: `Bearer ${token}` } });
      expect(fields(response, 'cache-control', 'cache-tag')).toEqual(['private, max-age=2', null]);
      expect(gateway.logs).toMatchObject([
        { level: 'warn', message: matching(/^CACHE_HEADERS=public is without effect/) },
      ]);
    },
  );
});
