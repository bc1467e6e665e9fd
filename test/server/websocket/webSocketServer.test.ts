import { once } from 'node:events';
import { request as httpRequest } from 'node:http';

import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

import { at, matching, startTestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { serve } from '../../support/served.ts';

const PASSTHROUGH: TestGatewayOptions = { options: { auth: { kind: 'passthrough' } } };
const WATCH_ALL = 'subscription { livestreamUpdated { id } }';

/** A caller who speaks the protocol's own messages. */
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
    run: (id: string, payload: object) => send({ id, type: 'subscribe', payload }),
    until: async (...types: string[]) =>
      expect.poll(() => messages.map((message) => at(message, 'type'))).toEqual(types),
  };
}

/** With which status a request for a WebSocket is answered. */
async function knock(url: string, headers: Record<string, string>, path = '/graphql'): Promise<number> {
  const socket = new WebSocket(new URL(path, url), 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    socket.once('error', reject);
  });
}

describe('who may connect', () => {
  test('without a credential nobody, and they are told so', async () => {
    const { socketUrl } = await serve(await startTestGateway(PASSTHROUGH));
    const { closed, messages } = await connect(socketUrl);
    expect(await closed).toEqual([4401, matching(/^Send the header/)]);
    expect(messages).toEqual([]);
  });

  test('nobody without having said who they are', async () => {
    const { socketUrl } = await serve(await startTestGateway());
    const { run, closed } = await connect(socketUrl, null);
    run('1', { query: '{ __typename }' });
    expect(await closed).toEqual([4401, 'Unauthorized']);
  });

  test.each([
    ['their first message', { authorization: 'Bearer of-alice' }, {}],
    ['its headers', { headers: { Authorization: 'Bearer of-alice' } }, {}],
    ['the request', {}, { authorization: 'Bearer of-alice' }],
  ])('who shows a credential in %s', async (_where, init, headers) => {
    const gateway = await startTestGateway(PASSTHROUGH);
    const { socketUrl } = await serve(gateway);
    const { run, until, messages } = await connect(socketUrl, init, headers);
    run('1', { query: '{ livestreams(first: 1) { totalCount } }' });
    await until('connection_ack', 'next', 'complete');
    expect(messages[1]).toEqual({ id: '1', type: 'next', payload: { data: { livestreams: { totalCount: 320 } } } });
  });

  test('what no header can hold is refused', async () => {
    const { socketUrl } = await serve(await startTestGateway(PASSTHROUGH));
    const { closed } = await connect(socketUrl, { authorization: 'Bearer a\nhost: b' });
    expect(await closed).toEqual([4400, 'Invalid header value.']);
  });

  test('who says nothing at all is sent away', async () => {
    const { socketUrl } = await serve(await startTestGateway(), { initTimeoutMs: 20 });
    const { closed } = await connect(socketUrl, null);
    expect(await closed).toEqual([4408, 'Connection initialisation timeout']);
  });

  test('pages of other sites may not, but for the listed ones', async () => {
    const { socketUrl, host } = await serve(await startTestGateway(), { corsOrigins: ['https://app.example.com'] });
    const statuses = await Promise.all(
      [`http://${host}`, 'https://app.example.com', 'https://evil.example.com', 'null', 'nonsense'].map(
        async (origin) => knock(socketUrl, { origin }),
      ),
    );
    expect(statuses).toEqual([101, 101, 403, 403, 403]);
  });

  test('where only this machine is served, only by its own names', async () => {
    const { socketUrl } = await serve(await startTestGateway(), { localOnly: true });
    expect(await knock(socketUrl, { host: 'rebound.example.com', origin: 'http://rebound.example.com' })).toBe(421);
    expect(await knock(socketUrl, { host: 'localhost' })).toBe(101);
  });

  test('there is one address for it, and an offer of another protocol is not taken up', async () => {
    const { url, socketUrl, port } = await serve(await startTestGateway());
    expect(await knock(socketUrl, {}, '/other')).toBe(404);
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' };
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      path: `${new URL(url).pathname}?query={__typename}`,
      headers,
    });
    request.setHeader('accept', 'application/json');
    request.end();
    const answered: unknown[] = await once(request, 'response');
    expect(answered[0]).toHaveProperty('statusCode', 200);
  });
});

describe('an operation over it', () => {
  test('is held to every rule for those over HTTP', async () => {
    const gateway = await startTestGateway({ options: { limits: { depth: 2, upstreamRequests: 3 } } });
    const { socketUrl } = await serve(gateway);
    const { run, until, messages } = await connect(socketUrl);
    await until('connection_ack');
    const refused: [string, string][] = [
      ['{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
      ['{', 'GRAPHQL_PARSE_FAILED'],
      ['{ livestreams { nodes { meeting { id } } } }', 'GRAPHQL_VALIDATION_FAILED'],
      [`{ ${'abcdef'.replaceAll(/./g, '$&: livestream(id: "$&") { id } ')} }`, 'QUERY_TOO_EXPENSIVE'],
      ['subscription { livestreamUpdated(livestreamId: "not/one") { id } }', 'BAD_USER_INPUT'],
      ['subscription { livestreamUpdated(livestreamId: "unknown") { id } }', 'BAD_USER_INPUT'],
    ];
    for (const [index, [query]] of refused.entries()) run(String(index), { query });
    await expect.poll(() => messages.length).toBe(refused.length + 1);
    const codes = messages.flatMap((message) => {
      const code = at(message, 'payload', 0, 'extensions', 'code');
      return at(message, 'type') === 'error' ? [[at(message, 'id'), code]] : [];
    });
    expect(new Map(codes.map(([id, code]) => [id, code]))).toEqual(
      new Map(refused.map(([, code], index) => [String(index), code])),
    );
    expect(gateway.logs).toEqual([]);
  });

  test('is refused without its scope, as a field is', async () => {
    const sha256 = '1f2121007bed4356448a438740bc42c0479ee40453230c3e574e2ab6b17653c0';
    const keys = [{ name: 'none', sha256, scopes: [] }];
    const { socketUrl } = await serve(await startTestGateway({ options: { auth: { kind: 'api-key', keys } } }));
    const { run, until, messages } = await connect(socketUrl, { 'x-api-key': 'key-of-nobody' });
    run('1', { query: WATCH_ALL });
    await until('connection_ack', 'error');
    expect(messages[1]).toMatchObject({ payload: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('may be sent by its id', async () => {
    const trustedDocuments = {
      documents: new Map([['all', '{ livestreams(first: 1) { totalCount } }']]),
      isExclusive: true,
    };
    const { socketUrl } = await serve(await startTestGateway({ options: { trustedDocuments } }));
    const { run, until, messages } = await connect(socketUrl);
    run('1', { documentId: 'all' });
    await until('connection_ack', 'next', 'complete');
    run('2', { query: '{ __typename }' });
    await until('connection_ack', 'next', 'complete', 'error');
    expect(messages[1]).toMatchObject({ payload: { data: { livestreams: { totalCount: 320 } } } });
    expect(messages[3]).toMatchObject({ payload: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('tells what fails in a field beside the others, with its code', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: '/livestreams/{livestream_id}' }]);
    const { socketUrl } = await serve(gateway);
    const { run, until, messages } = await connect(socketUrl);
    run('1', { query: '{ __typename livestream(id: "abc") { name } }' });
    await until('connection_ack', 'next', 'complete');
    const extensions = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
    expect(messages[1]).toMatchObject({
      payload: { data: { __typename: 'Query', livestream: null }, errors: [{ path: ['livestream'], extensions }] },
    });
  });

  test('that is given up is given up upstream', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'hang' }]);
    const { socketUrl } = await serve(gateway);
    const { run, send, messages } = await connect(socketUrl);
    run('1', { query: '{ livestreams(first: 1) { totalCount } }' });
    const inFlight = async (): Promise<unknown> => at(gateway.sandbox.requests(), 'inFlight');
    await expect.poll(inFlight).toBe(1);
    send({ id: '1', type: 'complete' });
    await expect.poll(inFlight).toBe(0);
    expect(messages).toEqual([{ type: 'connection_ack' }]);
  });

  test('works with a client, as it would over HTTP', async () => {
    const { socketUrl } = await serve(await startTestGateway());
    const client = createClient({ url: socketUrl });
    onTestFinished(async () => client.dispose());
    const results = client.iterate({ query: '{ livestreams(first: 1) { totalCount } }' });
    expect((await results.next()).value).toEqual({ data: { livestreams: { totalCount: 320 } } });
  });
});

describe('what one caller may have', () => {
  test('are so many subscriptions, over however many connections', async () => {
    const gateway = await startTestGateway({ options: { live: { perCaller: 2 } } });
    const { socketUrl } = await serve(gateway);
    const [one, other] = await Promise.all([connect(socketUrl), connect(socketUrl)]);
    one.run('1', { query: WATCH_ALL });
    other.run('1', { query: WATCH_ALL });
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(2);
    one.run('2', { query: WATCH_ALL });
    await expect.poll(() => one.messages).toContainEqual(expect.objectContaining({ id: '2', type: 'error' }));
    expect(JSON.stringify(one.messages)).toContain('RATE_LIMITED');
    other.socket.terminate();
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  });

  test('are so many operations over one connection', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serve(gateway, { maxOperations: 2 });
    const { run, messages } = await connect(socketUrl);
    for (const id of ['1', '2', '3']) run(id, { query: WATCH_ALL });
    await expect.poll(() => messages).toContainEqual(expect.objectContaining({ id: '3', type: 'error' }));
    expect(gateway.server.subscriptionCount()).toBeLessThanOrEqual(2);
  });

  test('are messages that are not too long', async () => {
    const { socketUrl } = await serve(await startTestGateway(), { maxMessageBytes: 1000 });
    const { run, closed } = await connect(socketUrl);
    run('1', { query: '{ __typename }'.padEnd(1000) });
    expect((await closed)[0]).toBe(1009);
  });

  test.each([
    ['no JSON', '{', 4400],
    ['no message', '[]', 4400],
    ['no operation', '{"id":"1","type":"subscribe","payload":7}', 4400],
  ])('are messages of the protocol: %s', async (_what, text, code) => {
    const { socketUrl } = await serve(await startTestGateway());
    const { socket, messages, closed, until } = await connect(socketUrl);
    await until('connection_ack');
    socket.send(text);
    expect((await closed)[0]).toBe(code);
    expect(messages).toHaveLength(1);
  });

  test('are no variables in a nest that is too deep', async () => {
    const { socketUrl } = await serve(await startTestGateway());
    const { socket, messages, until } = await connect(socketUrl);
    const nest = '['.repeat(100_000) + ']'.repeat(100_000);
    socket.send(`{"id":"1","type":"subscribe","payload":{"query":"{a}","variables":{"a":${nest}}}}`);
    await until('connection_ack', 'error');
    expect(messages[1]).toMatchObject({ payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });
});

test('who does not answer any more is cut off', async () => {
  const { socketUrl, sockets } = await serve(await startTestGateway(), { pingIntervalMs: 20 });
  const silent = new WebSocket(socketUrl, 'graphql-transport-ws', { autoPong: false });
  await once(silent, 'open');
  const { socket } = await connect(socketUrl);
  await once(silent, 'close');
  await once(socket, 'ping');
  expect([socket.readyState, sockets.size()]).toEqual([socket.OPEN, 1]);
});

describe('a gateway that ends', () => {
  test('lets a query finish before its connection is closed, and tells its caller to come back', async () => {
    const gateway = await startTestGateway();
    const served = await serve(gateway);
    gateway.sandbox.fail([{ kind: 'hang' }]);
    const { run, until, messages, closed } = await connect(served.socketUrl);
    await until('connection_ack');
    run('1', { query: '{ livestreams(first: 1) { totalCount } }' });
    run('2', { query: WATCH_ALL });
    await expect.poll(() => at(gateway.sandbox.requests(), 'inFlight')).toBe(2);
    const drained = served.drain();
    run('3', { query: '{ __typename }' });
    expect(await knock(served.socketUrl, {}).catch(() => 'refused')).toBe('refused');
    gateway.clock.advance(30_000);
    expect(await closed).toEqual([1012, 'Connect again.']);
    await drained;
    expect(messages.map((message) => at(message, 'id'))).toEqual([undefined, '1', '1']);
  });
});
