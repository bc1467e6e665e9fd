import { once } from 'node:events';

import { createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { cleanUpAfterTest } from '../../support/cleanup.ts';
import { at } from '../../support/gateway.ts';
import { API_KEY, deploy, type Deployment } from './deployment.ts';

const CREDENTIAL = { 'x-api-key': API_KEY };
const SUBSCRIPTION = { query: 'subscription { livestreamUpdated { id status } }' };
const QUERY = { query: '{ livestreams(first: 1) { totalCount } }' };
const START = `mutation ($input: StartLivestreamInput!) { startLivestream(input: $input) { livestream { id } } }`;

const socketUrl = ({ origins }: Deployment): string => `${String(origins[0]).replace('http', 'ws')}/graphql`;

/** Opens a WebSocket, sends `connection_init` with the payload `init` unless it is null, and waits for the first message. */
async function connect(deployment: Deployment, init: object | null = CREDENTIAL, headers: Record<string, string> = {}) {
  const socket = new WebSocket(socketUrl(deployment), 'graphql-transport-ws', { headers });
  cleanUpAfterTest(async () => socket.terminate());
  const messages: unknown[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')));
  const closed = once(socket, 'close').then(([code, reason]: unknown[]) => [code, String(reason)]);
  await once(socket, 'open');
  const send = (message: object): void => socket.send(JSON.stringify(message));
  if (init !== null) {
    send({ type: 'connection_init', payload: init });
    await Promise.race([once(socket, 'message'), closed]);
  }
  const types = (): unknown[] => messages.map((message) => at(message, 'type'));
  return {
    messages,
    closed,
    send,
    types,
    subscribe: (id: string, payload: object) => send({ id, type: 'subscribe', payload }),
    untilMessages: async (...expected: string[]) => expect.poll(types).toEqual(expected),
  };
}

/** A client that connects again until it succeeds. `codes`: of each close of an open connection. */
function startClient(deployment: Deployment) {
  const client = createClient({
    url: () => socketUrl(deployment),
    webSocketImpl: WebSocket,
    connectionParams: CREDENTIAL,
    shouldRetry: () => true,
    retryAttempts: 100,
    retryWait: async () => new Promise((resolve) => setTimeout(resolve, 50)),
  });
  const codes: unknown[] = [];
  let isConnected = false;
  client.on('connected', () => (isConnected = true));
  client.on('closed', (event) => {
    if (isConnected) codes.push(at(event, 'code'));
    isConnected = false;
  });
  cleanUpAfterTest(async () => client.dispose());
  return { client, codes };
}

describe('a WebSocket to the Worker', () => {
  it('carries the events that a mutation of another request causes', async () => {
    const deployment = await deploy();
    const { client } = startClient(deployment);
    const events = client.iterate(SUBSCRIPTION);
    await events.next();
    const input = { meetingId: deployment.sandbox.exampleIds.idleMeetingId, name: 'Launch' };
    const { body } = await deployment.query(START, { variables: { input } });
    const id = at(body, 'data', 'startLivestream', 'livestream', 'id');
    const ids: unknown[] = [];
    for await (const event of events) {
      ids.push(at(event, 'data', 'livestreamUpdated', 'id'));
      if (ids.at(-1) === id) break;
    }
    expect(ids).toContain(id);
  });

  it('carries operations to the object of the credential that a page of its own origin sends', async () => {
    const deployment = await deploy({ settings: { AUTH: 'passthrough', API_KEYS: '', CLOUDFLARE_API_TOKEN: '' } });
    const origin = String(deployment.origins[0]);
    const { subscribe, untilMessages } = await connect(deployment, { authorization: 'Bearer of-alice' }, { origin });
    subscribe('1', QUERY);
    await untilMessages('connection_ack', 'next', 'complete');
    expect(deployment.upstreamRequests()).toEqual(['GET /livestreams']);
  });

  it('is rejected for pages of other origins', async () => {
    const deployment = await deploy();
    const socket = new WebSocket(socketUrl(deployment), 'graphql-transport-ws', { origin: 'https://evil.example' });
    cleanUpAfterTest(async () => socket.terminate());
    socket.on('error', () => {});
    const status = new Promise((resolve) => {
      socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
    });
    expect(await status).toBe(403);
  });

  it.each([
    ['no credential', {}, null, 4401],
    ['a second connection_init', CREDENTIAL, { type: 'connection_init' }, 4429],
    ['a message that is not of the protocol', CREDENTIAL, { type: 'next' }, 4400],
    ['a message that is too large', CREDENTIAL, { type: 'ping', payload: { a: 'x'.repeat(2e6) } }, 1009],
  ])('is closed after %s', async (_case, init, message, code) => {
    const { closed, send } = await connect(await deploy(), init);
    if (message !== null) send(message);
    expect((await closed)[0]).toBe(code);
  });

  it('sends no more than 256 KiB to a client that does not confirm that it reads', async () => {
    const { subscribe, messages, send, types } = await connect(await deploy());
    const query = '{ livestreams(first: 100) { nodes { id name status } } }';
    for (let index = 0; index < 60; index += 1) subscribe(String(index), { query });
    await expect.poll(types).toContain('ping');
    const { length } = JSON.stringify(messages);
    expect(length).toBeLessThan(300 * 1024);
    expect(types().at(-1)).toBe('ping');
    send({ type: 'pong' });
    await expect.poll(() => JSON.stringify(messages).length).toBeGreaterThan(length + 200 * 1024);
  });
});

describe('after the object was evicted', () => {
  it('an idle WebSocket goes on in the new object, and is not acknowledged again', async () => {
    const deployment = await deploy();
    const { subscribe, untilMessages, send, closed } = await connect(deployment);
    subscribe('1', QUERY);
    await untilMessages('connection_ack', 'next', 'complete');
    await deployment.evict('gateway', 'hibernate');
    subscribe('2', QUERY);
    await untilMessages('connection_ack', 'next', 'complete', 'next', 'complete');
    send({ type: 'connection_init' });
    expect((await closed)[0]).toBe(4429);
  });

  it('a WebSocket whose headers do not fit into its attachment is closed with 1012', async () => {
    const deployment = await deploy();
    const { subscribe, untilMessages, closed } = await connect(deployment, CREDENTIAL, {
      'user-agent': 'x'.repeat(17_000),
    });
    subscribe('1', QUERY);
    await untilMessages('connection_ack', 'next', 'complete');
    await deployment.evict('gateway', 'hibernate');
    subscribe('2', QUERY);
    expect(await closed).toEqual([1012, 'Connect again.']);
  });

  it('a ping is answered, also without waking the object', async () => {
    const deployment = await deploy();
    const { send, messages } = await connect(deployment);
    await deployment.evict('gateway', 'hibernate');
    send({ type: 'ping' });
    send({ type: 'ping', payload: { sequence: 1 } });
    await expect
      .poll(() => messages)
      .toEqual([{ type: 'connection_ack' }, { type: 'pong' }, { type: 'pong', payload: { sequence: 1 } }]);
  });

  it('a client continues its subscription, from the current state, after the object crashed', async () => {
    const deployment = await deploy();
    const { client, codes } = startClient(deployment);
    const events = client.iterate(SUBSCRIPTION);
    const first = await events.next();
    await deployment.crash();
    await expect.poll(() => codes).toEqual([1006]);
    const ids = [];
    do ids.push(at((await events.next()).value, 'data', 'livestreamUpdated', 'id'));
    while (ids.at(-1) !== at(first.value, 'data', 'livestreamUpdated', 'id'));
    expect(codes).toEqual([1006]);
  });
});
