import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';

import { type Clock, systemClock } from '../../lib/clock.ts';
import { type ConnectionOptions, createConnections } from './connections.ts';
import { type HandshakeError, invalidHandshake } from './handshake.ts';
import { pauseIfCongested, sendWithBackpressure, startPings, textOf } from './socket.ts';

export interface WebSocketOptions extends ConnectionOptions {
  maxMessageBytes: number;
  /** When to ping clients: by the time of this clock. */
  clock?: Clock;
}

/** GraphQL over WebSocket for `node:http`. */
export type WebSockets = ReturnType<typeof createWebSocketServer>;

/** Creates the server, which connects the sockets of `ws` with `connections.ts`. */
export function createWebSocketServer(options: WebSocketOptions) {
  const { log, maxMessageBytes, clock = systemClock } = options;
  const acceptor = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: maxMessageBytes });
  const connections = createConnections(options);
  const sockets = new Set<WebSocket>();

  function open(socket: WebSocket, { headers }: IncomingMessage): void {
    sockets.add(socket);
    const stopPings = startPings(socket, clock);
    const connection = connections.open(
      {
        protocol: socket.protocol,
        isOpen: () => socket.readyState === socket.OPEN,
        send: async (text) => sendWithBackpressure(socket, text),
        close: (code, reason) => socket.close(code, reason),
      },
      headers,
    );
    socket.on('message', (data) => {
      pauseIfCongested(socket);
      void connection.receive(textOf(data));
    });
    // For example a message that is too long. The socket closes itself.
    socket.on('error', (error) => log('info', 'WebSocket error.', { error: error.message }));
    socket.once('close', (code, reason) => {
      stopPings();
      sockets.delete(socket);
      connection.end(code, String(reason));
    });
  }

  return {
    /** Opens a WebSocket for the event `upgrade` of a `node:http` server, or returns the reason why not. */
    upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): HandshakeError | null {
      const { url = '', headers } = request;
      let error = connections.checkHandshake({ url, host: headers.host ?? '', origin: headers.origin });
      if (error !== null) return error;
      const onInvalid = (reason: Error): void => void (error = invalidHandshake(reason));
      acceptor.once('wsClientError', onInvalid);
      acceptor.handleUpgrade(request, stream, head, (socket) => open(socket, request));
      acceptor.off('wsClientError', onInvalid);
      return error;
    },
    size: connections.size,
    drain: (): void => connections.drain(),
    /** Closes all remaining connections at once. */
    terminateAll(): void {
      for (const socket of sockets) socket.terminate();
    },
  };
}

/** Whether a request is a GET that upgrades to a WebSocket. Some clients offer an upgrade to HTTP/2 with every request: it is ignored. */
export function isWebSocketUpgrade({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}
