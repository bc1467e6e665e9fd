import { describe, expect, test } from 'vitest';

import type { AuthSettings } from '../../src/auth/authenticate.ts';
import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import {
  at,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  type TestResponse,
  waitUntil,
} from '../support/gateway.ts';
import { hashOf } from '../support/hashOf.ts';
import { jwtSettings, signingKey, signToken } from '../support/identityProvider.ts';
import { fetchMeetingIds, LIVESTREAM, MEETING, START } from './budgetScenario.ts';

const LIMIT = 40;
/** Of 36 requests for reads, half is kept for a caller that may yet come. */
const SHARE = 18;
const QUOTA = { quota: { limit: LIMIT, windowSeconds: 60, lockoutSeconds: 300, enforced: true } } as const;
const SHARE_QUERY = '{ upstreamBudget { limit share { limit remaining resetsAt } } }';

const apiKey = (name: string, scopes = ['livestream:read', 'livestream:write']) => ({
  name,
  sha256: hashOf(`key of ${name}`),
  scopes,
});
const AUTH: AuthSettings = { kind: 'api-key', keys: ['dashboard', 'batch', 'wall'].map((name) => apiKey(name)) };

const startGateway = async ({ options, ...rest }: TestGatewayOptions = {}): Promise<TestGateway> =>
  startTestGateway({ settings: QUOTA, ...rest, options: { auth: AUTH, ...options } });

type Send = (query: string, id?: string) => Promise<TestResponse>;

/** Sends operations as the caller with this API key. */
function as(gateway: TestGateway, name: string): Send {
  return async (query, id = '') =>
    gateway.send({ query, variables: { id } }, { headers: { 'x-api-key': `key of ${name}` } });
}

const extensionsOf = ({ errors }: TestResponse): unknown => errors[0]?.extensions;

/** Reads one meeting after another until one is refused. Returns the number of successful reads, and the response that refused. */
async function readAll(send: Send, ids: readonly string[]) {
  for (const [served, id] of ids.entries()) {
    const response = await send(MEETING, id);
    if (response.errors.length > 0) return { served, response };
  }
  throw new Error('There are too few meetings.');
}

describe('callers with API keys', () => {
  test('have shares: who has used up its own gets an error that says so, and the others none', async () => {
    const gateway = await startGateway();
    const ids = await fetchMeetingIds(gateway, 60);
    const { served, response } = await readAll(as(gateway, 'batch'), ids);
    expect(served).toBe(SHARE);
    expect(response.status).toBe(200);
    expect(response.errors[0]?.message).toMatch(
      /^You have used up your share of the request budget; the rest is kept for other callers\. Try again in \d+ s\.$/,
    );
    expect(extensionsOf(response)).toEqual({
      code: 'RATE_LIMITED',
      retryable: true,
      retryAfterSeconds: 1,
      scope: 'caller',
    });
    for (const id of ids.slice(-12)) expect((await as(gateway, 'dashboard')(MEETING, id)).errors).toEqual([]);
    expect(gateway.sandbox.requests().rejected).toBe(0);
  });

  test('are served again after the seconds that the error tells', async () => {
    const gateway = await startGateway();
    const ids = await fetchMeetingIds(gateway, 60);
    const batch = as(gateway, 'batch');
    const { response } = await readAll(batch, ids);
    gateway.clock.advance(Number(at(extensionsOf(response), 'retryAfterSeconds')) * 1000);
    expect((await batch(MEETING, ids.at(-1))).errors).toEqual([]);
  });

  test('get cached values, and stale ones instead of an error', async () => {
    const gateway = await startGateway();
    const ids = await fetchMeetingIds(gateway, 60);
    await readAll(as(gateway, 'batch'), ids);
    expect((await as(gateway, 'batch')(MEETING, ids[0])).errors).toEqual([]);
    gateway.clock.advance(3000);
    await readAll(as(gateway, 'batch'), ids.slice(30));
    gateway.clearUpstreamRequests();
    expect((await as(gateway, 'batch')(MEETING, ids[0])).errors).toEqual([]);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('share what is cached', async () => {
    const gateway = await startGateway();
    const [id] = await fetchMeetingIds(gateway, 1);
    await as(gateway, 'batch')(MEETING, id);
    await as(gateway, 'dashboard')(MEETING, id);
    expect(gateway.upstreamRequests()).toEqual(['GET /meetings/{meeting_id}']);
  });

  test('can start livestreams though their share is used up', async () => {
    const gateway = await startGateway();
    const ids = await fetchMeetingIds(gateway, 60);
    await readAll(as(gateway, 'batch'), ids);
    const { data, errors } = await as(gateway, 'batch')(START, gateway.exampleIds.emptyMeetingId);
    expect([errors, at(data, 'startLivestream', 'userErrors')]).toEqual([[], []]);
  });

  test('do not get the error of another caller whose read they have joined', async () => {
    const gateway = await startGateway();
    const ids = await fetchMeetingIds(gateway, 60);
    await readAll(as(gateway, 'batch'), ids);
    const id = gateway.exampleIds.liveLivestreamId;
    const [held, served] = await Promise.all([
      as(gateway, 'batch')(LIVESTREAM, id),
      as(gateway, 'dashboard')(LIVESTREAM, id),
    ]);
    expect(held.errors).toMatchObject([{ extensions: { scope: 'caller' } }]);
    expect(served.errors).toEqual([]);
  });

  test('have shares in proportion to the weights of their keys', async () => {
    const weights = new Map([['dashboard', 3]]);
    const gateway = await startGateway({ options: { callerShares: { weights } } });
    const ids = await fetchMeetingIds(gateway, 60);
    expect((await readAll(as(gateway, 'dashboard'), ids)).served).toBe(27);
  });

  test('compete as before if shares are off, and get no fields about them', async () => {
    const gateway = await startGateway({ options: { callerShares: null } });
    const ids = await fetchMeetingIds(gateway, 60);
    const { served, response } = await readAll(as(gateway, 'batch'), ids);
    expect([served, extensionsOf(response)]).toEqual([
      36,
      { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 61 },
    ]);
    expect(response.headers.has('ratelimit')).toBe(false);
    expect(response.headers.has('ratelimit-policy')).toBe(false);
    expect((await as(gateway, 'batch')(SHARE_QUERY)).data).toMatchObject({
      upstreamBudget: { limit: LIMIT, share: { limit: LIMIT, remaining: LIMIT - 36 } },
    });
  });
});

describe('a caller’s share', () => {
  test('is part of upstreamBudget, and of the fields RateLimit and RateLimit-Policy of every response', async () => {
    const gateway = await startGateway();
    const [id, other] = await fetchMeetingIds(gateway, 2);
    await as(gateway, 'batch')(MEETING, id);
    await as(gateway, 'batch')(MEETING, other);
    const response = await as(gateway, 'batch')(SHARE_QUERY);
    expect(response.data).toEqual({
      upstreamBudget: {
        limit: LIMIT,
        share: { limit: SHARE, remaining: SHARE - 2, resetsAt: new Date(gateway.clock.now() + 60_000).toISOString() },
      },
    });
    expect(response.headers.get('ratelimit')).toBe(`"caller";r=${SHARE - 2};t=60`);
    expect(response.headers.get('ratelimit-policy')).toBe(`"caller";q=${SHARE};w=60`);
    // From the response cache, and for an invalid operation, too.
    for (const query of [MEETING, '{ nothing }'])
      expect((await as(gateway, 'batch')(query, id)).headers.get('ratelimit')).toMatch(/^"caller";r=16;t=60$/);
  });

  test('is smaller while others are active', async () => {
    const gateway = await startGateway();
    const ids = await fetchMeetingIds(gateway, 2);
    await as(gateway, 'batch')(MEETING, ids[0]);
    await as(gateway, 'dashboard')(MEETING, ids[1]);
    expect((await as(gateway, 'batch')(SHARE_QUERY)).headers.get('ratelimit-policy')).toBe('"caller";q=12;w=60');
  });

  test.each([
    [1, 12],
    [3, 8],
  ])('is smaller while livestreams are polled for subscriptions, whose weight is %i: %i', async (weight, share) => {
    const weights = new Map([['subscriptions', weight]]);
    const gateway = await startGateway({ options: { callerShares: { weights } } });
    const [id] = await fetchMeetingIds(gateway, 1);
    const subscription = await gateway.server.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-api-key': 'key of wall' },
      body: JSON.stringify({ query: 'subscription { livestreamUpdated { id } }' }),
    });
    await waitUntil(() => gateway.upstreamRequests().length > 0);
    await as(gateway, 'batch')(MEETING, id);
    const { headers } = await as(gateway, 'batch')(SHARE_QUERY);
    expect(headers.get('ratelimit-policy')).toBe(`"caller";q=${share};w=60`);
    await subscription.body?.cancel();
  });

  test('is the whole budget where callers are not distinguished, and then in no field of a response', async () => {
    const gateway = await startTestGateway({ settings: QUOTA });
    const { data, headers } = await gateway.send({ query: SHARE_QUERY });
    expect(data).toMatchObject({ upstreamBudget: { limit: 1200, share: { limit: 1200, remaining: 1200 } } });
    expect(headers.has('ratelimit')).toBe(false);
  });

  test('is not told to callers that are not authenticated', async () => {
    const gateway = await startGateway();
    const { status, headers } = await gateway.send({ query: SHARE_QUERY });
    expect([status, headers.has('ratelimit'), headers.has('ratelimit-policy')]).toEqual([401, false, false]);
  });

  test('can be read by pages of allowed origins', async () => {
    const origin = 'https://app.example.com';
    const exposed = async (options: TestGatewayOptions['options']): Promise<string | null> => {
      const gateway = await startGateway({ options: { corsOrigins: [origin], ...options } });
      const headers = { origin, 'x-api-key': 'key of batch' };
      return (await gateway.send({ query: '{ __typename }' }, { headers })).headers.get(
        'access-control-expose-headers',
      );
    };
    expect(await exposed({})).toBe('x-request-id, ratelimit, ratelimit-policy');
    expect(await exposed({ callerShares: null })).toBe('x-request-id');
  });
});

describe('callers with JSON Web Tokens', () => {
  async function startWithTokens(callerClaim?: string) {
    const key = await signingKey('a');
    const settings = jwtSettings({ pem: key.pem });
    if (settings.kind !== 'jwt') throw new Error('Not JWT');
    const metrics = createPrometheus('1.2.3');
    const auth = callerClaim === undefined ? settings : { ...settings, callerClaim };
    const gateway = await startGateway({ options: { auth, metrics } });
    async function sendAs(claims: Record<string, unknown>): Promise<Send> {
      const token = await signToken({ key, now: gateway.clock.now(), claims });
      return async (query, id = '') =>
        gateway.send({ query, variables: { id } }, { headers: { authorization: `Bearer ${token}` } });
    }
    return { gateway, sendAs };
  }

  test('are distinguished by their subject, and metrics do not contain it', async () => {
    const { gateway, sendAs } = await startWithTokens();
    const ids = await fetchMeetingIds(gateway, 60);
    const { served } = await readAll(await sendAs({ sub: 'ann@example.com' }), ids);
    expect(served).toBe(SHARE);
    expect((await (await sendAs({ sub: 'bob@example.com' }))(MEETING, ids.at(-1))).errors).toEqual([]);
    const { text } = await gateway.fetch('/metrics');
    expect(text).toMatch(/caller_requests_total\{caller="[A-Za-z0-9+/=]{16}",outcome="sent"\} 18\n/);
    expect(text).toMatch(/caller_requests_total\{caller="[A-Za-z0-9+/=]{16}",outcome="rate_limited"\} 1\n/);
    expect(text).not.toContain('example.com');
  });

  test.each([
    ['a text', 'acme', 'other'],
    ['a number', 17, 18],
  ])('are distinguished by another claim that is %s', async (_type, tenant, otherTenant) => {
    const { gateway, sendAs } = await startWithTokens('tenant');
    const ids = await fetchMeetingIds(gateway, 60);
    await readAll(await sendAs({ sub: 'ann', tenant }), ids);
    const colleague = await (await sendAs({ sub: 'bob', tenant }))(MEETING, ids.at(-1));
    expect(extensionsOf(colleague)).toMatchObject({ scope: 'caller' });
    expect((await (await sendAs({ sub: 'ann', tenant: otherTenant }))(MEETING, ids.at(-1))).errors).toEqual([]);
  });

  test('are one caller if their tokens lack the claim', async () => {
    const { gateway, sendAs } = await startWithTokens('tenant');
    const ids = await fetchMeetingIds(gateway, 60);
    await readAll(await sendAs({ sub: 'ann' }), ids);
    const other = await (await sendAs({ sub: 'bob', tenant: { id: 1 } }))(MEETING, ids.at(-1));
    expect(extensionsOf(other)).toMatchObject({ scope: 'caller' });
  });
});

describe('metrics', () => {
  test('count requests by the name of the API key, and those that were held back', async () => {
    const gateway = await startGateway({ options: { metrics: createPrometheus('1.2.3') } });
    const ids = await fetchMeetingIds(gateway, 60);
    await readAll(as(gateway, 'batch'), ids);
    await as(gateway, 'dashboard')(MEETING, ids.at(-1));
    const { text } = await gateway.fetch('/metrics');
    const samples = text.split('\n').filter((line) => line.startsWith('realtimekit_graphql_caller_requests_total'));
    expect(samples).toEqual([
      'realtimekit_graphql_caller_requests_total{caller="batch",outcome="sent"} 18',
      'realtimekit_graphql_caller_requests_total{caller="batch",outcome="rate_limited"} 1',
      'realtimekit_graphql_caller_requests_total{caller="dashboard",outcome="sent"} 1',
    ]);
  });

  test('count all callers after the first fifty together', async () => {
    const metrics = createPrometheus('1.2.3');
    for (let number = 0; number < 200; number += 1) metrics.callerRequest(`caller ${number}`, 'sent');
    const { text } = await metrics.expose();
    expect(text.match(/caller_requests_total\{/g)).toHaveLength(51);
    expect(text).toContain('caller_requests_total{caller="other",outcome="sent"} 150');
  });
});
