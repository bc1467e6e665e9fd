import { getEventListeners, once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import type { UndiciTransportOptions } from '../../src/realtimekit/undiciTransport.ts';
import { TransportError } from '../../src/realtimekit/transport.ts';
import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import { bodyOf, certificate, gone, startHttp, startHttp2, startHttps, startTcp } from '../support/origins.ts';
import type { Origin } from '../support/origins.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

function transport(options: UndiciTransportOptions = {}): ReturnType<typeof createUndiciTransport> {
  const made = createUndiciTransport({ ca: certificate, ...options });
  cleanups.push(() => made.close());
  return made;
}

async function running<O extends Origin>(starting: Promise<O>): Promise<O> {
  const origin = await starting;
  cleanups.push(() => origin.stop());
  return origin;
}

function read(url: string, rest: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url, headers: {}, signal: new AbortController().signal, maxBodyBytes: 1_000, ...rest };
}

function post(url: string, rest: Partial<TransportRequest> = {}): TransportRequest {
  return read(url, { method: 'POST', body: '{}', ...rest });
}

/** Sends `count` reads at once to a server that answers only when all have arrived. */
async function burst(send: Transport, url: string, count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => send(read(url))));
  return answers.map((answer) => answer.status);
}

function whenAllArrived(count: number): RequestListener {
  const waiting: ServerResponse[] = [];
  return (_request, response) => {
    waiting.push(response);
    if (waiting.length === count) for (const each of waiting) each.end();
  };
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('connections', () => {
  test('fifty parallel reads over HTTP/2 cost at most two handshakes', async () => {
    const versions = new Set<string>();
    const origin = await running(
      startHttp2((request, response) => {
        versions.add(request.httpVersion);
        response.end();
      }),
    );

    expect(await burst(transport().send, origin.url, 50)).toEqual(times(50, 200));
    expect(versions).toEqual(new Set(['2.0']));
    expect(origin.handshakes).toBeLessThanOrEqual(2);
  });

  test('sixty-four parallel reads of an http origin are all in flight at once', async () => {
    const origin = await running(startHttp(whenAllArrived(64)));

    expect(await burst(transport().send, origin.url, 64)).toEqual(times(64, 200));
  });

  test('sixty-four parallel reads of an https origin without HTTP/2 are all in flight at once', async () => {
    const origin = await running(startHttps(whenAllArrived(64)));

    expect(await burst(transport().send, origin.url, 64)).toEqual(times(64, 200));
  });

  test.each([
    ['HTTP/1.1', () => startHttp((_request, response) => response.end())],
    ['HTTP/2', () => startHttp2((_request, response) => response.end())],
  ])('reads one after the other share connections over %s', async (_version, start) => {
    const origin = await running<Origin>(start());
    const { send } = transport();

    for (let i = 0; i < 20; i++) await send(read(origin.url));
    // Two over HTTP/1.1: undici uses a connection again only in the next turn of the event loop.
    expect(origin.connections.length).toBeLessThanOrEqual(2);
  });

  test('a connection takes no further requests once it has lived its life', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send } = transport({ connectionLifeMs: 60_000 });

    await send(read(origin.url));
    vi.setSystemTime(Date.now() + 60_001);
    await send(read(origin.url));
    expect(origin.handshakes).toBe(2);
  });

  test('closing ends idle connections, and nothing is sent afterwards', async () => {
    const origin = await running(startHttp((_request, response) => response.end()));
    const { send, close } = transport();
    await send(read(origin.url));

    await close();
    await Promise.all(origin.connections.map(gone));
    await expect(send(read(origin.url))).rejects.toMatchObject({ failure: 'connect' });
    expect(origin.connections).toHaveLength(1);
  });

  test('closing waits for the answers under way', async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    const origin = await running(startHttp((_request, response) => arrived.resolve(response)));
    const { send, close } = transport();
    const answer = send(read(origin.url));
    const response = await arrived.promise;

    const closed = close();
    response.end('whole');
    await closed;
    expect((await answer).body).toBe('whole');
  });
});

describe('requests', () => {
  test('what the caller names arrives, and no accept-encoding beside it', async () => {
    const origin = await running(
      startHttp((request, response) => {
        void bodyOf(request).then((body) =>
          response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })),
        );
      }),
    );

    const answer = await transport().send(
      post(`${origin.url}/a%2Fb?c=d%20e`, { headers: { authorization: 'Bearer t' }, body: '{"é":1}' }),
    );
    expect(JSON.parse(answer.body)).toEqual({
      method: 'POST',
      url: '/a%2Fb?c=d%20e',
      headers: {
        host: new URL(origin.url).host,
        connection: 'keep-alive',
        authorization: 'Bearer t',
        'content-length': '8',
      },
      body: '{"é":1}',
    });
  });

  test('a body arrives over HTTP/2 too', async () => {
    const origin = await running(
      startHttp2((request, response) => void bodyOf(request).then((body) => response.end(body))),
    );

    expect((await transport().send(post(origin.url, { body: 'é' }))).body).toBe('é');
  });

  test.each([
    ['a line break in a header', { headers: { authorization: 'secret\nvalue' } }],
    ['a header name with a space', { headers: { 'a b': 'c' } }],
    ["a header that is the connection's own", { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a relative URL', { url: '/secret' }],
  ])('%s is refused, and what follows it goes through', async (_what, malformed) => {
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send } = transport();

    const refused = send(read(origin.url, malformed));
    await expect(refused).rejects.toMatchObject({ failure: 'connect', message: 'The request is not valid HTTP' });
    expect((await send(read(origin.url))).status).toBe(200);
  });
});

describe('answers', () => {
  test('header names are lower case and repeated headers are joined', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.setHeader('X-One', 'a');
        response.setHeader('Set-Cookie', ['b=1', 'c=2']);
        response.end();
      }),
    );

    const { headers } = await transport().send(read(origin.url));
    expect(headers).toMatchObject({ 'x-one': 'a', 'set-cookie': 'b=1, c=2' });
  });

  test('repeated headers are joined over HTTP/2 too', async () => {
    const origin = await running(
      startHttp2((_request, response) => response.writeHead(200, { 'set-cookie': ['b=1', 'c=2'] }).end()),
    );

    expect((await transport().send(read(origin.url))).headers).toMatchObject({ 'set-cookie': 'b=1, c=2' });
  });

  test('a character cut in two by a chunk border arrives whole', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        for (const byte of Buffer.from('a€😀')) response.write(Buffer.of(byte));
        response.end();
      }),
    );

    expect((await transport().send(read(origin.url))).body).toBe('a€😀');
  });

  test('an answer without a body has an empty one', async () => {
    const origin = await running(startHttp((_request, response) => response.writeHead(204).end()));

    expect(await transport().send(read(origin.url))).toMatchObject({ status: 204, body: '' });
  });

  test('a redirect is an answer like any other', async () => {
    const paths: (string | undefined)[] = [];
    const origin = await running(
      startHttp((request, response) => {
        paths.push(request.url);
        response.writeHead(302, { location: '/elsewhere' }).end('moved');
      }),
    );

    expect(await transport().send(read(`${origin.url}/here`))).toMatchObject({
      status: 302,
      headers: { location: '/elsewhere' },
      body: 'moved',
    });
    expect(paths).toEqual(['/here']);
  });

  test('an early hint is not the answer', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.writeEarlyHints({ link: '</style.css>; rel=preload' });
        response.end('late');
      }),
    );

    const answer = await transport().send(read(origin.url));
    expect(answer).toMatchObject({ status: 200, body: 'late' });
    expect(answer.headers).not.toHaveProperty('link');
  });

  test('an early hint is not the answer over HTTP/2 either', async () => {
    const origin = await running(
      startHttp2((_request, response) => {
        response.stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
        response.end('late');
      }),
    );

    expect(await transport().send(read(origin.url))).toMatchObject({ status: 200, body: 'late' });
  });
});

describe('the limit of the body', () => {
  test('a body of exactly the limit is delivered', async () => {
    const origin = await running(startHttp((_request, response) => response.end('12345')));

    expect((await transport().send(read(origin.url, { maxBodyBytes: 5 }))).body).toBe('12345');
  });

  test('an announced length beyond the limit is refused without waiting for the body', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.setHeader('content-length', 6);
        response.flushHeaders();
      }),
    );

    await expect(transport().send(read(origin.url, { maxBodyBytes: 5 }))).rejects.toMatchObject({
      failure: 'too-large',
    });
    await gone(first(origin));
  });

  test('a body without an announced length is refused as soon as it passes the limit in bytes', async () => {
    // Six bytes, two characters; the answer never ends.
    const origin = await running(startHttp((_request, response) => response.write('€€')));

    await expect(transport().send(read(origin.url, { maxBodyBytes: 5 }))).rejects.toMatchObject({
      failure: 'too-large',
    });
    await gone(first(origin));
  });

  test('over HTTP/2 a refused body leaves the other requests of the connection alone', async () => {
    const waiting = Promise.withResolvers<{ end(body: string): void }>();
    const origin = await running(
      startHttp2((request, response) => {
        if (request.url === '/slow') waiting.resolve(response);
        else response.write('123456');
      }),
    );
    const { send } = transport();
    const slow = send(read(`${origin.url}/slow`));
    const response = await waiting.promise;

    await expect(send(read(`${origin.url}/long`, { maxBodyBytes: 5 }))).rejects.toMatchObject({ failure: 'too-large' });
    response.end('unharmed');
    expect((await slow).body).toBe('unharmed');
    expect(origin.handshakes).toBe(1);
  });
});

describe('a request is sent once', () => {
  test('a POST whose connection the server closes arrives once', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp((request) => {
        arrivals++;
        void bodyOf(request).then(() => request.socket.destroy());
      }),
    );
    const { send } = transport();

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    // Had the first been repeated, the repetition would have arrived before this one.
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    expect(arrivals).toBe(2);
  });

  test('a POST on a kept connection that the server closes on it arrives once', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp((request, response) => {
        if (request.method === 'GET') {
          response.end();
        } else {
          arrivals++;
          request.socket.destroy();
        }
      }),
    );
    const { send } = transport();
    await send(read(origin.url));

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    await send(read(origin.url));
    expect(arrivals).toBe(1);
    expect(origin.connections).toHaveLength(2);
  });

  test('a POST after the server closed the kept connection arrives once, on a new one', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp((request, response) => {
        if (request.method === 'POST') arrivals++;
        response.end();
      }),
    );
    const { send } = transport();
    await send(read(origin.url));
    const kept = first(origin);
    kept.destroy();
    await gone(kept);

    expect((await send(post(origin.url))).status).toBe(200);
    expect(arrivals).toBe(1);
  });

  test('an answer cut short is an interruption', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.setHeader('content-length', 10);
        response.write('half', () => response.destroy());
      }),
    );

    await expect(transport().send(read(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
  });

  test('a POST whose HTTP/2 connection the server closes arrives once', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp2((request) => {
        arrivals++;
        void bodyOf(request).then(() => request.stream.session?.destroy());
      }),
    );
    const { send } = transport();

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    expect(arrivals).toBe(2);
  });

  test('a POST that the HTTP/2 server refuses is not repeated', async () => {
    let arrivals = 0;
    const origin = await running(startHttp2());
    origin.server.on('stream', (stream) => {
      arrivals++;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    const { send } = transport();

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    expect(arrivals).toBe(2);
  });

  test('a POST that the HTTP/2 server gives back on going away is not repeated', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp2((request, response) => {
        if (request.method === 'GET') {
          response.end();
        } else {
          arrivals++;
          // Says that the read, stream 1, was the last one worked on.
          request.stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
        }
      }),
    );
    const { send } = transport();
    await send(read(origin.url));

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    expect((await send(read(origin.url))).status).toBe(200);
    expect(arrivals).toBe(1);
  });
});

describe('without a connection', () => {
  const noConnection = {
    failure: 'connect',
    // Neither the place nor the secret.
    text: expect.stringMatching(/^TransportError: No connection came about( \([A-Z_0-9]+\))?$/) as unknown,
    cause: expect.any(Error) as unknown,
  };

  async function failureOf(url: string, options?: UndiciTransportOptions): Promise<unknown> {
    const request = post(`${url}/secret?secret`, { headers: { authorization: 'secret' } });
    const error: unknown = await transport(options)
      .send(request)
      .catch((reason: unknown) => reason);
    return error instanceof TransportError
      ? { failure: error.failure, text: String(error), cause: error.cause }
      : error;
  }

  test('a refused connection is a failure to connect', async () => {
    const origin = await startTcp();
    await origin.stop();

    expect(await failureOf(origin.url.replace('https', 'http'))).toEqual(noConnection);
    expect(await failureOf(origin.url)).toEqual(noConnection);
  });

  test('an unknown name is a failure to connect', async () => {
    expect(await failureOf('https://nowhere.invalid')).toEqual(noConnection);
  });

  test('a certificate nobody vouches for is a failure to connect', async () => {
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send, close } = createUndiciTransport();
    cleanups.push(close);

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'connect' });
  });

  test('a certificate for another name is a failure to connect', async () => {
    const origin = await running(startHttp2((_request, response) => response.end()));

    // The server is reached, under a name that is not in its certificate.
    expect(await failureOf(origin.url.replace('127.0.0.1', '0.0.0.0'))).toEqual({
      ...noConnection,
      text: 'TransportError: No connection came about (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
  });

  test('no environment turns the check of certificates off', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    cleanups.push(async () => void vi.unstubAllEnvs());
    const origin = await running(startHttp2((_request, response) => response.end()));
    const { send, close } = createUndiciTransport();
    cleanups.push(close);

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'connect' });
  });

  test('a server that speaks no TLS is a failure to connect', async () => {
    const origin = await running(startTcp((socket) => socket.end('no\n')));

    expect(await failureOf(origin.url)).toEqual(noConnection);
  });

  test('a handshake that never ends is a failure to connect', async () => {
    const origin = await running(startTcp());

    expect(await failureOf(origin.url, { connectTimeoutMs: 1 })).toEqual(noConnection);
  });

  test('requests that wait for the same handshake fail with it', async () => {
    // Only the first connection ends: whoever waited for a second would wait for ever.
    const origin = await running(
      startTcp((socket) => {
        if (origin.connections.length === 1) socket.destroy();
      }),
    );
    const { send } = transport();

    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => send(post(origin.url))));
    expect(outcomes).toEqual(
      times(50, { status: 'rejected', reason: expect.objectContaining({ failure: 'connect' }) as unknown }),
    );
  });
});

describe("the caller's signal", () => {
  const reason = new Error('enough');

  test('already aborted, it keeps the request from being made', async () => {
    const origin = await running(startHttp((_request, response) => response.end()));

    const answer = transport().send(read(origin.url, { signal: AbortSignal.abort(reason) }));
    await expect(answer).rejects.toBe(reason);
    expect(origin.connections).toHaveLength(0);
  });

  test('it ends the wait for the answer and closes the connection', async () => {
    const arrived = Promise.withResolvers<void>();
    const origin = await running(startHttp(() => arrived.resolve()));
    const abort = new AbortController();
    const answer = transport().send(read(origin.url, { signal: abort.signal }));
    await arrived.promise;

    abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await gone(first(origin));
  });

  test('it ends the reading of the body', async () => {
    const abort = new AbortController();
    const origin = await running(
      startHttp((_request, response) => void response.write('half', () => abort.abort(reason))),
    );

    await expect(transport().send(read(origin.url, { signal: abort.signal }))).rejects.toBe(reason);
    await gone(first(origin));
  });

  test('over HTTP/2 it ends its own request and no other', async () => {
    const arrived: { end(body: string): void }[] = [];
    const bothArrived = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const origin = await running(
      startHttp2((request, response) => {
        if (request.url === '/given-up') request.stream.on('close', () => cancelled.resolve());
        if (arrived.push(response) === 2) bothArrived.resolve();
      }),
    );
    const abort = new AbortController();
    const { send } = transport();
    const givenUp = send(read(`${origin.url}/given-up`, { signal: abort.signal }));
    const other = send(read(`${origin.url}/other`));
    await bothArrived.promise;

    abort.abort(reason);
    await expect(givenUp).rejects.toBe(reason);
    await cancelled.promise;
    for (const response of arrived) response.end('unharmed');
    expect((await other).body).toBe('unharmed');
    expect(origin.handshakes).toBe(1);
  });

  test.each([
    ['http', () => startHttp(() => {})],
    ['https', () => startHttp2()],
  ])('aborted while an %s connection is being made, the request is never sent', async (_scheme, start) => {
    // The server behind takes a connection only when the door lets it through.
    const paths: (string | undefined)[] = [];
    const behind = await running<Origin>(start());
    behind.server.on('request', ({ url }: { url: string }, response: ServerResponse) => {
      paths.push(url);
      response.end();
    });
    const knocked = Promise.withResolvers<void>();
    const door = await running(startTcp(() => knocked.resolve()));
    const url = door.url.replace('https', new URL(behind.url).protocol.slice(0, -1));
    const abort = new AbortController();
    const { send } = transport();
    const first = send(post(`${url}/first`, { signal: abort.signal }));
    const queued = send(post(`${url}/queued`, { signal: abort.signal }));

    // An http connection is open as soon as the kernel says so, and the next one is not.
    if (url.startsWith('https')) await knocked.promise;
    abort.abort(reason);
    await expect(first).rejects.toBe(reason);
    await expect(queued).rejects.toBe(reason);

    const third = send(post(`${url}/third`));
    if (door.connections.length === 0) await once(door.server, 'connection');
    for (const socket of door.connections) behind.server.emit('connection', socket);
    door.server.on('connection', (socket) => behind.server.emit('connection', socket));
    expect((await third).status).toBe(200);
    expect(paths).toEqual(['/third']);
  });

  test('no listener stays on it, whatever the outcome', async () => {
    const origin = await running(
      startHttp((request, response) => {
        if (request.url === '/broken') response.destroy();
        else response.end('123456');
      }),
    );
    const refused = await startTcp();
    await refused.stop();
    const { signal } = new AbortController();
    const { send } = transport();

    await Promise.allSettled([
      send(read(origin.url, { signal })),
      send(read(origin.url, { signal, maxBodyBytes: 5 })),
      send(read(`${origin.url}/broken`, { signal })),
      send(read(refused.url, { signal })),
    ]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

function first(origin: Origin): Socket {
  const [socket] = origin.connections;
  if (socket === undefined) throw new Error('nobody has connected');
  return socket;
}
