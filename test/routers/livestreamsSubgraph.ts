import type { IncomingMessage } from 'node:http';

import { createGateway } from '../../src/server/gateway.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { createWebSocketServer } from '../../src/server/websocket/webSocketServer.ts';
import { at } from '../support/gateway.ts';
import { listen } from './listen.ts';

/**
 * Our gateway as a router meets it: behind `node:http`, over a sandbox that listens, too. It stays where it is; `renew` puts a new
 * one in its place, which remembers nothing.
 */
export async function startLivestreams() {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(closable(await startSandboxServer({ port: 0 })));
  const transport = stack.use(closable(createUndiciTransport()));
  const { sandbox } = server;
  const create = () =>
    createGateway({
      upstream: {
        baseUrl: server.url,
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
    });
  let gateway = create();
  let received: IncomingMessage[] = [];
  /** What authorized each request over a WebSocket. */
  const operations: (string | null)[] = [];
  const listening = stack.use(
    await listen((request, response) => {
      received.push(request);
      void gateway(request, response);
    }),
  );
  const sockets = createWebSocketServer({
    fetch: (request) => {
      operations.push(request.headers.get('authorization'));
      return gateway.fetch(request);
    },
    corsOrigins: [],
    localOnly: true,
    maxMessageBytes: 1_000_000,
    maxOperations: 100,
    log: () => {},
  });
  listening.onUpgrade((...upgrade) => sockets.upgrade(...upgrade));
  stack.defer(() => sockets.terminateAll());
  const owned = stack.move();

  return {
    url: `${listening.origin}/graphql`,
    sandbox,
    renew(): void {
      sandbox.reset();
      gateway = create();
      received = [];
    },
    /** What authorized each request from a router since the renewal; null where nothing did. */
    authorizations: () => received.map(({ headers }) => headers.authorization ?? null),
    overSockets: () => operations,
    /** How many watch. */
    subscriptions: () => gateway.subscriptionCount(),
    /** The upstream requests since the renewal or the last `forget`, each as its method and route. */
    upstream: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    forget: () => sandbox.clearRequests(),
    /** What the REST API itself says to a GET, the content of its envelope. It stands in `upstream()`, too. */
    rest: async (path: string): Promise<unknown> => {
      const response = await fetch(`${server.url}/accounts/account/realtime/kit/app${path}`, {
        headers: { authorization: 'Bearer another' },
      });
      return at(await response.json(), 'data');
    },
    [Symbol.asyncDispose]: async (): Promise<void> => owned.disposeAsync(),
  };
}

function closable<T extends { close(): Promise<void> }>(resource: T): T & AsyncDisposable {
  return { ...resource, [Symbol.asyncDispose]: async () => resource.close() };
}
