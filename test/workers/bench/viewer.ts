import { setTimeout as wait } from 'node:timers/promises';

import { at } from '../../bench/jsonPath.ts';
import { formatState, SUBSCRIPTION, type SubscriptionArguments } from '../../bench/soak/soakSubscriber.ts';
import { SUBSCRIPTION_CLIENTS, type SubscriptionTransport } from '../../bench/subscriptionClients.ts';

/** A viewer with a client library, which connects again after an interruption. */
export interface Viewer {
  transport: SubscriptionTransport;
  target: SubscriptionArguments;
  /** The last state (see `formatState`) that the current connection received, by livestream id. */
  receivedStates: ReadonlyMap<string, string>;
  /** When the current connection was opened (`performance.now()`), or null if there is none. */
  connectedAt(): number | null;
  /** When the viewer first learned of a livestream's status, or of a later one; undefined if it has not. */
  seenAt(livestreamId: string, status: ViewedStatus): number | undefined;
  close(): void;
}

/** What all viewers have done. */
export interface ViewerCounts {
  connections: number;
  /** Those of them that are WebSockets. */
  webSockets: number;
  /** Over WebSockets. */
  sentMessages: number;
  events: number;
  /** Events that contradict the order of changes, and events that repeat the last one of the connection. */
  outOfOrder: string[];
  repeated: string[];
  /** Error codes of events, and HTTP errors. */
  errors: string[];
}

/** A livestream goes through these in this order. */
const STATUSES = ['INVOKED', 'LIVE', 'IDLE'] as const;
export type ViewedStatus = (typeof STATUSES)[number];

const MIN_RECONNECT_MS = 200;
const MAX_RECONNECT_MS = 1500;

export function createCounts(): ViewerCounts {
  return { connections: 0, webSockets: 0, sentMessages: 0, events: 0, outOfOrder: [], repeated: [], errors: [] };
}

export interface ViewerOptions {
  origin: string;
  headers: Record<string, string>;
  transport: SubscriptionTransport;
  target: SubscriptionArguments;
  counts: ViewerCounts;
}

/** Subscribes, and adds to `counts`. */
export function openViewer({ origin, headers, transport, target, counts }: ViewerOptions): Viewer {
  const receivedStates = new Map<string, string>();
  const ranks = new Map<string, number>();
  const seen = new Map<string, number>();
  let connectedAt: number | null = null;
  let isClosed = false;
  const reconnectDelay = async (): Promise<void> =>
    wait(MIN_RECONNECT_MS + Math.random() * (MAX_RECONNECT_MS - MIN_RECONNECT_MS));
  const subscribe = SUBSCRIPTION_CLIENTS[transport]({
    pickOrigin: () => origin,
    headers,
    connectionParams: headers,
    webSocketImpl: countingWebSocket(counts),
    reconnectDelay,
    onConnected() {
      counts.connections += 1;
      if (transport === 'WebSocket') counts.webSockets += 1;
      receivedStates.clear();
      ranks.clear();
      connectedAt = performance.now();
    },
    onRejected: (body) => void counts.errors.push(JSON.stringify(body)),
    onBroken: () => (connectedAt = null),
  });

  function onEvent(event: unknown): void {
    counts.events += 1;
    const livestream = at(event, 'data', 'livestreamUpdated');
    const id = at(livestream, 'id');
    if (at(event, 'errors') !== undefined) counts.errors.push(JSON.stringify(at(event, 'errors')));
    if (typeof id !== 'string') return;
    const state = formatState(livestream, at(livestream, 'activeSession', 'id'), at(livestream, 'playbackUrl'));
    const rank = STATUSES.findIndex((status) => status === at(livestream, 'status'));
    const description = `${transport}, livestream ${id}: ${state} after ${receivedStates.get(id)}`;
    if (receivedStates.get(id) === state) counts.repeated.push(description);
    else if (rank < (ranks.get(id) ?? 0)) counts.outOfOrder.push(description);
    receivedStates.set(id, state);
    ranks.set(id, rank);
    for (const status of STATUSES.slice(0, rank + 1)) {
      const key = `${id} ${status}`;
      if (!seen.has(key)) seen.set(key, performance.now());
    }
  }

  /** Both libraries connect again by themselves, but not after the gateway has ended the subscription. */
  function restart(): void {
    connectedAt = null;
    if (!isClosed) void reconnectDelay().then(() => isClosed || start());
  }

  let unsubscribe = (): void => {};
  function start(): void {
    const operation = { query: SUBSCRIPTION, variables: { ...target } };
    unsubscribe = subscribe(operation, { next: onEvent, error: restart, complete: restart });
  }

  start();
  return {
    transport,
    target,
    receivedStates,
    connectedAt: () => connectedAt,
    seenAt: (livestreamId, status) => seen.get(`${livestreamId} ${status}`),
    close() {
      isClosed = true;
      unsubscribe();
    },
  };
}

function countingWebSocket(counts: ViewerCounts): typeof WebSocket {
  return class extends WebSocket {
    override send(...content: Parameters<WebSocket['send']>): void {
      counts.sentMessages += 1;
      super.send(...content);
    }
  };
}
