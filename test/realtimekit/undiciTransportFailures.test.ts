import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { setImmediate } from 'node:timers/promises';

import { describe, expect, test, vi } from 'vitest';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import type { UndiciTransportOptions } from '../../src/realtimekit/undiciTransport.ts';
import { TransportError } from '../../src/realtimekit/transport.ts';
import { readBody, whenClosed, startHttp, startHttp2, startTcp } from '../support/origins.ts';
import type { Origin } from '../support/origins.ts';
import { cleanups, createTransport, firstConnection, post, read, running, times } from './undiciSupport.ts';

/** Starts a server that counts POSTs, and opens a connection to it, which is idle. */
async function connectToPostCounter() {
  let arrivals = 0;
  const origin = await running(
    startHttp((request, response) => {
      if (request.method === 'POST') arrivals++;
      response.end();
    }),
  );
  const { send } = createTransport();
  await send(read(origin.url));
  return { origin, send, arrivals: () => arrivals };
}

describe('a transport that never retries', () => {
  test('a POST arrives once, on a new connection, after the server closed the idle one', async () => {
    const { origin, send, arrivals } = await connectToPostCounter();
    const idle = firstConnection(origin);
    idle.destroy();
    await whenClosed(idle);

    expect((await send(post(origin.url))).status).toBe(200);
    expect(arrivals()).toBe(1);
  });

  test('a POST arrives once when the server closes its HTTP/2 connection', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp2((request) => {
        arrivals++;
        void readBody(request).then(() => request.stream.session?.destroy());
      }),
    );
    const { send } = createTransport();

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    expect(arrivals).toBe(2);
  });

  test('a POST whose stream the HTTP/2 server refuses was not processed, and arrives once', async () => {
    let arrivals = 0;
    const origin = await running(startHttp2());
    origin.server.on('stream', (stream) => {
      arrivals++;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    const { send } = createTransport();

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'unprocessed' });
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'unprocessed' });
    expect(arrivals).toBe(2);
  });

  /** How a POST fails after the HTTP/2 server, which processed a GET as stream 1, sent a GOAWAY during the POST, stream 3. */
  async function failureAfterGoaway(code: number, lastStreamId: number): Promise<unknown> {
    let arrivals = 0;
    const origin = await running(
      startHttp2((request, response) => {
        if (request.method === 'GET') return void response.end();
        arrivals++;
        const { session } = request.stream;
        return void readBody(request).then(() => {
          session?.goaway(code, lastStreamId);
          // The GOAWAY arrives before the end of the connection.
          return session?.ping(() => session.destroy());
        });
      }),
    );
    const { send } = createTransport();
    await send(read(origin.url));

    const error: unknown = await send(post(origin.url)).catch((reason: unknown) => reason);
    expect((await send(read(origin.url))).status).toBe(200);
    expect(arrivals).toBe(1);
    return error instanceof TransportError ? error.failure : error;
  }

  test.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ])('a POST above the last stream of a GOAWAY with %s was not processed, and arrives once', async (_name, code) => {
    expect(await failureAfterGoaway(code, 1)).toBe('unprocessed');
  });

  test.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM],
  ])(
    'a POST up to the last stream of a GOAWAY with %s may have been processed, and arrives once',
    async (_name, code) => {
      expect(await failureAfterGoaway(code, 3)).toBe('interrupted');
    },
  );

  test.each([
    ['was reset is known not to have left', 'resetAndDestroy', 'connect'],
    ['was closed may have arrived', 'destroy', 'interrupted'],
  ] as const)('a POST that is written just after its idle connection %s', async (_what, close, failure) => {
    const { origin, send, arrivals } = await connectToPostCounter();
    await setImmediate();

    // Undici writes to an idle connection in the next turn of the event loop: after this.
    const closed = setImmediate().then(() => firstConnection(origin)[close]());
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure });
    await closed;
    expect(arrivals()).toBe(0);
  });
});

describe('a failed connection', () => {
  const noConnection = {
    failure: 'connect',
    // Contains neither the host nor the secret.
    text: expect.stringMatching(/^TransportError: The connection failed( \([A-Z_0-9]+\))?$/) as unknown,
    cause: expect.any(Error) as unknown,
  };

  async function failureOf(url: string, options?: UndiciTransportOptions): Promise<unknown> {
    const request = post(`${url}/secret?secret`, { headers: { authorization: 'secret' } });
    const error: unknown = await createTransport(options)
      .send(request)
      .catch((reason: unknown) => reason);
    return error instanceof TransportError
      ? { failure: error.failure, text: String(error), cause: error.cause }
      : error;
  }

  test('is reported when the server refuses the connection', async () => {
    const origin = await startTcp();
    await origin.stop();

    expect(await failureOf(origin.url.replace('https', 'http'))).toEqual(noConnection);
    expect(await failureOf(origin.url)).toEqual(noConnection);
  });

  test('is reported for an unknown host name', async () => {
    expect(await failureOf('https://nowhere.invalid')).toEqual(noConnection);
  });

  test('is reported for a certificate of an unknown authority', async () => {
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send, close } = createUndiciTransport();
    cleanups.push(close);

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'connect' });
  });

  test('is reported for a certificate of another host', async () => {
    const origin = await running(startHttp2((_request, response) => response.end()));

    // Reaches the server by a name that is not in its certificate.
    expect(await failureOf(origin.url.replace('127.0.0.1', '0.0.0.0'))).toEqual({
      ...noConnection,
      text: 'TransportError: The connection failed (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
  });

  test('is reported for a bad certificate even if NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    cleanups.push(async () => void vi.unstubAllEnvs());
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send, close } = createUndiciTransport();
    cleanups.push(close);

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'connect' });
  });

  test('is reported for a server without TLS', async () => {
    const origin = await running(startTcp((socket) => socket.end('no\n')));

    expect(await failureOf(origin.url)).toEqual(noConnection);
  });

  test('is reported for a TLS handshake that times out', async () => {
    const origin = await running(startTcp());

    expect(await failureOf(origin.url, { connectTimeoutMs: 1 })).toEqual(noConnection);
  });

  test('is reported for all requests that wait for the same handshake', async () => {
    // Only the first connection ends, so that a request that waited for a second one would hang.
    const origin = await running(
      startTcp((socket) => {
        if (origin.connections.length === 1) socket.destroy();
      }),
    );
    const { send } = createTransport();

    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => send(post(origin.url))));
    expect(outcomes).toEqual(
      times(50, { status: 'rejected', reason: expect.objectContaining({ failure: 'connect' }) as unknown }),
    );
  });
});

describe("the request's signal", () => {
  const reason = new Error('enough');

  test('cancels only its own request on an HTTP/2 connection', async () => {
    const arrived: { end(body: string): void }[] = [];
    const bothArrived = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const origin = await running(
      startHttp2((request, response) => {
        if (request.url === '/aborted') request.stream.on('close', () => cancelled.resolve());
        if (arrived.push(response) === 2) bothArrived.resolve();
      }),
    );
    const abort = new AbortController();
    const { send } = createTransport();
    const aborted = send(read(`${origin.url}/aborted`, { signal: abort.signal }));
    const other = send(read(`${origin.url}/other`));
    await bothArrived.promise;

    abort.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await cancelled.promise;
    for (const response of arrived) response.end('unharmed');
    expect((await other).body).toBe('unharmed');
    expect(origin.handshakes).toBe(1);
  });

  test.each([
    ['http', () => startHttp(() => {})],
    ['https', () => startHttp2()],
  ])('prevents a request that waits for its %s connection', async (_scheme, start) => {
    // The proxy accepts connections, and passes them on to the origin only when the test says so.
    const paths: (string | undefined)[] = [];
    const origin = await running<Origin>(start());
    origin.server.on('request', ({ url }: { url: string }, response: ServerResponse) => {
      paths.push(url);
      response.end();
    });
    const accepted = Promise.withResolvers<void>();
    const proxy = await running(startTcp(() => accepted.resolve()));
    const url = proxy.url.replace('https', new URL(origin.url).protocol.slice(0, -1));
    const abort = new AbortController();
    const { send } = createTransport();
    const first = send(post(`${url}/first`, { signal: abort.signal }));
    const queued = send(post(`${url}/queued`, { signal: abort.signal }));

    // An http connection is open as soon as the kernel accepts it, so that the abort must come before that.
    if (url.startsWith('https')) await accepted.promise;
    abort.abort(reason);
    await expect(first).rejects.toBe(reason);
    await expect(queued).rejects.toBe(reason);

    const third = send(post(`${url}/third`));
    if (proxy.connections.length === 0) await once(proxy.server, 'connection');
    for (const socket of proxy.connections) origin.server.emit('connection', socket);
    proxy.server.on('connection', (socket) => origin.server.emit('connection', socket));
    expect((await third).status).toBe(200);
    expect(paths).toEqual(['/third']);
  });
});
