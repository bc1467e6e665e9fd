import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';

import { cleanUpAfterTest } from './cleanup.ts';
import { portOf } from './ports.ts';

/** An HTTP server on a free port of 127.0.0.1. Disposing of it closes all its connections. */
export interface ListeningServer extends AsyncDisposable {
  /** URL without a path. */
  origin: string;
  /** Sets the listener for WebSocket upgrade requests. */
  onUpgrade(listener: (request: IncomingMessage, stream: Duplex, head: Buffer) => void): void;
}

export async function listen(requestListener: RequestListener): Promise<ListeningServer> {
  const server = createServer(requestListener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    onUpgrade: (listener) => void server.on('upgrade', listener),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Listens until the test ends. Returns the origin. */
export async function listenDuringTest(requestListener: RequestListener): Promise<string> {
  const server = await listen(requestListener);
  cleanUpAfterTest(() => server[Symbol.asyncDispose]());
  return server.origin;
}
