import { once } from 'node:events';

import { onTestFinished } from 'vitest';

import { DEFAULT_OPERATION_LIMITS } from '../../src/graphql/limits/operationLimits.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/server/httpServer.ts';
import { createWebSocketServer, type WebSocketOptions } from '../../src/server/websocket/webSocketServer.ts';
import type { TestGateway } from './gateway.ts';

/** Serves a gateway over HTTP and WebSocket as the program does, until the test ends. */
export async function serveGateway(
  { server: gateway, logs }: TestGateway,
  options: Partial<WebSocketOptions> = {},
  port = 0,
) {
  const sockets = createWebSocketServer({
    fetch: (request) => gateway.fetch(request),
    corsOrigins: [],
    localOnly: false,
    maxMessageBytes: DEFAULT_OPERATION_LIMITS.bodyBytes,
    maxOperations: 100,
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    ...options,
  });
  const server = createHttpServer({ gateway, sockets, keepAliveTimeoutMs: 75_000 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.');
  const host = `127.0.0.1:${address.port}`;
  let isOpen = true;

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    sockets.terminateAll();
    await closed;
  }
  onTestFinished(close);

  return {
    url: `http://${host}/graphql`,
    socketUrl: `ws://${host}/graphql`,
    host,
    port: address.port,
    sockets,
    /** Shuts down gracefully as the program does: resolves when the last connection is closed. */
    async drain(): Promise<void> {
      isOpen = false;
      const closed = once(server, 'close');
      server.close();
      sockets.drain();
      gateway.endSubscriptions();
      server.closeIdleConnections();
      await closed;
    },
  };
}

/** Serves what `answer` returns for each request, over HTTP as the program does, until the test ends. */
export async function serveResponses(
  answer: () => Response | Promise<Response>,
  options: Pick<HttpServerOptions, 'stallTimeoutMs'> = {},
) {
  const ignore = (): void => {};
  const gateway = { handleNodeRequestAndResponse: answer, log: ignore, report: ignore, warnOfOrigin: ignore };
  const sockets = { upgrade: () => null };
  const server = createHttpServer({ gateway, sockets, keepAliveTimeoutMs: 75_000, ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.');
  return { server, port: address.port };
}

export type ServedGateway = Awaited<ReturnType<typeof serveGateway>>;
