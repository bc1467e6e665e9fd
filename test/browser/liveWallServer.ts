import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type RequestOptions, type Server } from 'node:http';
import path from 'node:path';

const DIST = path.join(import.meta.dirname, '../../examples/live-wall/dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

export interface LiveWallServer {
  origin: string;
  /** Passes requests to the gateway on from now on; null if there is none to reach. */
  useGateway: (address: string | null) => void;
  close: () => void;
}

/** Serves the build of `examples/live-wall` and, under the same origin, a gateway that can be replaced. */
export async function serveLiveWall(): Promise<LiveWallServer> {
  let port = '';
  const sockets = new Set<{ destroy: () => void }>();
  const targetOf = ({ url, method, headers }: IncomingMessage): RequestOptions => ({
    host: '127.0.0.1',
    port,
    path: url,
    method,
    headers,
  });

  const server: Server = createServer((incoming, response) => {
    if (incoming.url !== '/graphql') {
      const name = incoming.url === '/' ? 'index.html' : (incoming.url ?? '').slice(1);
      readFile(path.join(DIST, name)).then(
        (body) => response.setHeader('content-type', TYPES[path.extname(name)] ?? 'text/plain').end(body),
        () => response.writeHead(404).end(),
      );
      return;
    }
    if (port === '') {
      response.writeHead(502).end();
      return;
    }
    const outgoing = request(targetOf(incoming), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });

  server.on('upgrade', (incoming, socket) => {
    if (port === '') return void socket.destroy();
    const outgoing = request(targetOf(incoming));
    outgoing.on('upgrade', (answer, upstream) => {
      const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
      socket.pipe(upstream).pipe(socket);
      for (const each of [socket, upstream]) {
        sockets.add(each);
        each.on('error', () => each.destroy()).on('close', () => sockets.delete(each));
      }
    });
    outgoing.on('error', () => socket.destroy());
    return void outgoing.end();
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : ''}`,
    useGateway(gateway) {
      port = gateway === null ? '' : new URL(gateway).port;
      for (const socket of sockets) socket.destroy();
    },
    close() {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}
