import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

import type { DrainSettings } from '../config/index.ts';
import type { Gateway } from './gateway.ts';
import type { Log } from '../lib/log.ts';
import { createPendingWork, type PendingWork } from '../lib/pendingWork.ts';
import type { WebSockets } from './websocket/webSocketServer.ts';

/** Milliseconds that each of the things closed at the very end may take. */
const CLOSE_TIME = 2000;

/** What ends when the process is told to. */
export interface Drained {
  server: Server;
  sockets: Pick<WebSockets, 'drain' | 'terminateAll'>;
  gateway: Pick<Gateway, 'subscriptions' | 'endSubscriptions' | 'pendingMutations'>;
  /** Closed at the very end, all at once: what nothing needs any more by then. */
  closers: readonly (() => Promise<unknown>)[];
}

/** The end of the process. */
export interface Drain {
  /** Whether the process has been told to end. */
  isDraining(): boolean;
  /** From now on the first SIGTERM or SIGINT ends all of this in order, a second one the process at once. */
  installSignalHandlers(drained: Drained): void;
}

/** What is under way at one time. */
interface Traffic {
  requests: PendingWork;
  /** Connections that were upgraded. */
  webSockets: PendingWork;
  /** From now on each answer that has not begun says that its connection is not kept. */
  disableKeepAlive(): void;
}

export function createDrain({ delayMs, timeoutMs, log }: DrainSettings & { log: Log }): Drain {
  let isDraining = false;

  async function end(signal: string, drained: Drained, traffic: Traffic): Promise<void> {
    const { server, sockets, gateway, closers } = drained;
    const toldAt = performance.now();
    log('info', 'Told to end.', { signal, ...countsOf(drained, traffic) });
    traffic.disableKeepAlive();
    await sleep(delayMs);
    stopListening(server);
    sockets.drain();
    gateway.endSubscriptions();
    const isQuiet = await settlesWithin(timeoutMs, waitUntilIdle(drained, traffic));
    if (!isQuiet) log('warn', 'Cut off what had not ended in time.', countsOf(drained, traffic));
    server.closeAllConnections();
    sockets.terminateAll();
    const closings = closers.map(async (close) => settlesWithin(CLOSE_TIME, close()));
    for (const closing of await Promise.allSettled(closings)) {
      if (closing.status === 'rejected') log('warn', 'Something did not close.', { error: String(closing.reason) });
    }
    log('info', 'Ended.', { ms: Math.round(performance.now() - toldAt) });
  }

  return {
    isDraining: () => isDraining,
    installSignalHandlers(drained) {
      const traffic = trackConnections(drained.server);
      const onSignal = (signal: string): void => {
        if (isDraining) process.exit(1);
        isDraining = true;
        end(signal, drained, traffic).then(
          () => process.exit(0),
          (error: unknown) => {
            log('error', 'The gateway did not end in order.', { error: String(error) });
            process.exit(1);
          },
        );
      };
      process.on('SIGINT', onSignal);
      process.on('SIGTERM', onSignal);
    },
  };
}

/** Counts what a server answers. */
function trackConnections(server: Server): Traffic {
  const requests = createPendingWork();
  const webSockets = createPendingWork();
  const responses = new Set<ServerResponse>();
  let keepsConnections = true;
  const letGo = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  // First, since an answer may be written at once.
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    const end = requests.start();
    responses.add(response);
    response.once('close', () => {
      responses.delete(response);
      end();
    });
    if (!keepsConnections) letGo(response);
  });
  server.prependListener('upgrade', (_request: IncomingMessage, stream: Duplex) => {
    stream.once('close', webSockets.start());
  });
  return {
    requests,
    webSockets,
    disableKeepAlive() {
      keepsConnections = false;
      responses.forEach(letGo);
    },
  };
}

/** Without closing idle connections, as the server's own method would: their callers may be sending at this moment. */
function stopListening(server: Server): void {
  NetServer.prototype.close.call(server);
}

/** Resolves once nothing is under way: no request, no WebSocket, and no start or stop whose caller has left. */
async function waitUntilIdle({ gateway }: Drained, { requests, webSockets }: Traffic): Promise<void> {
  do {
    await requests.whenIdle();
    await webSockets.whenIdle();
    await gateway.pendingMutations.whenIdle();
    // What has arrived already, but was not read yet, is a request too.
    await setImmediate();
  } while (requests.size() > 0);
}

function countsOf({ gateway }: Drained, { requests, webSockets }: Traffic): Record<string, number> {
  return {
    requests: requests.size(),
    mutations: gateway.pendingMutations.size(),
    subscriptions: gateway.subscriptions(),
    webSockets: webSockets.size(),
  };
}

/** Whether it is done in time, in milliseconds; rejects where it fails in time. */
async function settlesWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const timeout = new AbortController();
  const { signal } = timeout;
  const late = sleep(milliseconds, false, { signal });
  late.catch(() => {});
  return Promise.race([work.then(() => true), late]).finally(() => timeout.abort());
}
