import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';

import type { SubscriptionTarget } from '../../src/live/types.ts';
import { at } from '../support/gateway.ts';
import type { ServedGateway } from '../support/servedGateway.ts';

const SUBSCRIPTION = /* GraphQL */ `
  subscription Updates($livestreamId: ID, $meetingId: ID) {
    livestreamUpdated(livestreamId: $livestreamId, meetingId: $meetingId) {
      id
      status
      playbackUrl
      name
      activeSession {
        id
      }
    }
  }
`;

/** The state of a livestream in one result, as text. */
export interface ReceivedState {
  id: string;
  text: string;
}

/**
 * - `subscribed`, or connecting;
 * - `disconnected`: the connection was cut;
 * - `rejected`: the server did not accept the connection, or ended the subscription;
 * - `unsubscribed`.
 */
export type RemoteStatus = 'subscribed' | 'disconnected' | 'rejected' | 'unsubscribed';

/** A subscriber with its own connection, through one of the clients that the README names. */
export interface RemoteSubscriber {
  target: SubscriptionTarget;
  transport: 'sse' | 'ws';
  /** The states received over each of its connections, in order. */
  connections: ReceivedState[][];
  status(): RemoteStatus;
  /** Cuts the connection. */
  disconnect(): void;
  /** Makes a disconnected or rejected subscriber try again. */
  reconnect(): void;
  unsubscribe(): void;
}

interface Connection {
  subscribe(sink: Sink): () => void;
  disconnect(): void;
}

interface Sink {
  next(result: unknown): void;
  error(): void;
  complete(): void;
}

interface ConnectionOptions {
  served: ServedGateway;
  target: SubscriptionTarget;
  onConnected: () => void;
  /** Resolves when the client should connect again. */
  retry: () => Promise<void>;
}

export function subscribeRemotely(
  served: ServedGateway,
  transport: 'sse' | 'ws',
  target: SubscriptionTarget,
): RemoteSubscriber {
  const connections: ReceivedState[][] = [];
  let status: RemoteStatus = 'subscribed';
  /** Resolves when the client may reconnect. */
  let reconnection = Promise.withResolvers<void>();
  let hasEnded = false;

  function markLost(newStatus: 'disconnected' | 'rejected'): void {
    status = newStatus;
    reconnection = Promise.withResolvers();
  }

  const connection = CONNECT[transport]({
    served,
    target,
    onConnected: () => void connections.push([]),
    async retry() {
      // The test did not cut the connection, so the server must have rejected it.
      if (status === 'subscribed') markLost('rejected');
      return reconnection.promise;
    },
  });
  const subscribe = (): (() => void) =>
    connection.subscribe({
      next: (result) => connections.at(-1)?.push(...receivedStatesIn(result)),
      error: () => end(),
      complete: () => end(),
    });

  function end(): void {
    if (status === 'unsubscribed') return;
    hasEnded = true;
    markLost('rejected');
  }

  let unsubscribe = subscribe();

  return {
    target,
    transport,
    connections,
    status: () => status,
    disconnect() {
      markLost('disconnected');
      connection.disconnect();
    },
    reconnect() {
      status = 'subscribed';
      reconnection.resolve();
      if (hasEnded) unsubscribe = subscribe();
      hasEnded = false;
    },
    unsubscribe() {
      status = 'unsubscribed';
      unsubscribe();
    },
  };
}

const CONNECT: Record<'sse' | 'ws', (options: ConnectionOptions) => Connection> = {
  sse({ served, target, onConnected, retry }) {
    let connection = new AbortController();
    const client = createSseClient({
      url: served.url,
      retry,
      retryAttempts: Infinity,
      on: { connected: onConnected },
      fetchFn: async (url: string, { signal, ...init }: RequestInit & { signal: AbortSignal }) => {
        connection = new AbortController();
        return fetch(url, { ...init, signal: AbortSignal.any([signal, connection.signal]) });
      },
    });
    return {
      subscribe: (sink) => client.subscribe({ query: SUBSCRIPTION, variables: { ...target } }, sink),
      disconnect: () => connection.abort(),
    };
  },
  ws({ served, target, onConnected, retry }) {
    const client = createSocketClient({
      url: served.socketUrl,
      retryWait: retry,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      on: { connected: onConnected },
    });
    return {
      subscribe: (sink) => client.subscribe({ query: SUBSCRIPTION, variables: { ...target } }, sink),
      disconnect: () => client.terminate(),
    };
  },
};

/** The state in a result; none if the result is an error, which ends the subscription and is followed by `complete`. */
function receivedStatesIn(result: unknown): ReceivedState[] {
  const row = at(result, 'data', 'livestreamUpdated');
  const id = at(row, 'id');
  if (typeof id !== 'string') return [];
  const isComplete = at(result, 'errors') === undefined;
  return [{ id, text: resultText(row, isComplete ? at(row, 'activeSession', 'id') : 'unread') }];
}

/** The fields that subscribers are notified of, as text; comparable between results and REST responses. */
export function resultText(row: unknown, sessionId: unknown, playbackUrl = at(row, 'playbackUrl')): string {
  return JSON.stringify([at(row, 'status'), playbackUrl ?? null, at(row, 'name') ?? null, sessionId ?? null]);
}
