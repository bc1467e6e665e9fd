import { describe, expect, test } from 'vitest';

import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import { startTestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const ORIGIN = 'https://app.example.com';
const JSON_BODY = { 'content-type': 'application/json', accept: 'application/json' };
const byGet = (query: string): string => `/graphql?query=${encodeURIComponent(query)}`;

/** Each kind of response: its status, the path, and the request. */
const REQUESTS: [string, number, string, RequestInit?][] = [
  ['a query by GET', 200, byGet('{ livestreams { nodes { streamKey } } }'), { headers: JSON_BODY }],
  [
    'a query by POST',
    200,
    '/graphql',
    { method: 'POST', headers: JSON_BODY, body: '{"query":"{ upstreamBudget { limit } }"}' },
  ],
  ['a field error', 200, byGet('{ livestream(id: "a/b") { id } }'), { headers: JSON_BODY }],
  ['a syntax error', 400, byGet('{'), { headers: { accept: 'application/graphql-response+json' } }],
  ['an unknown media type', 415, '/graphql', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ['an unknown method', 405, '/graphql', { method: 'DELETE' }],
  ['a mutation by GET', 405, byGet('mutation { __typename }'), { headers: JSON_BODY }],
  ['an event stream', 200, byGet('{ __typename }'), { headers: { accept: 'text/event-stream' } }],
  ['a CORS preflight', 204, '/graphql', { method: 'OPTIONS', headers: { origin: ORIGIN } }],
  ['a cross-origin query', 200, byGet('{ upstreamBudget { limit } }'), { headers: { ...JSON_BODY, origin: ORIGIN } }],
  ['/health', 200, '/health'],
  ['/ready', 200, '/ready'],
  ['/metrics', 200, '/metrics'],
  ['a webhook by GET', 405, '/webhooks/realtimekit'],
  ['an unsigned webhook', 401, '/webhooks/realtimekit', { method: 'POST', body: '{}' }],
  ['an unknown path', 404, '/nothing'],
  ['the redirect to GraphiQL', 302, '/', { headers: { accept: 'text/html' }, redirect: 'manual' }],
];

describe('no cache stores', () => {
  test.each(REQUESTS)('the response to %s', async (_kind, status, path, init) => {
    const gateway = await startTestGateway({
      receivesWebhooks: true,
      options: { metrics: createPrometheus('1.2.3'), corsOrigins: [ORIGIN] },
    });
    const { host } = await serveGateway(gateway);
    const response = await fetch(`http://${host}${path}`, init);
    const isStream = response.headers.get('content-type') === 'text/event-stream';
    const expected = `private, no-store${isStream ? ', no-transform' : ''}`;
    expect([response.status, response.headers.get('cache-control')]).toEqual([status, expected]);
    await response.text();
  });

  test.each([
    [401, { auth: { kind: 'passthrough' } as const }],
    [421, { localOnly: true }],
  ])('the response with status %s to a caller who is not allowed', async (status, options) => {
    const gateway = await startTestGateway({ options });
    const response = await gateway.fetch(byGet('{ __typename }'), {
      headers: { host: 'a', accept: 'application/graphql-response+json' },
    });
    expect([response.status, response.headers.get('cache-control')]).toEqual([status, 'private, no-store']);
  });
});

test('only browsers cache the page of GraphiQL, check it at each visit, and do not take it for the response to an operation', async () => {
  const gateway = await startTestGateway();
  const { status, headers } = await gateway.fetch('/graphql', { headers: { accept: 'text/html' } });
  expect([status, headers.get('cache-control')]).toEqual([200, 'private, max-age=0, must-revalidate']);
  expect(headers.get('vary')).toBe('accept, accept-encoding');
});
