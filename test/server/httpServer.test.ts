import { once } from 'node:events';
import { createConnection } from 'node:net';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import { matching, startTestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { requestHead, sendRaw } from '../support/rawHttp.ts';
import { runs } from '../support/runs.ts';
import { serveGateway } from '../support/servedGateway.ts';

/** Serves a gateway with metrics; `send` sends one request of header lines. */
async function startServer(options: TestGatewayOptions = {}) {
  const gateway = await startTestGateway({
    ...options,
    options: { metrics: createPrometheus('1.2.3'), ...options.options },
  });
  const served = await serveGateway(gateway);
  return {
    ...served,
    gateway,
    send: async (line: string, ...headers: string[]) => sendRaw(served.port, requestHead(line, ...headers)),
  };
}

const QUERY = `query=${encodeURIComponent('{ __typename }')}`;
const HAS_STACK = /\n\s+at |node_modules|file:|\/(tmp|home|src|work|app)\//;

describe('a request whose Host is not one host is rejected with 400 in one line:', () => {
  test.each([
    'Host: foo|bar',
    'Host: a b',
    'Host: [::1',
    'Host: %',
    'Host: x:1:2',
    'Host: x:65536',
    'Host: x:y',
    'Host: x/metrics?',
    'Host: x/',
    'Host: x?',
    'Host: x#',
    'Host: x\\metrics?',
    'Host: user@x',
    'Host: user:password@x',
    'Host: a\tb',
    'Host: a,b',
    'Host: 1.2.3.4.5',
    'Host: \xe9',
    'Host:',
    'Host: a\r\nHost: a',
    'Host: a\r\nHost: b',
    'X-No-Host: a',
  ])('%j', async (host) => {
    const { send, gateway } = await startServer();
    for (const path of ['/health', `/graphql?${QUERY}`, '/allowed', 'http://a/graphql']) {
      const { status, body, headers } = await send(`GET ${path} HTTP/1.1`, host, 'x-request-id: from-caller');
      expect([status, body]).toEqual([400, matching(/^Send one "Host" header.*\n$/)]);
      expect(headers).toMatchObject({ 'x-request-id': 'from-caller', connection: 'close' });
    }
    const fields = { requestId: 'from-caller', code: 'BAD_REQUEST', status: 400, reason: matching(/"Host"/) };
    expect(gateway.operationLogs).toMatchObject(
      Array.from({ length: 4 }, () => ({ message: 'Request rejected.', fields })),
    );
    expect((await gateway.fetch('/metrics')).text).toMatch(/operations_total\{[^}]*code="BAD_REQUEST"[^}]*\} 4/);
  });
});

test.each([
  'a',
  'a.example:8080',
  'under_score',
  '127.0.0.1:1',
  '[::1]',
  '[::ffff:1.2.3.4]:65535',
  'a:',
  'XN--80ak6aa92e',
])('a request with the Host %s is served', async (host) => {
  const { send } = await startServer();
  expect(await send(`GET /graphql?${QUERY} HTTP/1.1`, `Host: ${host}`, 'accept: application/json')).toMatchObject({
    status: 200,
    body: matching(/"__typename":"Query"/),
  });
});

test('an expectation other than 100-continue is ignored', async () => {
  const { send } = await startServer();
  const query = [`GET /graphql?${QUERY} HTTP/1.1`, 'Host: a'] as const;
  expect(await send(...query, 'Expect: 200-ok')).toMatchObject({ status: 200, body: matching(/"__typename":"Query"/) });
  expect(await send('GET /graphql HTTP/1.1', 'Host: a/b', 'Expect: x')).toMatchObject({ status: 400 });
});

test('HTTP/1.0 needs no Host', async () => {
  const { send } = await startServer();
  expect((await send('GET /health HTTP/1.0')).status).toBe(200);
  expect((await send('GET /health HTTP/1.0', 'Host: a b')).status).toBe(400);
});

describe('the request target', () => {
  test('may have absolute-form, whose host takes the place of Host', async () => {
    const { send } = await startServer({ options: { localOnly: true } });
    const statusOf = async (target: string, host: string) =>
      (await send(`GET ${target} HTTP/1.1`, `Host: ${host}`)).status;
    expect(await statusOf('http://localhost/ready', 'evil.example')).toBe(200);
    expect(await statusOf('HTTPS://localhost:4000/ready?x=1', 'evil.example')).toBe(200);
    expect(await statusOf('http://evil.example/ready', 'localhost')).toBe(421);
    expect(await statusOf('http://localhost', 'localhost')).toBe(404);
    expect(await statusOf('http://localhost?x=/ready', 'localhost')).toBe(404);
  });

  test.each([
    'http://user@localhost/ready',
    'http://user:password@localhost/ready',
    'http:///ready',
    'http://a|b/ready',
    'http://[::1/ready',
    'http://localhost:65536/ready',
    'ftp://localhost/ready',
    'localhost:80',
    'ready',
    '*',
    '/ready#fragment',
    '?',
    '\\ready',
  ])('is rejected with 400 in one line and logged if it is %s', async (target) => {
    const { send, gateway } = await startServer();
    const { status, body, headers } = await send(`GET ${target} HTTP/1.1`, 'Host: localhost');
    expect([status, body]).toEqual([400, matching(/^The request .*\n$/)]);
    expect(gateway.operationLogs).toMatchObject([
      { message: 'Request rejected.', fields: { requestId: headers['x-request-id'], status: 400 } },
    ]);
  });

  test('* answers OPTIONS for the server as a whole', async () => {
    const { send } = await startServer();
    const { status, headers, body } = await send('OPTIONS * HTTP/1.1', 'Host: localhost');
    expect([status, headers['allow'], body]).toEqual([200, 'GET, HEAD, POST, OPTIONS', '']);
  });

  test('of CONNECT is rejected with 405', async () => {
    const { send, gateway } = await startServer();
    expect(await send('CONNECT example.com:443 HTTP/1.1', 'Host: example.com')).toMatchObject({
      status: 405,
      body: 'The gateway is not a proxy.\n',
    });
    expect(gateway.operationLogs).toMatchObject([{ fields: { status: 405 } }]);
  });

  test.each([
    '//evil.example/health',
    '/\\evil.example/health',
    '/%68ealth',
    '/health%2f',
    '/health%3fx',
    '/public/../health',
    '/public\\..\\health',
    '/public/%2e%2e/health',
    '/./health',
    '/health/.',
    '/health//',
    '/health;x',
    '/HEALTH',
    '/x/health',
    '/x?/health',
    '/x?y=/graphql',
    '/x/graphql',
    '/x?/graphql/',
  ])('is routed by its path as sent: %s is not found', async (target) => {
    const { send } = await startServer();
    for (const accept of ['application/json', 'text/html'])
      expect(await send(`GET ${target} HTTP/1.1`, 'Host: localhost', `accept: ${accept}`)).toMatchObject({
        status: 404,
        body: 'Not found. GraphQL is at /graphql.\n',
      });
  });
});

describe('a request for a WebSocket', () => {
  const UPGRADE = [
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol: graphql-transport-ws',
  ];

  test('is rejected with 400, logged and counted if its Host or target is invalid', async () => {
    const { port, gateway } = await startServer();
    const send = async (...lines: string[]) => sendRaw(port, `${[...lines, ...UPGRADE].join('\r\n')}\r\n\r\n`);
    const responses = [
      await send('GET /graphql HTTP/1.1', 'Host: x/graphql?'),
      await send('GET /graphql HTTP/1.1', 'Host: a', 'Host: a'),
      await send('GET /graphql HTTP/1.1'),
      await send('GET http://user@a/graphql HTTP/1.1', 'Host: a'),
    ];
    for (const { status, body, headers } of responses) {
      expect([status, body]).toEqual([400, matching(/^[^\n]+\n$/)]);
      expect(headers).toMatchObject({ 'x-request-id': matching(/^[\w-]{36}$/), 'cache-control': 'private, no-store' });
    }
    expect(gateway.operationLogs.map(({ fields }) => fields['requestId'])).toEqual(
      responses.map(({ headers }) => headers['x-request-id']),
    );
  });

  test.each([
    ['the key', 'sec-websocket-key: x'],
    ['the version', 'sec-websocket-version: 7'],
    ['the subprotocol', 'sec-websocket-protocol: a b'],
  ])('is rejected with 400, logged and counted if %s is invalid', async (_case, line) => {
    const { port, gateway } = await startServer();
    const [name] = line.split(':');
    const lines = UPGRADE.map((valid) => (valid.startsWith(`${name}:`) ? line : valid));
    const { status, headers, body } = await sendRaw(
      port,
      `GET /graphql HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`,
    );
    expect([status, body]).toEqual([400, matching(/^The WebSocket handshake is invalid: .*\n$/)]);
    expect(headers).toMatchObject({ 'cache-control': 'private, no-store', 'sec-websocket-version': '13, 8' });
    expect(gateway.operationLogs).toMatchObject([{ fields: { requestId: headers['x-request-id'], status: 400 } }]);
  });

  test('is an ordinary request if its method is not GET', async () => {
    const { send } = await startServer();
    const response = await send('POST /graphql HTTP/1.1', 'Host: a', ...UPGRADE, 'content-length: 0');
    expect([response.status, response.body]).toEqual([415, matching(/content-type: application\/json/)]);
  });

  test.each([
    ['/graphql', 101],
    ['/graphql/', 101],
    ['/graphql?x=1', 101],
    ['/graphql/?x=1', 101],
    ['/', 404],
    ['/graphql//', 404],
    ['/x?/graphql', 404],
    ['/public/../graphql', 404],
    ['//graphql', 404],
  ])('is routed as any other request: %s is answered with %i', async (path, status) => {
    const { port } = await startServer();
    const socket = createConnection(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${UPGRADE.join('\r\n')}\r\n\r\n`);
    const head = await once(socket, 'data').then(([data]: unknown[]) => String(data));
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    socket.destroy();
  });
});

describe('paths', () => {
  test.each(['/health', '/ready', '/metrics', '/graphql', '/webhooks/realtimekit'])(
    '%s is found with a query and a trailing slash',
    async (path) => {
      const { send } = await startServer({ receivesWebhooks: true });
      const answer = async (suffix: string) => {
        const { status, headers } = await send(`GET ${path}${suffix} HTTP/1.1`, 'Host: a', 'accept: application/json');
        return [status, headers['content-type'], headers['allow']];
      };
      const expected = await answer('');
      expect(expected[0]).not.toBe(404);
      for (const suffix of ['/', '?x=1', '/?x=1', '?', '/?']) expect(await answer(suffix)).toEqual(expected);
    },
  );

  test('of GraphiQL may have a trailing slash, and / redirects to it within the prefix of a proxy', async () => {
    const { send } = await startServer();
    const page = await send('GET /graphql/?x=1 HTTP/1.1', 'Host: a', 'accept: text/html');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html']);
    const { status, headers } = await send('GET /?x=1 HTTP/1.1', 'Host: a', 'accept: text/html');
    expect([status, headers['location']]).toEqual([302, 'graphql']);
    expect(new URL(headers['location'] ?? '', 'https://proxy.example/gw/').pathname).toBe('/gw/graphql');
  });
});

describe('what node:http cannot parse', () => {
  test.each([
    ['a header line without a name', 'GET /health HTTP/1.1\r\n: x\r\n\r\n', 400],
    ['a request line without a version', 'GET /\r\n\r\n', 400],
    ['a control character in the target', 'GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['very long headers', `GET /health HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST /graphql HTTP/1.1\r\nHost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}', 400],
  ])('is answered in one line, logged and counted: %s', async (_case, bytes, expected) => {
    const { port, gateway } = await startServer();
    const { status, headers, body } = await sendRaw(port, bytes);
    expect([status, body]).toEqual([expected, matching(/^[^\n]+\n$/)]);
    expect(gateway.operationLogs).toMatchObject([
      { message: 'Request rejected.', fields: { requestId: headers['x-request-id'], status: expected } },
    ]);
  });
});

describe('a request never gets the response to what follows it:', () => {
  const HANDSHAKE = 'GET /x HTTP/1.1\r\nHost: a\r\nconnection: Upgrade, close\r\nupgrade: websocket\r\n\r\n';
  test.each([
    ['text beyond its content-length', 'x', /^HTTP\/1\.1 200 [^]*"totalCount":320\}\}\}$/],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', /^$/],
    ['a request for a WebSocket', HANDSHAKE, /^HTTP\/1\.1 200 [^]*"totalCount":320\}\}\}HTTP\/1\.1 404 /],
  ])('%s', async (_case, rest, expected) => {
    const { port, gateway } = await startServer();
    const body = JSON.stringify({ query: 'query Mine { livestreams(first: 1) { totalCount } }' });
    const lines = ['Host: a', 'content-type: application/json', `content-length: ${body.length}`, '', body];
    const { text } = await sendRaw(port, ['POST /graphql HTTP/1.1', ...lines].join('\r\n') + rest);
    expect(text).toMatch(expected);
    await expect.poll(() => gateway.operationLogs).toMatchObject([{ fields: { operation: 'Mine' } }]);
  });
});

describe('an error outside the plugins', () => {
  test('is answered with a masked 500 and logged with the request id', async () => {
    const metrics = createPrometheus('1.2.3');
    const expose = async (): Promise<never> => Promise.reject(new Error('secret /src/detail'));
    const { send, gateway } = await startServer({ options: { metrics: { ...metrics, expose } } });
    const { status, text, headers, body } = await send('GET /metrics HTTP/1.1', 'Host: a', 'x-request-id: id-1');
    expect([status, headers['x-request-id'], headers['cache-control']]).toEqual([500, 'id-1', 'private, no-store']);
    expect(body).toMatch(/^Something went wrong inside the gateway\. .* id-1\.\n$/);
    expect(text).not.toMatch(HAS_STACK);
    expect(gateway.logs).toMatchObject([
      { level: 'error', message: 'Unexpected error.', fields: { requestId: 'id-1', error: matching(/secret/) } },
    ]);
    expect(gateway.operationLogs).toMatchObject([{ fields: { requestId: 'id-1', status: 500 } }]);
  });
});

const PIECES =
  String.raw`/ // \ .. . %2e %2f % ? # @ : * | [ ] [::1] , http:// https:// ftp: a 80 65536 health ready metrics graphql /health`.split(
    ' ',
  );

test('whatever Host and target are, the answer is no 5xx and shows no stack, and the path alone decides on the route', async () => {
  const { port, gateway } = await startServer();
  const piece = fc.constantFrom('\t', '\xe9', ...PIECES);
  const wild = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const target = fc.oneof(
    { weight: 2, arbitrary: wild.map((text) => `/${text}`) },
    wild,
    fc.string({ unit: fc.integer({ min: 33, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
  );
  const host = fc.oneof(wild, fc.constantFrom('a', 'x/metrics?', 'x/health?', '[::1]:80'));
  const method = fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'DELETE', 'PATCH');
  await fc.assert(
    fc.asyncProperty(method, target, host, fc.boolean(), async (method, target, host, upgrades) => {
      const headers = [`Host: ${host}`, ...(upgrades ? ['connection: upgrade', 'upgrade: websocket'] : [])];
      const { status, text, body } = await sendRaw(port, requestHead(`${method} ${target} HTTP/1.1`, ...headers));
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(HAS_STACK);
      const path = /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*?)\/?(?:\?|$)/i.exec(target)?.[1];
      const servedPaths = [body.includes('"status":"ok"') && '/health', body.includes('# HELP') && '/metrics'];
      expect([false, path]).toEqual(expect.arrayContaining(servedPaths));
    }),
    { numRuns: runs(300) },
  );
  expect(gateway.logs).toEqual([]);
});
