import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

import { expect, test } from 'vitest';

import { startHttp, startHttp2 } from '../support/origins.ts';
import { createTransport, post, read, running } from './undiciSupport.ts';

/** A proxy that tunnels to any port of 127.0.0.1. `refusals` are its responses to the first CONNECTs: a status, or null for none. */
async function startProxy(...refusals: (number | null)[]) {
  const requests: string[] = [];
  const proxy = await running(
    startHttp((request, response) => {
      requests.push(`${request.method} ${new URL(request.url ?? '').pathname}`);
      response.end('from the proxy');
    }),
  );
  proxy.server.on('connect', (request: IncomingMessage, socket: Socket) => {
    requests.push(`CONNECT ${request.headers['proxy-authorization'] ?? ''}`);
    const status = refusals.shift();
    if (status === null) return undefined;
    if (status !== undefined) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    return void once(upstream, 'connect').then(() => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      return socket.pipe(upstream).pipe(socket);
    });
  });
  return { url: proxy.url, requests };
}

test('an https upstream is reached through a tunnel of the proxy, with HTTP/2 and the proxy’s credentials', async () => {
  const proxy = await startProxy();
  const origin = await running(startHttp2((request, response) => void response.end(request.httpVersion)));
  const httpsProxy = proxy.url.replace('//', '//user:secret@');
  const { send } = createTransport({ proxy: { httpsProxy } });
  expect((await send(post(origin.url))).body).toBe('2.0');
  expect(proxy.requests).toEqual([`CONNECT Basic ${Buffer.from('user:secret').toString('base64')}`]);
});

test('an http upstream is reached through the proxy', async () => {
  const proxy = await startProxy();
  const { send } = createTransport({ proxy: { httpProxy: proxy.url } });
  expect((await send(read('http://upstream.invalid/path'))).body).toBe('from the proxy');
  expect(proxy.requests).toEqual(['GET /path']);
});

test('a host that is excluded from the proxy is reached directly', async () => {
  const proxy = await startProxy();
  const origin = await running(startHttp2((_request, response) => void response.end('direct')));
  const { send } = createTransport({ proxy: { httpsProxy: proxy.url, noProxy: 'a.example,127.0.0.1' } });
  expect((await send(read(origin.url))).body).toBe('direct');
  expect(proxy.requests).toEqual([]);
});

test('a proxy that does not respond to one CONNECT does not keep later requests waiting', async () => {
  const proxy = await startProxy(null);
  const origin = await running(startHttp2((_request, response) => void response.end('reached')));
  const { send } = createTransport({ proxy: { httpsProxy: proxy.url }, connectTimeoutMs: 1 });
  await expect(send(post(origin.url))).rejects.toMatchObject({ failure: 'connect', code: 'UND_ERR_HEADERS_TIMEOUT' });
  expect((await send(post(origin.url))).body).toBe('reached');
});

test('a proxy that demands credentials for a request without a tunnel did not forward it', async () => {
  const proxy = await running(startHttp((_request, response) => void response.writeHead(407).end()));
  const { send } = createTransport({ proxy: { httpProxy: proxy.url } });
  await expect(send(post('http://upstream.invalid'))).rejects.toMatchObject({
    failure: 'connect',
    code: 'UND_ERR_INVALID_ARG',
  });
});

test.each([403, 407, 502])('a proxy that refuses a tunnel with %i is named as the cause', async (status) => {
  const proxy = await startProxy(status);
  const { send } = createTransport({ proxy: { httpsProxy: proxy.url } });
  await expect(send(post('https://upstream.invalid'))).rejects.toMatchObject({
    failure: 'connect',
    code: 'UND_ERR_ABORTED',
  });
});
