import { once } from 'node:events';
import { request as httpRequest } from 'node:http';

import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

import { CloseError } from '../../../src/server/websocket/closeError.ts';
import { at, startTestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { createFakeClock } from '../../support/fakeClock.ts';
import { serveGateway } from '../../support/servedGateway.ts';

const PASSTHROUGH: TestGatewayOptions = { options: { auth: { kind: 'passthrough' } } };
const SUBSCRIBE_TO_ALL = 'subscription { livestreamUpdated { id } }';

/** Opens a WebSocket, sends `connection_init` with the payload `init` unless it is null, and waits for the first message. */
async function connect(url: string, init: object | null = {}, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  const messages: unknown[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')));
  const closed = once(socket, 'close').then(([code, reason]: unknown[]) => [code, String(reason)]);
  await once(socket, 'open');
  const send = (message: object): void => socket.send(JSON.stringify(message));
  if (init !== null) {
    send({ type: 'connection_init', payload: init });
    await Promise.race([once(socket, 'message'), closed]);
  }
  return {
    socket,
    messages,
    closed,
    send,
    subscribe: (id: string, payload: object) => send({ id, type: 'subscribe', payload }),
    untilMessages: async (...types: string[]) =>
      expect.poll(() => messages.map((message) => at(message, 'type'))).toEqual(types),
  };
}

/** Returns the HTTP status of the response to a request for a WebSocket. */
async function statusOfUpgrade(url: string, headers: Record<string, string>, path = '/graphql'): Promise<number> {
  const socket = new WebSocket(new URL(path, url), 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    socket.once('error', reject);
  });
}

describe('opening a connection', () => {
  test('is rejected without a credential, with a reason', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway(PASSTHROUGH));
    const { closed, messages } = await connect(socketUrl);
    expect(await closed).toEqual([
      4401,
      'Send the header "authorization: Bearer <token>". Browsers send it in connectionParams.',
    ]);
    expect(messages).toEqual([]);
  });

  test('is rejected with as much of the reason as a close frame has room for', () => {
    expect(new CloseError(4401, 'a'.repeat(200)).message).toBe('a'.repeat(123));
    expect(new CloseError(4401, `${'a'.repeat(122)}é`).message).toBe('a'.repeat(122));
    expect(new CloseError(4401, `${'é'.repeat(60)}🎥`).message).toBe('é'.repeat(60));
  });

  test('is rejected if the client subscribes before connection_init', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway());
    const { subscribe, closed } = await connect(socketUrl, null);
    subscribe('1', { query: '{ __typename }' });
    expect(await closed).toEqual([4401, 'Unauthorized']);
  });

  test.each([
    ['connection_init', { authorization: 'Bearer of-alice' }, {}],
    ['the "headers" of connection_init', { headers: { Authorization: 'Bearer of-alice' } }, {}],
    ["the WebSocket's own request", {}, { authorization: 'Bearer of-alice' }],
  ])('is accepted with a credential in %s', async (_place, init, headers) => {
    const gateway = await startTestGateway(PASSTHROUGH);
    const { socketUrl } = await serveGateway(gateway);
    const { subscribe, untilMessages, messages } = await connect(socketUrl, init, headers);
    subscribe('1', { query: '{ livestreams(first: 1) { totalCount } }' });
    await untilMessages('connection_ack', 'next', 'complete');
    expect(messages[1]).toEqual({ id: '1', type: 'next', payload: { data: { livestreams: { totalCount: 320 } } } });
  });

  test('is rejected if a credential is not a valid header value', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway(PASSTHROUGH));
    const { closed } = await connect(socketUrl, { authorization: 'Bearer a\nhost: b' });
    expect(await closed).toEqual([4400, 'Invalid header value.']);
  });

  test('is rejected if the client sends no connection_init in time', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway(), { initTimeoutMs: 20 });
    const { closed } = await connect(socketUrl, null);
    expect(await closed).toEqual([4408, 'Connection initialisation timeout']);
  });

  test('is rejected for pages of other origins, unless the origin is listed', async () => {
    const { socketUrl, host } = await serveGateway(await startTestGateway(), {
      corsOrigins: ['https://app.example.com'],
    });
    const statuses = await Promise.all(
      [`http://${host}`, 'https://app.example.com', 'https://evil.example.com', 'null', 'nonsense'].map(
        async (origin) => statusOfUpgrade(socketUrl, { origin }),
      ),
    );
    expect(statuses).toEqual([101, 101, 403, 403, 403]);
  });

  test('is rejected for other hosts if only this machine is served', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway(), { localOnly: true });
    expect(
      await statusOfUpgrade(socketUrl, { host: 'rebound.example.com', origin: 'http://rebound.example.com' }),
    ).toBe(421);
    expect(await statusOfUpgrade(socketUrl, { host: 'localhost' })).toBe(101);
  });

  test('is possible at /graphql only, and upgrades to other protocols are ignored', async () => {
    const { url, socketUrl, port } = await serveGateway(await startTestGateway());
    expect(await statusOfUpgrade(socketUrl, {}, '/other')).toBe(404);
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' };
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      path: `${new URL(url).pathname}?query={__typename}`,
      headers,
    });
    request.setHeader('accept', 'application/json');
    request.end();
    const responses: unknown[] = await once(request, 'response');
    expect(responses[0]).toHaveProperty('statusCode', 200);
  });
});

describe('an operation over a WebSocket', () => {
  test('is subject to the same rules as over HTTP', async () => {
    const gateway = await startTestGateway({ options: { limits: { depth: 2, upstreamRequests: 3 } } });
    const { socketUrl } = await serveGateway(gateway);
    const { subscribe, untilMessages, messages } = await connect(socketUrl);
    await untilMessages('connection_ack');
    const rejected: [string, string][] = [
      ['{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
      ['{', 'GRAPHQL_PARSE_FAILED'],
      ['{ livestreams { nodes { meeting { id } } } }', 'GRAPHQL_VALIDATION_FAILED'],
      [`{ ${'abcdef'.replaceAll(/./g, '$&: livestream(id: "$&") { id } ')} }`, 'QUERY_TOO_EXPENSIVE'],
      ['subscription { livestreamUpdated(livestreamId: "not/one") { id } }', 'BAD_USER_INPUT'],
      ['subscription { livestreamUpdated(livestreamId: "unknown") { id } }', 'BAD_USER_INPUT'],
    ];
    for (const [index, [query]] of rejected.entries()) subscribe(String(index), { query });
    await expect.poll(() => messages.length).toBe(rejected.length + 1);
    const codes = messages.flatMap((message) => {
      const code = at(message, 'payload', 0, 'extensions', 'code');
      return at(message, 'type') === 'error' ? [[at(message, 'id'), code]] : [];
    });
    expect(new Map(codes.map(([id, code]) => [id, code]))).toEqual(
      new Map(rejected.map(([, code], index) => [String(index), code])),
    );
    expect(gateway.logs).toEqual([]);
  });

  test('fails with UNAUTHENTICATED if RealtimeKit rejects the token, and leaves the connection open', async () => {
    const gateway = await startTestGateway(PASSTHROUGH);
    gateway.sandbox.setFaults([{ kind: 'status', status: 401, times: 1 }]);
    const { socketUrl } = await serveGateway(gateway);
    const { subscribe, untilMessages, messages } = await connect(socketUrl, { authorization: 'Bearer of-alice' });
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    await untilMessages('connection_ack', 'error');
    expect(messages[1]).toMatchObject({ id: '1', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    subscribe('2', { query: '{ __typename }' });
    await untilMessages('connection_ack', 'error', 'next', 'complete');
  });

  test('is rejected if the caller lacks the scope of the subscription', async () => {
    const sha256 = '1f2121007bed4356448a438740bc42c0479ee40453230c3e574e2ab6b17653c0';
    const keys = [{ name: 'none', sha256, scopes: [] }];
    const { socketUrl } = await serveGateway(await startTestGateway({ options: { auth: { kind: 'api-key', keys } } }));
    const { subscribe, untilMessages, messages } = await connect(socketUrl, { 'x-api-key': 'key-of-nobody' });
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    await untilMessages('connection_ack', 'error');
    expect(messages[1]).toMatchObject({ payload: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('may have an empty operation name', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway());
    const { subscribe, untilMessages, messages } = await connect(socketUrl);
    subscribe('1', { query: '{ __typename }', operationName: '' });
    await untilMessages('connection_ack', 'next', 'complete');
    expect(at(messages[1], 'payload')).toEqual({ data: { __typename: 'Query' } });
  });

  test('can be sent by the id of its document', async () => {
    const trustedDocuments = {
      documents: new Map([['all', '{ livestreams(first: 1) { totalCount } }']]),
      isExclusive: true,
    };
    const { socketUrl } = await serveGateway(await startTestGateway({ options: { trustedDocuments } }));
    const { subscribe, untilMessages, messages } = await connect(socketUrl);
    subscribe('1', { documentId: 'all' });
    await untilMessages('connection_ack', 'next', 'complete');
    subscribe('2', { query: '{ __typename }' });
    await untilMessages('connection_ack', 'next', 'complete', 'error');
    expect(messages[1]).toMatchObject({ payload: { data: { livestreams: { totalCount: 320 } } } });
    expect(messages[3]).toMatchObject({ payload: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('returns the data of other fields if one field fails, and the error with its code', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 500, route: '/livestreams/{livestream_id}' }]);
    const { socketUrl } = await serveGateway(gateway);
    const { subscribe, untilMessages, messages } = await connect(socketUrl);
    subscribe('1', { query: '{ __typename livestream(id: "abc") { name } }' });
    await untilMessages('connection_ack', 'next', 'complete');
    const extensions = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
    expect(messages[1]).toMatchObject({
      payload: { data: { __typename: 'Query', livestream: null }, errors: [{ path: ['livestream'], extensions }] },
    });
  });

  test('aborts its upstream requests when the client completes it', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const { socketUrl } = await serveGateway(gateway);
    const { subscribe, send, messages } = await connect(socketUrl);
    subscribe('1', { query: '{ livestreams(first: 1) { totalCount } }' });
    const inFlight = async (): Promise<unknown> => at(gateway.sandbox.requests(), 'inFlight');
    await expect.poll(inFlight).toBe(1);
    send({ id: '1', type: 'complete' });
    await expect.poll(inFlight).toBe(0);
    expect(messages).toEqual([{ type: 'connection_ack' }]);
  });

  test('may have the id of one that its client has completed, and ends when it is completed or disconnected', async () => {
    const complete = { id: '1', type: 'complete' };
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway);
    const { socket, messages, send, subscribe } = await connect(socketUrl);
    const count = () => gateway.server.subscriptionCount();
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    send(complete);
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    send(complete);
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    await expect.poll(() => messages).toContainEqual(expect.objectContaining({ id: '1', type: 'next' }));
    expect(count()).toBe(1);
    send(complete);
    await expect.poll(count).toBe(0);
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    await expect.poll(count).toBe(1);
    expect(messages).not.toContainEqual(complete);
    send(complete);
    subscribe('1', { query: SUBSCRIBE_TO_ALL });
    socket.terminate();
    await expect.poll(count).toBe(0);
  });

  test('works with the client graphql-ws', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway());
    const client = createClient({ url: socketUrl });
    onTestFinished(async () => client.dispose());
    const results = client.iterate({ query: '{ livestreams(first: 1) { totalCount } }' });
    expect((await results.next()).value).toEqual({ data: { livestreams: { totalCount: 320 } } });
  });
});

describe('the server', () => {
  test('rejects a subscription beyond the limit of the caller, over all connections', async () => {
    const gateway = await startTestGateway({ options: { live: { perCaller: 2 } } });
    const { socketUrl } = await serveGateway(gateway);
    const [first, second] = await Promise.all([connect(socketUrl), connect(socketUrl)]);
    first.subscribe('1', { query: SUBSCRIBE_TO_ALL });
    second.subscribe('1', { query: SUBSCRIBE_TO_ALL });
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(2);
    first.subscribe('2', { query: SUBSCRIBE_TO_ALL });
    await expect.poll(() => first.messages).toContainEqual(expect.objectContaining({ id: '2', type: 'error' }));
    expect(JSON.stringify(first.messages)).toContain('RATE_LIMITED');
    second.socket.terminate();
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  });

  test('rejects an operation beyond the limit of operations in progress over one connection', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway, { maxOperations: 2 });
    const { subscribe, messages } = await connect(socketUrl);
    for (const id of ['1', '2', '3']) subscribe(id, { query: SUBSCRIBE_TO_ALL });
    await expect.poll(() => messages).toContainEqual(expect.objectContaining({ id: '3', type: 'error' }));
    expect(gateway.server.subscriptionCount()).toBeLessThanOrEqual(2);
  });

  test('closes the connection with 1009 after a message that is too large', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway(), { maxMessageBytes: 1000 });
    const { subscribe, closed } = await connect(socketUrl);
    subscribe('1', { query: '{ __typename }'.padEnd(1000) });
    expect((await closed)[0]).toBe(1009);
  });

  test.each([
    ['invalid JSON', '{', 4400],
    ['an array', '[]', 4400],
    ['a payload that is a number', '{"id":"1","type":"subscribe","payload":7}', 4400],
    ["a server's message", '{"id":"1","type":"next","payload":{}}', 4400],
    [
      'a ping that is nested too deeply to be answered',
      `{"type":"ping","payload":{"a":${'['.repeat(9e4)}${']'.repeat(9e4)}}}`,
      4400,
    ],
  ])('closes the connection with 4400 after %s instead of a message of the protocol', async (_case, text, code) => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway);
    const { socket, messages, closed, untilMessages } = await connect(socketUrl);
    await untilMessages('connection_ack');
    socket.send(text);
    expect((await closed)[0]).toBe(code);
    expect(messages).toHaveLength(1);
    expect(gateway.logs).toEqual([]);
  });

  test('rejects variables that are nested too deeply', async () => {
    const { socketUrl } = await serveGateway(await startTestGateway());
    const { socket, messages, untilMessages } = await connect(socketUrl);
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    socket.send(`{"id":"1","type":"subscribe","payload":{"query":"{a}","variables":{"a":${nested}}}}`);
    await untilMessages('connection_ack', 'error');
    expect(messages[1]).toMatchObject({ payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });
});

test('the server disconnects a client that has not answered a ping by the next one, 12 seconds later', async () => {
  const clock = createFakeClock();
  const { socketUrl, sockets } = await serveGateway(await startTestGateway(), { clock });
  const unresponsive = new WebSocket(socketUrl, 'graphql-transport-ws', { autoPong: false });
  await once(unresponsive, 'open');
  const { socket } = await connect(socketUrl);
  const pinged = once(socket, 'ping');
  clock.advance(12_000);
  await pinged;
  // The server answers this ping after it has read the client's answer to its own.
  socket.ping();
  await once(socket, 'pong');
  expect([unresponsive.readyState, sockets.size()]).toEqual([unresponsive.OPEN, 2]);
  const closed = once(unresponsive, 'close');
  clock.advance(12_000);
  await closed;
  expect([socket.readyState, sockets.size()]).toEqual([socket.OPEN, 1]);
});

describe('a server that is draining', () => {
  test('completes queries before it closes their connection with 1012, and rejects new connections', async () => {
    const gateway = await startTestGateway();
    const served = await serveGateway(gateway);
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const { subscribe, untilMessages, messages, closed } = await connect(served.socketUrl);
    await untilMessages('connection_ack');
    subscribe('1', { query: '{ livestreams(first: 1) { totalCount } }' });
    subscribe('2', { query: SUBSCRIBE_TO_ALL });
    await expect.poll(() => at(gateway.sandbox.requests(), 'inFlight')).toBe(2);
    const drained = served.drain();
    subscribe('3', { query: '{ __typename }' });
    expect(await statusOfUpgrade(served.socketUrl, {}).catch(() => 'unreachable')).toBe('unreachable');
    gateway.clock.advance(30_000);
    expect(await closed).toEqual([1012, 'Connect again.']);
    await drained;
    expect(messages.map((message) => at(message, 'id'))).toEqual([undefined, '1', '1']);
  });
});
