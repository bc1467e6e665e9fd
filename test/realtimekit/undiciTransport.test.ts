import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { readBody, whenClosed, startHttp, startHttp2, startHttps } from '../support/origins.ts';
import type { Origin } from '../support/origins.ts';
import { createTransport, post, read, running, times } from './undiciSupport.ts';

/** Sends `count` reads at once, and returns the statuses of the responses. */
async function burst(send: Transport, url: string, count: number): Promise<number[]> {
  const responses = await Promise.all(Array.from({ length: count }, () => send(read(url))));
  return responses.map(({ status }) => status);
}

/** A listener that responds only when `count` requests have arrived. */
function whenAllArrived(count: number): RequestListener {
  const waiting: ServerResponse[] = [];
  return (_request, response) => {
    waiting.push(response);
    if (waiting.length === count) for (const pending of waiting) pending.end();
  };
}

describe('connections', () => {
  test('50 parallel reads over HTTP/2 need at most two handshakes', async () => {
    const versions = new Set<string>();
    const origin = await running(
      startHttp2((request, response) => {
        versions.add(request.httpVersion);
        response.end();
      }),
    );

    expect(await burst(createTransport().send, origin.url, 50)).toEqual(times(50, 200));
    expect(versions).toEqual(new Set(['2.0']));
    expect(origin.handshakes).toBeLessThanOrEqual(2);
  });

  test('64 parallel reads from an http origin are all in flight at once', async () => {
    const origin = await running(startHttp(whenAllArrived(64)));

    expect(await burst(createTransport().send, origin.url, 64)).toEqual(times(64, 200));
  });

  test('64 parallel reads from an https origin without HTTP/2 are all in flight at once', async () => {
    const origin = await running(startHttps(whenAllArrived(64)));

    expect(await burst(createTransport().send, origin.url, 64)).toEqual(times(64, 200));
  });

  test.each([
    ['HTTP/1.1', () => startHttp((_request, response) => response.end())],
    ['HTTP/2', () => startHttp2((_request, response) => response.end())],
  ])('sequential reads share connections over %s', async (_version, start) => {
    const origin = await running<Origin>(start());
    const { send } = createTransport();

    for (let i = 0; i < 20; i++) await send(read(origin.url));
    // Two over HTTP/1.1: undici reuses a connection only in the next turn of the event loop.
    expect(origin.connections.length).toBeLessThanOrEqual(2);
  });

  test('a connection gets no further requests after its maximum age', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send } = createTransport();

    await send(read(origin.url));
    vi.setSystemTime(Date.now() + 60_001);
    await send(read(origin.url));
    expect(origin.handshakes).toBe(2);
  });

  test('close ends idle connections, and later requests are rejected', async () => {
    const origin = await running(startHttp((_request, response) => response.end()));
    const { send, close } = createTransport();
    await send(read(origin.url));

    await close();
    await Promise.all(origin.connections.map(whenClosed));
    await expect(send(read(origin.url))).rejects.toMatchObject({ failure: 'connect' });
    expect(origin.connections).toHaveLength(1);
  });

  test('close waits for requests in flight', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const origin = await running(startHttp((_request, response) => arrived.resolve(response)));
    const { send, close } = createTransport();
    const sending = send(read(origin.url));
    const response = await arrived.promise;

    const closed = close();
    response.end('whole');
    await closed;
    expect((await sending).body).toBe('whole');
  });
});

describe('requests', () => {
  test('arrive with their own headers and the encodings that are understood', async () => {
    const origin = await running(
      startHttp((request, response) => {
        void readBody(request).then((body) =>
          response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })),
        );
      }),
    );

    const response = await createTransport().send(
      post(`${origin.url}/a%2Fb?c=d%20e`, { headers: { authorization: 'Bearer t' }, body: '{"é":1}' }),
    );
    expect(JSON.parse(response.body)).toEqual({
      method: 'POST',
      url: '/a%2Fb?c=d%20e',
      headers: {
        host: new URL(origin.url).host,
        connection: 'keep-alive',
        authorization: 'Bearer t',
        'accept-encoding': 'gzip, br',
        'content-length': '8',
      },
      body: '{"é":1}',
    });
  });

  test('arrive with their body over HTTP/2', async () => {
    const origin = await running(
      startHttp2((request, response) => void readBody(request).then((body) => response.end(body))),
    );

    expect((await createTransport().send(post(origin.url, { body: 'é' }))).body).toBe('é');
  });

  test.each([
    ['a line break in a header', { headers: { authorization: 'secret\nvalue' } }],
    ['a header name with a space', { headers: { 'a b': 'c' } }],
    ['a header that belongs to the connection', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a relative URL', { url: '/secret' }],
  ])('are rejected if they have %s, and the next request succeeds', async (_problem, malformed) => {
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send } = createTransport();

    const rejected = send(read(origin.url, malformed));
    await expect(rejected).rejects.toMatchObject({ failure: 'connect', message: 'The request is not valid HTTP' });
    expect((await send(read(origin.url))).status).toBe(200);
  });
});

describe('responses', () => {
  test('have repeated headers joined over HTTP/2', async () => {
    const origin = await running(
      startHttp2((_request, response) => response.writeHead(200, { 'set-cookie': ['b=1', 'c=2'] }).end()),
    );

    expect((await createTransport().send(read(origin.url))).headers).toMatchObject({ 'set-cookie': 'b=1, c=2' });
  });

  test('are not confused with early hints over HTTP/2', async () => {
    const origin = await running(
      startHttp2((_request, response) => {
        response.stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
        response.end('late');
      }),
    );

    expect(await createTransport().send(read(origin.url))).toMatchObject({ status: 200, body: 'late' });
  });
});

describe('the limit of the response body', () => {
  test('does not affect other requests on an HTTP/2 connection when it rejects a body', async () => {
    const waiting = Promise.withResolvers<{ end(body: string): void }>();
    const origin = await running(
      startHttp2((request, response) => {
        if (request.url === '/slow') waiting.resolve(response);
        else response.write('123456');
      }),
    );
    const { send } = createTransport();
    const slow = send(read(`${origin.url}/slow`));
    const response = await waiting.promise;

    await expect(send(read(`${origin.url}/long`, { maxBodyBytes: 5 }))).rejects.toMatchObject({ failure: 'too-large' });
    response.end('unharmed');
    expect((await slow).body).toBe('unharmed');
    expect(origin.handshakes).toBe(1);
  });
});
