import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { type Program, startProgram } from '../browser/startProgram.ts';
import { at } from '../support/gateway.ts';
import { certificate } from '../support/origins.ts';
import { type Protocol, type Reply, send } from './send.ts';
import { documentedConfig, type Proxy, type ProxyName, startProxy } from './startProxy.ts';

interface Setup {
  title: string;
  name: ProxyName;
  config: () => string;
  /** Whether the proxy has a certificate. */
  isSecure: boolean;
  /** What the proxy speaks with clients. */
  protocols: Protocol[];
}

const DOCUMENTED = { isSecure: true, protocols: ['HTTP/1.1', 'HTTP/2'] satisfies Protocol[] };
const GZIP = 'gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;';
const COMPRESSION = '  compression algo gzip\n  compression type application/json text/event-stream multipart/mixed\n';
/** What most tutorials show. nginx then speaks HTTP/1.0 with the gateway, and buffers responses. */
const MINIMAL_NGINX = 'server { listen 80; location / { proxy_pass http://127.0.0.1:4000; } }';
const MINIMAL = { isSecure: false, protocols: ['HTTP/1.1'] satisfies Protocol[] };

const SETUPS: Setup[] = [
  { title: 'nginx as documented', name: 'nginx', config: () => documentedConfig('nginx'), ...DOCUMENTED },
  {
    title: 'nginx as documented, with gzip',
    name: 'nginx',
    config: () => GZIP + documentedConfig('nginx'),
    ...DOCUMENTED,
  },
  { title: 'nginx with defaults', name: 'nginx', config: () => MINIMAL_NGINX, ...MINIMAL },
  { title: 'nginx with defaults and gzip', name: 'nginx', config: () => GZIP + MINIMAL_NGINX, ...MINIMAL },
  {
    title: 'nginx with defaults and HTTP/2 without TLS',
    name: 'nginx',
    config: () => MINIMAL_NGINX.replace('80', '80 http2'),
    isSecure: false,
    protocols: ['HTTP/2'],
  },
  { title: 'HAProxy as documented', name: 'haproxy', config: () => documentedConfig('haproxy'), ...DOCUMENTED },
  {
    title: 'HAProxy as documented, with compression',
    name: 'haproxy',
    config: () => documentedConfig('haproxy') + COMPRESSION,
    ...DOCUMENTED,
  },
];

const MEETING = '7596abad-71a6-49a4-b7a7-9176d107cd85';
const SUBSCRIPTION = `subscription { livestreamUpdated(meetingId: "${MEETING}") { status } }`;
const START = `mutation { startLivestream(input: { meetingId: "${MEETING}" }) { userErrors { code } } }`;
const STOP = `mutation { stopLivestream(input: { meetingId: "${MEETING}" }) { userErrors { code } } }`;

let program: Program;
beforeAll(async () => {
  program = await startProgram({ LOG_LEVEL: 'warn' });
  await fetch(`${program.sandbox}/__sandbox/settings`, { method: 'PUT', body: '{"goLiveAfterMs":500}' });
  return program.end;
});
beforeEach(async () => sendDirectly(STOP));

/** Sends an operation to the gateway, past the proxies. */
async function sendDirectly(query: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await fetch(program.address, { method: 'POST', headers, body: JSON.stringify({ query }) });
}

/** The number of subscriptions that the gateway serves. */
async function subscriptionCount(): Promise<number> {
  const text = await (await fetch(new URL('/metrics', program.address))).text();
  return Number(/^realtimekit_graphql_subscriptions (\d+)$/m.exec(text)?.[1]);
}

describe.each(SETUPS)('through $title', ({ name, config, isSecure, protocols }) => {
  let proxy: Proxy;
  let origin: string;
  beforeAll(async () => {
    proxy = await startProxy(name, config(), new URL(program.address).host);
    origin = `${isSecure ? 'https' : 'http'}://${proxy.host}`;
  });
  afterAll(async () => proxy.end());

  describe.each(protocols)('over %s', (protocol) => {
    async function post(query: string, accept: string): Promise<Reply> {
      const headers = { 'content-type': 'application/json', accept };
      return send(protocol, origin, { method: 'POST', path: '/graphql', headers, body: JSON.stringify({ query }) });
    }

    test('a query by POST and one by GET get their results', async () => {
      const path = `/graphql?query=${encodeURIComponent('{ a: __typename }')}`;
      const replies = [
        await post('{ a: __typename }', 'application/json'),
        await send(protocol, origin, { method: 'GET', path, headers: {} }),
      ];
      for (const { status, text, whenEnded } of replies) {
        await whenEnded;
        expect([status, text()]).toEqual([200, '{"data":{"a":"Query"}}']);
      }
    });

    // The tutorials' configuration publishes every path.
    test.each(isSecure ? ['/metrics', '/metrics/'] : [])('%s is not published', async (path) => {
      const { status, text, whenEnded } = await send(protocol, origin, { method: 'GET', path, headers: {} });
      await whenEnded;
      expect(status).toBe(404);
      expect(text()).not.toContain('realtimekit_graphql_');
    });

    describe.each(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'])('as %s', (accept) => {
      test('a subscription delivers its first state and every change at once, and ends when the client leaves', async () => {
        const stream = await post(SUBSCRIPTION, accept);
        expect([stream.status, stream.headers['content-type']?.split(';')[0]]).toEqual([200, accept.split(';')[0]]);
        await sendDirectly(START);
        await expect.poll(stream.text, { timeout: 5000 }).toContain('"status":"INVOKED"');
        await expect.poll(stream.text, { timeout: 5000 }).toContain('"status":"LIVE"');
        expect(await subscriptionCount()).toBe(1);
        stream.close();
        await expect.poll(subscriptionCount, { timeout: 5000 }).toBe(0);
      });

      test('the result of a query is a stream that ends', async () => {
        const { status, text, whenEnded } = await post('{ a: __typename }', `${accept}, application/json;q=0.5`);
        await whenEnded;
        expect(status).toBe(200);
        expect(text()).toContain('{"data":{"a":"Query"}}');
      });
    });
  });

  // The tutorials' configuration passes on no WebSockets.
  test.each(isSecure ? ['wss'] : [])(
    'over %s, a subscription delivers its first state and every change',
    async (scheme) => {
      const client = createClient({
        url: `${scheme}://${proxy.host}/graphql`,
        webSocketImpl: class extends WebSocket {
          constructor(url: string, protocol: string) {
            super(url, protocol, { ca: certificate });
          }
        },
      });
      const statuses: unknown[] = [];
      client.subscribe(
        { query: SUBSCRIPTION },
        {
          next: (result) => statuses.push(at(result, 'data', 'livestreamUpdated', 'status')),
          error: (error) => statuses.push(error),
          complete: () => {},
        },
      );
      await expect.poll(subscriptionCount, { timeout: 5000 }).toBe(1);
      await sendDirectly(START);
      await expect.poll(() => statuses, { timeout: 5000 }).toEqual(['INVOKED', 'LIVE']);
      await client.dispose();
      await expect.poll(subscriptionCount, { timeout: 5000 }).toBe(0);
    },
  );
});
