import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';

import { at } from '../jsonPath.ts';
import type { SoakCounters } from './counters.ts';
import type { ReplicaProcess } from './replicaProcess.ts';
import type { ReplicaSet } from './replicaSet.ts';

/** The arguments of `livestreamUpdated`. */
export interface SubscriptionArguments {
  livestreamId: string | null;
  meetingId: string | null;
}

export type SubscriptionTransport = 'SSE' | 'WebSocket';

/** A subscriber that uses a client library from the README and reconnects to any replica after an interruption. */
export interface SoakSubscriber {
  transport: SubscriptionTransport;
  target: SubscriptionArguments;
  /** The last state (see `formatState`) that the current connection received, by livestream id. */
  receivedStates: ReadonlyMap<string, string>;
  unsubscribe(): void;
}

export interface SoakSubscriberOptions {
  replicas: ReplicaSet;
  counters: SoakCounters;
  transport: SubscriptionTransport;
  target: SubscriptionArguments;
  reconnectDelayMs: () => number;
}

const SUBSCRIPTION = /* GraphQL */ `
  subscription ($livestreamId: ID, $meetingId: ID) {
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

export function subscribe(options: SoakSubscriberOptions): SoakSubscriber {
  const { replicas, counters, transport, target, reconnectDelayMs } = options;
  const receivedStates = new Map<string, string>();
  let replica: ReplicaProcess = replicas.control;
  let isUnsubscribed = false;
  const reconnectDelay = async (): Promise<void> =>
    new Promise((resolve) => void setTimeout(resolve, reconnectDelayMs()));
  const subscribeOnce = CLIENTS[transport]({
    pickOrigin() {
      replica = replicas.pick();
      return replica.origin;
    },
    reconnectDelay,
    onConnected() {
      receivedStates.clear();
      counters.recordResult(`connected over ${transport}`, {}, 0);
    },
    onRejected: (body) => counters.recordResult(`rejected over ${transport}`, body, 0, 'rejected without a code'),
    onBroken(description) {
      if (!isUnsubscribed) counters.recordBrokenConnection(replica.stopSignal(), 'subscription', description);
    },
  });

  function onResult(result: unknown): void {
    counters.recordResult(`event over ${transport}`, result, 0);
    const livestream = at(result, 'data', 'livestreamUpdated');
    const id = at(livestream, 'id');
    if (typeof id !== 'string') return;
    const hasErrors = at(result, 'errors') !== undefined;
    const sessionId = hasErrors ? 'unknown' : at(livestream, 'activeSession', 'id');
    receivedStates.set(id, formatState(livestream, sessionId, at(livestream, 'playbackUrl')));
  }

  // Both libraries reconnect by themselves, but not after the gateway has ended the subscription.
  const restart = (): void => void (isUnsubscribed || reconnectDelay().then(() => isUnsubscribed || start()));
  let unsubscribe = (): void => {};
  function start(): void {
    unsubscribe = subscribeOnce(
      { query: SUBSCRIPTION, variables: { ...target } },
      { next: onResult, error: restart, complete: restart },
    );
  }

  start();
  return {
    transport,
    target,
    receivedStates,
    unsubscribe() {
      isUnsubscribed = true;
      unsubscribe();
    },
  };
}

/** Formats the state of a livestream that subscribers can observe, for comparison. */
export function formatState(livestream: unknown, sessionId: unknown, playbackUrl: unknown): string {
  return JSON.stringify([
    at(livestream, 'status'),
    playbackUrl ?? null,
    at(livestream, 'name') ?? null,
    sessionId ?? null,
  ]);
}

interface ResultSink {
  next(result: unknown): void;
  error(): void;
  complete(): void;
}

interface ClientOptions {
  /** Returns the origin to connect to. Called for every connection. */
  pickOrigin: () => string;
  reconnectDelay: () => Promise<void>;
  onConnected: () => void;
  /** Called with the body of an HTTP response whose status is not 2xx. */
  onRejected: (body: unknown) => void;
  onBroken: (description: string) => void;
}

type Subscribe = (operation: { query: string; variables: Record<string, unknown> }, sink: ResultSink) => () => void;

/** Parses a JSON body or the first event of an event stream. Returns null if the text is neither. */
function parseBody(text: string): unknown {
  try {
    const body: unknown = JSON.parse(/^data: *(\{.*\})$/m.exec(text)?.[1] ?? text);
    return body;
  } catch {
    return null;
  }
}

/** The close code with which the client itself closes an idle connection. */
const NORMAL_CLOSURE = 1000;

const CLIENTS: Record<SubscriptionTransport, (options: ClientOptions) => Subscribe> = {
  SSE({ pickOrigin, reconnectDelay, onConnected, onRejected, onBroken }) {
    let isRejected = false;
    const client = createSseClient({
      url: () => `${pickOrigin()}/graphql`,
      retryAttempts: Infinity,
      async retry() {
        if (!isRejected) onBroken('an event stream broke');
        await reconnectDelay();
      },
      on: { connected: onConnected },
      async fetchFn(input: string, init: RequestInit) {
        const response = await fetch(input, init);
        isRejected = !response.ok;
        if (isRejected) onRejected(parseBody(await response.clone().text()));
        return response;
      },
    });
    return (operation, sink) => client.subscribe(operation, sink);
  },
  WebSocket({ pickOrigin, reconnectDelay, onConnected, onBroken }) {
    const client = createWebSocketClient({
      url: () => `${pickOrigin().replace('http', 'ws')}/graphql`,
      retryAttempts: Infinity,
      retryWait: reconnectDelay,
      shouldRetry: () => true,
      on: {
        connected: onConnected,
        closed(event) {
          const code = at(event, 'code');
          if (code !== NORMAL_CLOSURE) onBroken(`a WebSocket closed with ${String(code)}`);
        },
      },
    });
    return (operation, sink) => client.subscribe(operation, sink);
  },
};
