import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

import type { DrainSettings } from '../config/index.ts';
import type { Log } from '../lib/log.ts';
import { createPendingWork, type PendingWork } from '../lib/pendingWork.ts';
import type { Gateway } from './gateway.ts';
import type { WebSockets } from './websocket/webSocketServer.ts';

/** How long closing each of the remaining resources may take, once nothing is pending. */
const CLOSE_TIMEOUT_MS = 2000;

/** How long purges of caches in front of the gateway are waited for, once nothing else is pending. */
const PURGE_TIMEOUT_MS = 2000;

/** What a graceful shutdown closes. */
export interface ShutdownTargets {
  server: Server;
  sockets: Pick<WebSockets, 'drain' | 'terminateAll'>;
  gateway: Pick<Gateway, 'subscriptionCount' | 'endSubscriptions' | 'pendingMutations' | 'pendingPurges'>;
  /** Called concurrently at the very end, to close the resources that requests need. */
  closers: readonly (() => Promise<unknown>)[];
}

export type GracefulShutdown = ReturnType<typeof createGracefulShutdown>;

/** The server's requests and WebSockets in progress. */
interface Connections {
  requests: PendingWork;
  webSockets: PendingWork;
  /** From now on, sends `connection: close` with every response whose headers are not sent yet. */
  disableKeepAlive(): void;
}

/**
 * Creates the graceful shutdown of the process. After the first signal, it keeps serving for `delayMs`, while `isDraining` lets
 * `/ready` answer 503. Then it stops listening, ends subscriptions, and waits up to `timeoutMs` for pending requests and mutations.
 * What is still open after that is closed, and the process exits with code 0.
 */
export function createGracefulShutdown({ delayMs, timeoutMs, log }: DrainSettings & { log: Log }) {
  let isDraining = false;

  async function shutDown(signal: string, targets: ShutdownTargets, connections: Connections): Promise<void> {
    const { server, sockets, gateway, closers } = targets;
    const startedAt = performance.now();
    log('info', 'Shutting down.', { signal, ...countPending(targets, connections) });
    connections.disableKeepAlive();
    await sleep(delayMs);
    stopListening(server);
    sockets.drain();
    gateway.endSubscriptions();
    const isIdle = await settlesWithin(timeoutMs, waitUntilIdle(targets, connections));
    const pending = countPending(targets, connections);
    if (!isIdle) log('warn', 'Shutdown timed out: aborting what is pending.', pending);
    else if (pending.purges > 0)
      log('warn', 'Purges timed out: what they did not reach stays cached until it expires.', {
        endpoints: pending.purges,
      });
    server.closeAllConnections();
    sockets.terminateAll();
    const closings = closers.map(async (close) => settlesWithin(CLOSE_TIMEOUT_MS, close()));
    for (const closing of await Promise.allSettled(closings)) {
      if (closing.status === 'rejected') log('warn', 'Closing a resource failed.', { error: String(closing.reason) });
    }
    log('info', 'Shutdown complete.', { durationMs: Math.round(performance.now() - startedAt) });
  }

  return {
    /** Whether the process is shutting down. */
    isDraining: (): boolean => isDraining,
    /** From now on, the first SIGTERM or SIGINT starts the shutdown, and the second one exits at once, with code 1. */
    installSignalHandlers(targets: ShutdownTargets): void {
      const connections = trackConnections(targets.server);
      const onSignal = (signal: string): void => {
        if (isDraining) process.exit(1);
        isDraining = true;
        shutDown(signal, targets, connections).then(
          () => process.exit(0),
          (error: unknown) => {
            log('error', 'Shutdown failed.', { error: String(error) });
            process.exit(1);
          },
        );
      };
      process.on('SIGINT', onSignal);
      process.on('SIGTERM', onSignal);
    },
  };
}

function trackConnections(server: Server): Connections {
  const requests = createPendingWork();
  const webSockets = createPendingWork();
  const responses = new Set<ServerResponse>();
  let isKeepAliveEnabled = true;
  const sendConnectionClose = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  // Before the gateway's own listener, which may send the response at once.
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    const end = requests.start();
    responses.add(response);
    response.once('close', () => {
      responses.delete(response);
      end();
    });
    if (!isKeepAliveEnabled) sendConnectionClose(response);
  });
  server.prependListener('upgrade', (_request: IncomingMessage, stream: Duplex) => {
    stream.once('close', webSockets.start());
  });
  return {
    requests,
    webSockets,
    disableKeepAlive() {
      isKeepAliveEnabled = false;
      responses.forEach(sendConnectionClose);
    },
  };
}

/** Stops accepting connections. `http.Server.close` would also close idle connections, over which a request may be on its way. */
function stopListening(server: Server): void {
  NetServer.prototype.close.call(server);
}

/**
 * Resolves when no request, WebSocket or mutation is pending, and the purges that they caused are sent, or have failed. Mutations may
 * outlive their request, if the caller disconnects.
 */
async function waitUntilIdle({ gateway }: ShutdownTargets, { requests, webSockets }: Connections): Promise<void> {
  do {
    await requests.whenIdle();
    await webSockets.whenIdle();
    await gateway.pendingMutations.whenIdle();
    if (gateway.pendingPurges !== undefined) await settlesWithin(PURGE_TIMEOUT_MS, gateway.pendingPurges.whenIdle());
    // Lets Node read requests that have already arrived.
    await setImmediate();
  } while (requests.size() > 0);
}

function countPending(
  { gateway }: ShutdownTargets,
  { requests, webSockets }: Connections,
): Record<'requests' | 'mutations' | 'subscriptions' | 'webSockets' | 'purges', number> {
  return {
    requests: requests.size(),
    mutations: gateway.pendingMutations.size(),
    subscriptions: gateway.subscriptionCount(),
    webSockets: webSockets.size(),
    /** The number of endpoints with pending purges. */
    purges: gateway.pendingPurges?.size() ?? 0,
  };
}

/** Whether `work` resolves within `timeoutMs`. Rejects if `work` rejects within that time. */
async function settlesWithin(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  const cancellation = new AbortController();
  const timeout = sleep(timeoutMs, false, { signal: cancellation.signal });
  timeout.catch(() => {});
  return Promise.race([work.then(() => true), timeout]).finally(() => cancellation.abort());
}
