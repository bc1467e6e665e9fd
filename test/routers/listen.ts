import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';

/** An HTTP server on a free port of 127.0.0.1. Disposing of it closes all its connections. */
export interface ListeningServer extends AsyncDisposable {
  /** URL without a path. */
  origin: string;
  port: number;
  /** Sets the listener for WebSocket upgrade requests. */
  onUpgrade(listener: (request: IncomingMessage, stream: Duplex, head: Buffer) => void): void;
}

export async function listen(requestListener: RequestListener): Promise<ListeningServer> {
  const server = createServer(requestListener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port');
  const { port } = address;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    onUpgrade: (listener) => void server.on('upgrade', listener),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Returns a free port, for a program that cannot choose one by itself. */
export async function findFreePort(): Promise<number> {
  await using server = await listen(() => {});
  return server.port;
}
