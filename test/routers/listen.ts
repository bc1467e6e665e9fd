import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';

/** What listens on a free port of 127.0.0.1. */
export interface Listening extends AsyncDisposable {
  /** Without a path. */
  origin: string;
  port: number;
  /** Takes requests for WebSockets. */
  onUpgrade(listener: (request: IncomingMessage, stream: Duplex, head: Buffer) => void): void;
}

export async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('It listens on no port');
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

/** A port that is free, for a program that cannot choose one by itself. */
export async function freePort(): Promise<number> {
  await using listening = await listen(() => {});
  return listening.port;
}
