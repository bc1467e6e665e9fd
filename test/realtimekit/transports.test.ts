import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { Cancellation } from '../../src/lib/cancellation.ts';
import { createFetchTransport } from '../../src/realtimekit/fetchTransport.ts';
import { readBody, startHttp, startTcp, whenClosed } from '../support/origins.ts';
import { createTransport, firstConnection, post, read, running } from './undiciSupport.ts';

const TRANSPORTS = [
  ['undici', createTransport],
  ['fetch', createFetchTransport],
] as const;

describe.each(TRANSPORTS)("the transport over %s: the request's body", (_name, create) => {
  test('arrives with its length', async () => {
    const origin = await running(
      startHttp((request, response) => {
        void readBody(request).then((body) => response.end(`${request.headers['content-length']} ${body}`));
      }),
    );

    expect((await create().send(post(origin.url, { body: '{"é":1}' }))).body).toBe('8 {"é":1}');
  });

  test('arrives once when the server closes its connection', async () => {
    let arrivals = 0;
    const origin = await running(
      startHttp((request) => {
        arrivals++;
        void readBody(request).then(() => request.socket.destroy());
      }),
    );
    const { send } = create();

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    // If the first POST were retried, the retry would arrive before this one.
    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    expect(arrivals).toBe(2);
  });

  test('arrives once when the server closes the reused connection during it', async () => {
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
    const { send } = create();
    await send(read(origin.url));

    await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
    await send(read(origin.url));
    expect(arrivals).toBe(1);
  });
});

describe.each(TRANSPORTS)('the transport over %s: responses', (_name, create) => {
  test('have lower-case header names, and repeated headers joined', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.setHeader('X-One', 'a');
        response.setHeader('X-Two', ['b', 'c']);
        response.setHeader('Set-Cookie', ['d=1', 'e=2']);
        response.end();
      }),
    );

    const { headers } = await create().send(read(origin.url));
    expect(headers).toMatchObject({ 'x-one': 'a', 'x-two': 'b, c', 'set-cookie': 'd=1, e=2' });
  });

  test('have characters decoded that are split between chunks', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        for (const byte of Buffer.from('a€😀')) response.write(Buffer.of(byte));
        response.end();
      }),
    );

    expect((await create().send(read(origin.url))).body).toBe('a€😀');
  });

  test('have no byte order mark', async () => {
    const origin = await running(startHttp((_request, response) => response.end('\uFEFF{}')));

    expect((await create().send(read(origin.url))).body).toBe('{}');
  });

  test('have an empty body if the server sends none', async () => {
    const origin = await running(startHttp((_request, response) => response.writeHead(204).end()));

    expect(await create().send(read(origin.url))).toMatchObject({ status: 204, body: '' });
  });

  test.each([
    ['gzip', gzipSync('text')],
    ['br', brotliCompressSync('text')],
  ])('in %s are decompressed', async (encoding, body) => {
    const origin = await running(
      startHttp((_request, response) => response.setHeader('content-encoding', encoding).end(body)),
    );

    expect((await create().send(read(origin.url))).body).toBe('text');
  });

  test('with a redirect are returned, not followed', async () => {
    const paths: (string | undefined)[] = [];
    const origin = await running(
      startHttp((request, response) => {
        paths.push(request.url);
        response.writeHead(302, { location: '/elsewhere' }).end('moved');
      }),
    );

    expect(await create().send(read(`${origin.url}/here`))).toMatchObject({
      status: 302,
      headers: { location: '/elsewhere' },
      body: 'moved',
    });
    expect(paths).toEqual(['/here']);
  });

  test('are not confused with early hints', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.writeEarlyHints({ link: '</style.css>; rel=preload' });
        response.end('late');
      }),
    );

    const response = await create().send(read(origin.url));
    expect(response).toMatchObject({ status: 200, body: 'late' });
    expect(response.headers).not.toHaveProperty('link');
  });

  test('that are truncated are an interruption', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.setHeader('content-length', 10);
        response.write('half', () => response.destroy());
      }),
    );

    await expect(create().send(read(origin.url))).rejects.toMatchObject({ failure: 'interrupted' });
  });

  test('that are not HTTP are an interruption, whose message contains nothing of the request', async () => {
    const origin = await running(startTcp((socket) => socket.once('data', () => socket.end('secret\n'))));
    const url = `${origin.url.replace('https', 'http')}/secret?secret`;

    const sending = create().send(post(url, { headers: { authorization: 'secret' } }));
    await expect(sending).rejects.toMatchObject({
      failure: 'interrupted',
      message: expect.not.stringMatching(/secret|127/) as unknown,
    });
  });
});

describe.each(TRANSPORTS)('the transport over %s: the limit of the response body', (_name, create) => {
  test('allows a body of exactly the limit', async () => {
    const origin = await running(startHttp((_request, response) => response.end('12345')));

    expect((await create().send(read(origin.url, { maxBodyBytes: 5 }))).body).toBe('12345');
  });

  test('rejects a content-length above the limit without waiting for the body', async () => {
    const origin = await running(
      startHttp((_request, response) => {
        response.setHeader('content-length', 6);
        response.flushHeaders();
      }),
    );

    await expect(create().send(read(origin.url, { maxBodyBytes: 5 }))).rejects.toMatchObject({ failure: 'too-large' });
    await whenClosed(firstConnection(origin));
  });

  test('rejects a body without a content-length as soon as it exceeds the limit in bytes', async () => {
    // Six bytes, two characters; the response never ends.
    const origin = await running(startHttp((_request, response) => response.write('€€')));

    await expect(create().send(read(origin.url, { maxBodyBytes: 5 }))).rejects.toMatchObject({ failure: 'too-large' });
    await whenClosed(firstConnection(origin));
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(10_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(10_000_000))],
  ])('rejects a body in %s that exceeds the limit once it is decompressed', async (encoding, body) => {
    const origin = await running(
      startHttp((_request, response) => response.setHeader('content-encoding', encoding).end(body)),
    );

    const sending = create().send(read(origin.url, { maxBodyBytes: 100_000 }));
    await expect(sending).rejects.toMatchObject({ failure: 'too-large' });
  });
});

describe.each(TRANSPORTS)("the transport over %s: the request's signal", (_name, create) => {
  const reason = new Error('enough');

  test('prevents the request if it is aborted already', async () => {
    const origin = await running(startHttp((_request, response) => response.end()));

    await expect(create().send(read(origin.url, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(origin.connections).toHaveLength(0);
  });

  test('cancels the request while it waits for the response, and closes the connection', async () => {
    const arrived = Promise.withResolvers<void>();
    const origin = await running(startHttp(() => arrived.resolve()));
    const signal = new Cancellation();
    const response = create().send(read(origin.url, { signal }));
    await arrived.promise;

    signal.abort(reason);
    await expect(response).rejects.toBe(reason);
    await whenClosed(firstConnection(origin));
  });

  test('cancels the request while the response body is read', async () => {
    const signal = new Cancellation();
    const origin = await running(
      startHttp((_request, response) => void response.write('half', () => signal.abort(reason))),
    );

    await expect(create().send(read(origin.url, { signal }))).rejects.toBe(reason);
    await whenClosed(firstConnection(origin));
  });

  test('has no listeners left after any outcome', async () => {
    const origin = await running(
      startHttp((request, response: ServerResponse) => {
        if (request.url === '/broken') response.destroy();
        else response.end('123456');
      }),
    );
    const refused = await startTcp();
    await refused.stop();
    const { signal } = new AbortController();
    const { send } = create();

    await Promise.allSettled([
      send(read(origin.url, { signal })),
      send(read(origin.url, { signal, maxBodyBytes: 5 })),
      send(read(`${origin.url}/broken`, { signal })),
      send(read(refused.url, { signal })),
    ]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
