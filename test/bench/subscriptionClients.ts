import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';

import { at } from './jsonPath.ts';

export type SubscriptionTransport = 'SSE' | 'WebSocket';

export interface ResultSink {
  next(result: unknown): void;
  error(): void;
  complete(): void;
}

export interface SubscriptionClientOptions {
  /** Returns the origin to connect to. Called for every connection. */
  pickOrigin: () => string;
  reconnectDelay: () => Promise<void>;
  onConnected: () => void;
  /** Called with the body of an HTTP response whose status is not 2xx. */
  onRejected: (body: unknown) => void;
  onBroken: (description: string) => void;
  /** Header fields of each event stream. */
  headers?: Record<string, string>;
  /** What a WebSocket sends in `connection_init`. */
  connectionParams?: Record<string, unknown>;
  /** By default that of the platform. */
  webSocketImpl?: typeof WebSocket;
}

export type Subscribe = (
  operation: { query: string; variables: Record<string, unknown> },
  sink: ResultSink,
) => () => void;

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

/** The client libraries that docs/clients.md recommends. They reconnect by themselves. */
export const SUBSCRIPTION_CLIENTS: Record<SubscriptionTransport, (options: SubscriptionClientOptions) => Subscribe> = {
  SSE({ pickOrigin, reconnectDelay, onConnected, onRejected, onBroken, headers = {} }) {
    let isRejected = false;
    const client = createSseClient({
      url: () => `${pickOrigin()}/graphql`,
      headers,
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
  WebSocket({ pickOrigin, reconnectDelay, onConnected, onBroken, connectionParams = {}, webSocketImpl = WebSocket }) {
    const client = createWebSocketClient({
      url: () => `${pickOrigin().replace('http', 'ws')}/graphql`,
      connectionParams,
      webSocketImpl,
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
