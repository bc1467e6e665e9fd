import { once } from 'node:events';
import { get, IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

import { createResponder } from '../../src/server/createResponse.ts';
import type { Fetch } from '../../src/server/websocket/sseBridge.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { startTestGateway } from '../support/gateway.ts';
import { serveGateway, serveResponses } from '../support/servedGateway.ts';

/** 64 KiB. */
const EVENT = 'x'.repeat(65_536);
/** More events than fit into all buffers between two local programs, those of the operating system included. */
const BUFFERED_EVENTS = 500;
/** Where the source ends if it does not wait for the reader. */
const MAX_EVENTS = 4 * BUFFERED_EVENTS;

const EVENT_STREAM = { headers: { 'content-type': 'text/event-stream' } };

/** A fake gateway that accepts every connection and responds to each operation with `respond`. */
function createFakeGateway(respond: () => Response): Fetch {
  return ({ headers }) => (headers.get('accept') === 'text/event-stream' ? respond() : Response.json({ data: {} }));
}

/** Returns `count` once it has not risen for many turns of the event loop, which runs both ends of the connection. */
async function settled(count: () => number): Promise<number> {
  let last = count();
  for (let turns = 0; turns < 500; turns += 1) {
    await setImmediate();
    if (count() > last) [last, turns] = [count(), 0];
  }
  return last;
}

test('a WebSocket client that does not read makes the gateway stop producing events', async () => {
  let produced = 0;
  const encoder = new TextEncoder();
  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      async pull(controller) {
        await setImmediate();
        produced += 1;
        if (produced === MAX_EVENTS) return controller.close();
        return controller.enqueue(
          encoder.encode(`event: next\ndata: ${JSON.stringify({ data: { event: EVENT } })}\n\n`),
        );
      },
    });
  const fetch = createFakeGateway(() => new Response(body(), EVENT_STREAM));
  const { socketUrl } = await serveGateway(await startTestGateway(), { fetch });
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send('{"id":"1","type":"subscribe","payload":{"query":"subscription { event }"}}');
  await once(socket, 'message');
  socket.pause();
  const buffered = await settled(() => produced);
  expect(buffered).toBeLessThan(BUFFERED_EVENTS);
  socket.resume();
  await expect.poll(() => produced, { timeout: 15_000 }).toBeGreaterThan(buffered + BUFFERED_EVENTS);
});

test('a WebSocket client that does not read its results is not read from either', async () => {
  let operationCount = 0;
  const result = JSON.stringify({ data: { event: EVENT } });
  const fetch = createFakeGateway(() => {
    operationCount += 1;
    return new Response(`event: next\ndata: ${result}\n\nevent: complete\ndata:\n\n`, EVENT_STREAM);
  });
  const { socketUrl } = await serveGateway(await startTestGateway(), { fetch, maxOperations: 10_000 });
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.pause();
  const sent = 2000;
  for (let id = 0; id < sent; id += 1)
    socket.send(
      `{"id":"${id}","type":"subscribe","payload":{"query":"{ event }","operationName":"${'n'.repeat(1000)}"}}`,
    );
  const started = await settled(() => operationCount);
  expect(started).toBeLessThan(sent / 2);
  socket.resume();
  await expect.poll(() => operationCount, { timeout: 15_000 }).toBe(sent);
});

test('an event-stream client that does not read makes the gateway stop producing events', async () => {
  let produced = 0;
  async function* produce() {
    while (produced < MAX_EVENTS) {
      await setImmediate();
      produced += 1;
      yield { data: { event: EVENT } };
    }
  }
  const { fetchAPI } = (await startTestGateway()).server;
  const clock = createFakeClock();
  const respond = createResponder({ clock, formatErrors: (result) => result, report: () => {} }, fetchAPI);
  const headers = { accept: 'text/event-stream' };
  const request = new Request('http://gateway.test/graphql', { headers });
  const { port } = await serveResponses(() => respond(produce(), request, {}));
  const responseEvent: unknown[] = await once(get({ port, host: '127.0.0.1', path: '/graphql', headers }), 'response');
  const [response] = responseEvent;
  if (!(response instanceof IncomingMessage)) throw new Error('No response');
  const buffered = await settled(() => produced);
  expect(buffered).toBeLessThan(BUFFERED_EVENTS);
  response.resume();
  await expect.poll(() => produced, { timeout: 15_000 }).toBeGreaterThan(buffered + BUFFERED_EVENTS);
  response.destroy();
});
