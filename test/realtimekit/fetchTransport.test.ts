import { describe, expect, test } from 'vitest';

import { createFetchTransport } from '../../src/realtimekit/fetchTransport.ts';
import { startHttp, startTcp } from '../support/origins.ts';
import { post, read, running } from './undiciSupport.ts';

describe('the transport over fetch', () => {
  test.each([
    ['a line break in a header', { headers: { authorization: 'secret\nvalue' } }],
    ['a header name with a space', { headers: { 'a b': 'c' } }],
    ['a character outside of Latin-1 in a header', { headers: { a: '😀' } }],
    ['a header that belongs to the connection', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a relative URL', { url: '/secret' }],
    ['a URL of another protocol', { url: 'data:,secret' }],
    ['a body in a GET', { body: 'secret' }],
  ])('sends nothing that has %s', async (_problem, malformed) => {
    let sent = 0;
    const { send } = createFetchTransport({
      fetch: () => {
        sent += 1;
        return Promise.resolve(new Response());
      },
    });

    const rejected = send(read('http://127.0.0.1', malformed));
    await expect(rejected).rejects.toMatchObject({ failure: 'connect', message: 'The request is not valid HTTP' });
    expect(sent).toBe(0);
  });

  test('calls a refused connection an interruption, because not every platform tells the two apart', async () => {
    const origin = await startTcp();
    await origin.stop();

    const sending = createFetchTransport().send(post(`${origin.url}/secret`, { headers: { authorization: 'secret' } }));
    await expect(sending).rejects.toMatchObject({
      failure: 'interrupted',
      message: 'The connection failed, or broke before the response was complete (ECONNREFUSED)',
    });
  });

  test('sends none of the cookies that a response has set', async () => {
    const cookies: (string | undefined)[] = [];
    const origin = await running(
      startHttp((request, response) => {
        cookies.push(request.headers.cookie);
        response.setHeader('set-cookie', 'a=1').end();
      }),
    );
    const { send } = createFetchTransport();

    await send(read(origin.url));
    await send(read(origin.url));
    expect(cookies).toEqual([undefined, undefined]);
  });

  test('sends every request, though the response may be cached', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp((_request, response) => {
        arrivals += 1;
        response.setHeader('cache-control', 'max-age=60').end();
      }),
    );
    const { send } = createFetchTransport();

    await send(read(origin.url));
    await send(read(origin.url));
    expect(arrivals).toBe(2);
  });

  // As workerd returns one.
  test('takes an interim response for an interruption, and ends it', async () => {
    const ended = Promise.withResolvers<void>();
    const interim = new Response(new ReadableStream({ cancel: () => ended.resolve() }));
    Object.defineProperty(interim, 'status', { value: 103 });
    const { send } = createFetchTransport({
      fetch: (request) => {
        request.signal.addEventListener('abort', () => void interim.body?.cancel());
        return Promise.resolve(interim);
      },
    });

    await expect(send(post('http://127.0.0.1'))).rejects.toMatchObject({ failure: 'interrupted' });
    await ended.promise;
  });

  test.each(['a request', 'a response body'])(
    'does not wait for a platform that ignores the abort of %s',
    async (what) => {
      const started = Promise.withResolvers<void>();
      const { send } = createFetchTransport({
        fetch: () => {
          started.resolve();
          return what === 'a request'
            ? new Promise(() => {})
            : Promise.resolve(
                new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) })),
              );
        },
      });
      const abort = new AbortController();
      const reason = new Error('enough');
      const sending = send(read('http://127.0.0.1', { signal: abort.signal }));
      await started.promise;

      abort.abort(reason);
      await expect(sending).rejects.toBe(reason);
    },
  );
});
