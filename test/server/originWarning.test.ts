import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const LISTED = 'https://app.example.com';
const OTHER = 'https://other.example';
const MESSAGE = 'A page of an origin that CORS_ORIGINS does not list sent a request.';
const warningOf = (origin: string): object => ({ level: 'warn', message: MESSAGE, fields: { origin } });

const PREFLIGHT = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };

async function preflight(gateway: TestGateway, origin: string): Promise<void> {
  await gateway.fetch('/graphql', { method: 'OPTIONS', headers: { ...PREFLIGHT, origin } });
}

describe('a request of a page whose origin CORS_ORIGINS does not list is logged with the origin and the setting', () => {
  test.each([
    ['a preflight, by default', [], { method: 'OPTIONS', headers: PREFLIGHT }, 405],
    ['a preflight, if other origins are listed', [LISTED], { method: 'OPTIONS', headers: PREFLIGHT }, 204],
    ['a GET', [LISTED], { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a GET of an old browser', [], { headers: {} }, 200],
  ])('%s', async (_case, corsOrigins, init, status) => {
    const gateway = await startTestGateway({ options: { corsOrigins } });
    const { host } = await serveGateway(gateway);
    const headers = { accept: 'application/json', ...init.headers, origin: OTHER };
    const response = await fetch(`http://${host}/graphql?query={__typename}`, { ...init, headers });
    expect([response.status, gateway.logs]).toEqual([status, [warningOf(OTHER)]]);
  });

  test('a WebSocket', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway);
    const socket = new WebSocket(socketUrl, 'graphql-transport-ws', { origin: OTHER });
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
    });
    expect([status, gateway.logs]).toEqual([403, [warningOf(OTHER)]]);
  });
});

test('a request of a listed origin, of the own origin, or of no page is not logged', async () => {
  const gateway = await startTestGateway({ options: { corsOrigins: [LISTED] } });
  const { url, host } = await serveGateway(gateway);
  const own = { origin: `http://${host}` };
  const behindProxy = { origin: 'https://public.example', 'sec-fetch-site': 'same-origin' };
  for (const headers of [{ origin: LISTED }, own, behindProxy, {}])
    expect((await fetch(`${url}?query={__typename}`, { headers })).status).toBe(200);
  expect(gateway.logs).toEqual([]);
});

test('the own origin is recognized by the host, in upper or lower case, unless the browser says that it is another site', async () => {
  const gateway = await startTestGateway();
  const headers = { accept: 'application/json', origin: OTHER, host: 'OTHER.example' };
  await gateway.fetch('/graphql?query={__typename}', { headers });
  expect(gateway.logs).toEqual([]);
  await gateway.fetch('/graphql?query={__typename}', { headers: { ...headers, 'sec-fetch-site': 'cross-site' } });
  expect(gateway.logs).toEqual([warningOf(OTHER)]);
});

describe('the warnings', () => {
  test('about one origin are a minute apart', async () => {
    const gateway = await startTestGateway();
    await preflight(gateway, OTHER);
    gateway.clock.advance(59_999);
    await preflight(gateway, OTHER);
    expect(gateway.logs).toEqual([warningOf(OTHER)]);
    gateway.clock.advance(1);
    await preflight(gateway, OTHER);
    expect(gateway.logs).toEqual([warningOf(OTHER), warningOf(OTHER)]);
  });

  test('are short, and few, whatever origins callers send', async () => {
    const gateway = await startTestGateway();
    for (let index = 0; index < 100; index += 1) await preflight(gateway, `https://${index}.${'x'.repeat(1000)}`);
    expect(gateway.logs).toHaveLength(20);
    expect(JSON.stringify(gateway.logs[0]).length).toBeLessThan(400);
  });
});
