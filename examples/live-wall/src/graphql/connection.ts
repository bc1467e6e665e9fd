import { createClient } from 'graphql-ws';
import { useSyncExternalStore } from 'react';

/** The state of the WebSocket that changes arrive on. */
export type Connection =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** The connection was lost; the next attempt is made at `retryAt`, in milliseconds since the Unix epoch, or is being made if null. */
  | { kind: 'reconnecting'; retryAt: number | null }
  /** The browser has no network. */
  | { kind: 'offline' };

const MAX_BACKOFF_MS = 15_000;
const PING_INTERVAL_MS = 10_000;
const PONG_TIMEOUT_MS = 5_000;

let connection: Connection = { kind: 'connecting' };
let hasBeenLive = false;
const listeners = new Set<() => void>();
const reconnectListeners = new Set<() => void>();
let skipWait = (): void => {};
let pongTimer: ReturnType<typeof setTimeout> | undefined;

function setConnection(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

/** Waits before the next attempt: 1, 2, 4, 8, then 15 seconds, each less up to half of it at random. */
async function backOff(retries: number): Promise<void> {
  const waitMs = Math.min(1000 * 2 ** retries, MAX_BACKOFF_MS) * (1 - Math.random() / 2);
  setConnection(navigator.onLine ? { kind: 'reconnecting', retryAt: Date.now() + waitMs } : { kind: 'offline' });
  await new Promise<void>((resolve) => {
    skipWait = resolve;
    setTimeout(resolve, waitMs);
  });
  if (navigator.onLine) setConnection({ kind: 'reconnecting', retryAt: null });
}

const { protocol, host } = window.location;

/** One WebSocket for all subscriptions. It reconnects by itself, for as long as it takes, and renews the subscriptions then. */
export const webSocketClient = createClient({
  url: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/graphql`,
  retryAttempts: Infinity,
  retryWait: backOff,
  // By default, an attempt that cannot connect at all is the last one.
  shouldRetry: () => true,
  keepAlive: PING_INTERVAL_MS,
  on: {
    connected() {
      setConnection({ kind: 'live' });
      if (hasBeenLive) for (const listener of reconnectListeners) listener();
      hasBeenLive = true;
    },
    // Without this, a connection that dies without a close frame would look alive for minutes.
    ping(isReceived) {
      if (!isReceived) pongTimer = setTimeout(() => webSocketClient.terminate(), PONG_TIMEOUT_MS);
    },
    pong(isReceived) {
      if (isReceived) clearTimeout(pongTimer);
    },
    closed() {
      clearTimeout(pongTimer);
    },
  },
});

window.addEventListener('online', () => reconnectNow());
window.addEventListener('offline', () => {
  setConnection({ kind: 'offline' });
  webSocketClient.terminate();
});

/** Ends the wait for the next attempt to connect. */
export function reconnectNow(): void {
  skipWait();
}

/** Calls the listener after each loss of the connection, once it is back. Returns the function that removes the listener. */
export function onReconnect(listener: () => void): () => void {
  reconnectListeners.add(listener);
  return () => reconnectListeners.delete(listener);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The present state of the connection. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection);
}
