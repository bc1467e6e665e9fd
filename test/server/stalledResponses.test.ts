import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { nonNull } from '../support/gateway.ts';
import { serveResponses } from '../support/servedGateway.ts';

/** More than fits into all buffers between two local programs, those of the operating system included. */
const LONG = 'x'.repeat(32 * 1024 * 1024);
const STALL_TIMEOUT_MS = 200;

afterEach(() => void vi.useRealTimers());

const LONG_STREAM = { headers: { 'content-type': 'text/event-stream' } };

/** Serves what `answer` returns for each request, and connects to it. */
async function connectTo(answer: () => Response | Promise<Response>, stallTimeoutMs = STALL_TIMEOUT_MS) {
  const { server, port } = await serveResponses(answer, { stallTimeoutMs });
  const responses: ServerResponse[] = [];
  let connection: Socket | undefined;
  server.on('connection', (socket) => (connection = socket));
  server.on('request', (_request, response) => responses.push(response));
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  return {
    client,
    responses,
    send: (count = 1) => void client.write('GET /graphql HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(count)),
    /** The idle timeout of the connection at the side of the gateway; 0 for none. */
    timeout: (): number => connection?.timeout ?? 0,
  };
}

/** An endless stream, of which a part is sent whenever the client has read the one before. */
function createStream(onCancel = (): void => {}): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode(`data: ${'x'.repeat(65_536)}\n\n`);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk), cancel: onCancel });
}

describe('a client that stops reading', () => {
  test('is disconnected if it has not read a response after 5 minutes, even if it sends something meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { client, responses, send } = await connectTo(() => new Response(LONG));
    client.pause();
    send();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(299_999);
    client.write('\r\n');
    expect(responses[0]?.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    await expect.poll(() => responses.map(({ closed }) => closed)).toEqual([true]);
    expect(responses[0]?.writableFinished).toBe(false);
  });

  test('is disconnected after a while if an event stream waits for it, which is cancelled', async () => {
    let cancelled = 0;
    const { client, send } = await connectTo(
      () =>
        new Response(
          createStream(() => (cancelled += 1)),
          LONG_STREAM,
        ),
    );
    client.pause();
    send();
    await expect.poll(() => cancelled).toBe(1);
  });
});

describe('the time that a client has to read', () => {
  test('begins with the response, and leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const results = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()];
    const waiting = [...results];
    const { client, responses, send } = await connectTo(async () => nonNull(waiting.shift()).promise);
    for (const [index, { resolve }] of results.entries()) {
      send();
      await expect.poll(() => responses.length).toBe(index + 1);
      vi.advanceTimersByTime(600_000);
      expect(responses[index]?.destroyed).toBe(false);
      resolve(new Response('result'));
      await once(client, 'data');
      await expect.poll(() => responses[index]?.closed).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test('ends with a response that was read in several parts', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { client, responses, send } = await connectTo(() => new Response(LONG));
    client.pause();
    send();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    client.resume();
    await expect.poll(() => responses[0]?.writableFinished).toBe(true);
    await expect.poll(() => vi.getTimerCount()).toBe(0);
  });

  test('has no end for an event stream that is read', async () => {
    const connection = await connectTo(() => new Response(createStream(), LONG_STREAM), 12_345);
    connection.send();
    await once(connection.client, 'data');
    expect(connection.timeout()).toBe(12_345);
  });
});
