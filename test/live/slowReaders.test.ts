import { once } from 'node:events';
import { createServer, get, IncomingMessage } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';

import { createSchema, createYoga } from 'graphql-yoga';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

import type { Fetch } from '../../src/server/websocket/sseBridge.ts';
import { present, startTestGateway } from '../support/gateway.ts';
import { serve } from '../support/served.ts';

/** An event of 64 KiB. */
const EVENT = 'x'.repeat(65_536);
/** More events than all buffers between two programs of one machine hold, in this process and in the operating system. */
const MANY = 500;
/** Where it would end, if nobody waited for the reader. */
const ENOUGH = 4 * MANY;

const STREAM = { headers: { 'content-type': 'text/event-stream' } };

/** Stands for a gateway: lets everybody in, and answers each operation so. */
function asGateway(answer: () => Response): Fetch {
  return ({ headers }) => (headers.get('accept') === 'text/event-stream' ? answer() : Response.json({ data: {} }));
}

/** Resolves once `count` has stopped rising. */
async function atRest(count: () => number): Promise<number> {
  for (let last = -1; last !== count();) {
    last = count();
    await setTimeout(200);
  }
  return count();
}

test('for who reads slowly over a WebSocket no more events are made than they take', async () => {
  let made = 0;
  const encoder = new TextEncoder();
  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      async pull(controller) {
        await setImmediate();
        made += 1;
        if (made === ENOUGH) return controller.close();
        return controller.enqueue(
          encoder.encode(`event: next\ndata: ${JSON.stringify({ data: { event: EVENT } })}\n\n`),
        );
      },
    });
  const fetch = asGateway(() => new Response(body(), STREAM));
  const { socketUrl } = await serve(await startTestGateway(), { fetch });
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send('{"id":"1","type":"subscribe","payload":{"query":"subscription { event }"}}');
  await once(socket, 'message');
  socket.pause();
  const waiting = await atRest(() => made);
  expect(waiting).toBeLessThan(MANY);
  socket.resume();
  await expect.poll(() => made, { timeout: 15_000 }).toBeGreaterThan(waiting + MANY);
});

test('whose answers wait to be read is not read any further', async () => {
  let asked = 0;
  const answer = JSON.stringify({ data: { event: EVENT } });
  const fetch = asGateway(() => {
    asked += 1;
    return new Response(`event: next\ndata: ${answer}\n\nevent: complete\ndata:\n\n`, STREAM);
  });
  const { socketUrl } = await serve(await startTestGateway(), { fetch, operations: 10_000 });
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
  const taken = await atRest(() => asked);
  expect(taken).toBeLessThan(sent / 2);
  socket.resume();
  await expect.poll(() => asked, { timeout: 15_000 }).toBe(sent);
});

test('for who reads slowly over an event stream no more events are made than they take', async () => {
  let made = 0;
  const yoga = createYoga({
    schema: createSchema({
      typeDefs: 'type Query { any: Int } type Subscription { event: String }',
      resolvers: {
        Subscription: {
          event: {
            async *subscribe() {
              while (made < ENOUGH) {
                await setImmediate();
                made += 1;
                yield { event: EVENT };
              }
            },
          },
        },
      },
    }),
    logging: false,
  });
  const server = createServer((request, response) => void yoga(request, response)).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = present(server.address());
  const port = typeof address === 'object' ? address.port : 0;
  const headers = { accept: 'text/event-stream' };
  const answered: unknown[] = await once(
    get({ port, host: '127.0.0.1', path: '/graphql?query=subscription{event}', headers }),
    'response',
  );
  const [response] = answered;
  if (!(response instanceof IncomingMessage)) throw new Error('No answer');
  const waiting = await atRest(() => made);
  expect(waiting).toBeLessThan(MANY);
  response.resume();
  await expect.poll(() => made, { timeout: 15_000 }).toBeGreaterThan(waiting + MANY);
  response.destroy();
});
