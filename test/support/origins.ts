import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

// The key protects nothing: the certificate is for 127.0.0.1 and localhost only. This command in test/support/tls made both files:
//   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 36500 -subj '/CN=localhost' \
//     -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout key.pem -out cert.pem
const key = readFileSync(new URL('tls/key.pem', import.meta.url), 'utf8');
/** Self-signed: clients of `startHttp2` and `startHttps` must use it as their certificate authority. */
export const certificate = readFileSync(new URL('tls/cert.pem', import.meta.url), 'utf8');

/** A server on a free port of 127.0.0.1, and the connections to it. */
export interface Origin<S extends Server = Server> {
  server: S;
  /** `http://127.0.0.1:port`, or https. */
  url: string;
  /** TCP connections so far. */
  connections: Socket[];
  /** TLS handshakes completed so far. */
  handshakes: number;
  /** Drops every connection. */
  stop(): Promise<void>;
}

/** Cleartext HTTP/1.1. */
export const startHttp = async (listener: RequestListener): Promise<Origin> =>
  start('http', createHttpServer(listener));

/** HTTP/1.1 over TLS, without HTTP/2. */
export const startHttps = async (listener: RequestListener): Promise<Origin> =>
  start('https', createHttpsServer({ key, cert: certificate }, listener));

/** HTTP/2 over TLS, with HTTP/1.1 for clients that prefer it. */
export const startHttp2 = async (
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void = () => {},
): Promise<Origin<Http2SecureServer>> =>
  start('https', createSecureServer({ key, cert: certificate, allowHTTP1: true }, listener));

/** A plain TCP server: `listener` handles the connections. */
export const startTcp = async (listener: (socket: Socket) => void = () => {}): Promise<Origin> =>
  start('https', createTcpServer(listener));

/** Reads the whole body of a request. */
export async function readBody(request: IncomingMessage | Http2ServerRequest): Promise<string> {
  request.setEncoding('utf8');
  let body = '';
  for await (const part of request) body += String(part);
  return body;
}

/** Resolves when the connection is closed, however it ends. */
export async function whenClosed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

async function start<S extends Server>(scheme: string, server: S): Promise<Origin<S>> {
  const origin: Origin<S> = {
    server,
    url: '',
    connections: [],
    handshakes: 0,
    stop: async () => {
      for (const socket of origin.connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.prependListener('connection', (socket: Socket) => {
    // Some tests let the client drop its connection: not an error of the server.
    socket.on('error', () => {});
    origin.connections.push(socket);
  });
  server.on('secureConnection', () => (origin.handshakes += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin.url = `${scheme}://127.0.0.1:${portOf(server.address())}`;
  return origin;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
