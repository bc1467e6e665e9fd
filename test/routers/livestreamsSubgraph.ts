import type { IncomingMessage } from 'node:http';

import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createGateway, type GatewayOptions } from '../../src/server/gateway.ts';
import { createWebSocketServer } from '../../src/server/websocket/webSocketServer.ts';
import { at } from '../support/gateway.ts';
import { listen } from '../support/listen.ts';

/**
 * Serves this gateway over HTTP and WebSocket, with a sandbox as its upstream. `renew` resets the sandbox and replaces the gateway
 * by a new one with an empty cache, at the same URL.
 */
export async function startLivestreamsSubgraph(options: Partial<GatewayOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const sandboxServer = stack.use(toDisposable(await startSandboxServer({ port: 0 })));
  const transport = stack.use(toDisposable(createUndiciTransport()));
  const { sandbox } = sandboxServer;
  const create = () =>
    createGateway({
      upstream: {
        baseUrl: sandboxServer.url,
        accountId: 'account',
        appId: 'app',
        token: 'token',
        attemptTimeoutMs: 10_000,
        totalTimeoutMs: 25_000,
        requestsPerSecond: 0,
      },
      transport: transport.send,
      log: () => {},
      graphiql: {},
      ...options,
    });
  let gateway = create();
  let httpRequests: IncomingMessage[] = [];
  const webSocketAuthorizations: (string | null)[] = [];
  const server = stack.use(
    await listen((request, response) => {
      httpRequests.push(request);
      void gateway(request, response);
    }),
  );
  const webSocketServer = createWebSocketServer({
    fetch: (request) => {
      webSocketAuthorizations.push(request.headers.get('authorization'));
      return gateway.fetch(request);
    },
    corsOrigins: [],
    localOnly: true,
    maxMessageBytes: 1_000_000,
    maxOperations: 100,
    log: () => {},
  });
  server.onUpgrade((...upgrade) => webSocketServer.upgrade(...upgrade));
  stack.defer(() => webSocketServer.terminateAll());
  const resources = stack.move();

  return {
    url: `${server.origin}/graphql`,
    sandbox,
    renew(): void {
      sandbox.reset();
      gateway = create();
      httpRequests = [];
    },
    /** The `authorization` header of each HTTP request since the renewal; null if there was none. */
    httpAuthorizations: () => httpRequests.map(({ headers }) => headers.authorization ?? null),
    /** The `authorization` header of each operation over WebSocket; null if there was none. */
    webSocketAuthorizations: () => webSocketAuthorizations,
    subscriptionCount: () => gateway.subscriptionCount(),
    /** The method and route of each upstream request since the renewal or the last `clearUpstreamRequests`. */
    upstreamRequests: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    clearUpstreamRequests: () => sandbox.clearRequests(),
    /** Sends a GET request to the REST API and returns the response's `data`. The request counts as an upstream request. */
    fetchFromRestApi: async (path: string): Promise<unknown> => {
      const response = await fetch(`${sandboxServer.url}/accounts/account/realtime/kit/app${path}`, {
        headers: { authorization: 'Bearer another' },
      });
      return at(await response.json(), 'data');
    },
    [Symbol.asyncDispose]: async (): Promise<void> => resources.disposeAsync(),
  };
}

function toDisposable<T extends { close(): Promise<void> }>(resource: T): T & AsyncDisposable {
  return { ...resource, [Symbol.asyncDispose]: async () => resource.close() };
}
