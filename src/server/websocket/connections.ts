import { buildSchema, type ExecutionArgs, parse } from 'graphql';
import { CloseCode, type Context, makeServer } from 'graphql-ws';

import { API_KEY_HEADER } from '../../auth/bearer.ts';
import type { Log } from '../../lib/log.ts';
import { CloseError } from './closeError.ts';
import { createOperationHeaders, type RequestHeaders } from './connectionParams.ts';
import { checkHandshake, type Handshake, type HandshakeError, type HandshakeRules } from './handshake.ts';
import { createMessageOrder } from './messageOrder.ts';
import { readMessage } from './messages.ts';
import {
  type CutOff,
  executeOverHttp,
  type Fetch,
  GATEWAY_URL,
  isResult,
  parseRequestErrors,
  RequestErrors,
  type ResultStream,
} from './sseBridge.ts';

export interface ConnectionOptions extends HandshakeRules {
  /** The gateway's request handler. */
  fetch: Fetch;
  /** The maximum number of operations in progress over one connection. */
  maxOperations: number;
  log: Log;
  /** How long a client may take to send `connection_init`. */
  initTimeoutMs?: number;
}

/** A WebSocket of any runtime. */
export interface Socket {
  /** The sub-protocol that the handshake agreed on; empty if none. */
  readonly protocol: string;
  isOpen(): boolean;
  /** Sends a message if the socket is open. The promise resolves when the next message may be sent. Never rejects. */
  send(text: string): Promise<void>;
  close(code: number, reason: string): void;
  /** Called when the client answers a `ping` of the protocol. */
  onPong?(): void;
}

/** GraphQL over one WebSocket. */
export interface Connection {
  /** Handles a message. Resolves when it is handled, which a `subscribe` is when its operation is complete. Never rejects. */
  receive(text: string): Promise<void>;
  /** Whether messages are being handled. */
  isBusy(): boolean;
  /** Ends the connection's operations, after its socket was closed. */
  end(code: number, reason: string): void;
  /** Secret. The request headers of the connection's operations; null until the gateway has accepted the credential. */
  acceptedHeaders(): Headers | null;
}

interface ConnectionState {
  readonly socket: Socket;
  /** The headers of the WebSocket's own request. */
  readonly requestHeaders: RequestHeaders;
  /** The request headers of the connection's operations. */
  headers: Headers;
  isAccepted: boolean;
  /** The number of messages being handled. A `subscribe` message is handled until its operation is complete. */
  activeMessages: number;
  /** Why each operation whose response was cut off was. They end with the connection, so that clients retry them. */
  cutOffs: CutOff[];
}

type ConnectionContext = Context<Record<string, unknown> | undefined, ConnectionState>;

/** The close code "Service Restart": clients reconnect and send their unfinished operations again. */
export const SERVICE_RESTART = 1012;
export const CONNECT_AGAIN = 'Connect again.';

/** Satisfies graphql-ws, which wants to know schema and document. The gateway parses the caller's own document. */
const ANY_OPERATION = { schema: buildSchema('type Query { any: Int }'), document: parse('subscription { any }') };

/** The request that authenticates a connection. Its operation name identifies it in the log. */
const AUTH_PROBE = '{"query":"query ConnectionInit{__typename}"}';

const DRAINING: HandshakeError = { status: 503, message: 'The gateway is shutting down. Connect again.' };

/**
 * GraphQL over WebSocket (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) for the sockets of any runtime. Each operation
 * is sent to `fetch` as an HTTP request, so that all rules for HTTP requests apply to it.
 */
export function createConnections(options: ConnectionOptions) {
  const { fetch, log, maxOperations, initTimeoutMs = 10_000 } = options;
  const connections = new Set<ConnectionState>();
  const resultsByArgs = new WeakMap<ExecutionArgs, ResultStream>();
  let isDraining = false;

  const protocol = makeServer<Record<string, unknown> | undefined, ConnectionState>({
    connectionInitWaitTimeout: initTimeoutMs,
    onConnect: authenticateConnection,
    onSubscribe({ extra }, _id, payload) {
      const args: ExecutionArgs = { ...ANY_OPERATION };
      resultsByArgs.set(args, run(extra, payload));
      return args;
    },
    subscribe(args) {
      const results = resultsByArgs.get(args);
      if (results === undefined) throw new Error('The operation was not started.');
      return results;
    },
    // The gateway has formatted the errors already.
    onNext: (_context, _id, _payload, _args, result) => (isResult(result) ? result : undefined),
    onError(_context, _id, _payload, [error]) {
      if (error?.originalError instanceof RequestErrors) return error.originalError.errors;
      log('error', 'Unexpected error in a WebSocket operation.', { error: String(error?.originalError?.stack) });
      return [{ message: 'Something went wrong inside the gateway.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }];
    },
  });

  /** Accepts the connection if the gateway accepts a request with the connection's headers. Otherwise closes it with the reason. */
  async function authenticateConnection({ extra, connectionParams }: ConnectionContext): Promise<void> {
    if (extra.isAccepted) return;
    try {
      extra.headers = createOperationHeaders(extra.requestHeaders, connectionParams);
    } catch {
      throw new CloseError(CloseCode.BadRequest, 'Invalid header value.');
    }
    const headers = new Headers(extra.headers);
    headers.set('accept', 'application/graphql-response+json');
    const response = await authenticate(new Request(GATEWAY_URL, { method: 'POST', headers, body: AUTH_PROBE }));
    const text = await response.text();
    if (response.status === 401) {
      const hasCredential = headers.has('authorization') || headers.has(API_KEY_HEADER);
      const hint = hasCredential ? '' : ' Browsers send it in connectionParams.';
      throw new CloseError(CloseCode.Unauthorized, parseRequestErrors(text).message + hint);
    }
    if (response.status === 503) throw new CloseError(SERVICE_RESTART, parseRequestErrors(text).message);
    extra.isAccepted = true;
  }

  /** Where the gateway is in another process, the connection to that may fail. Clients do not connect again after 4500. */
  async function authenticate(probe: Request): Promise<Response> {
    try {
      return await fetch(probe);
    } catch (error) {
      log('warn', 'A WebSocket could not be authenticated.', { error: String(error) });
      throw new CloseError(SERVICE_RESTART, CONNECT_AGAIN);
    }
  }

  function run(connection: ConnectionState, payload: object): ResultStream {
    const send: Fetch = (request) => {
      if (isDraining) throw new Error('The gateway is shutting down.');
      if (connection.activeMessages <= maxOperations) return fetch(request);
      const message = `This connection already has ${maxOperations} operations in progress, the maximum. Complete one first.`;
      throw new RequestErrors([{ message, extensions: { code: 'RATE_LIMITED', retryable: true } }]);
    };
    const onCutOff = (reason: CutOff): void => {
      connection.cutOffs.push(reason);
      closeIfIdle(connection);
    };
    return executeOverHttp(send, { headers: connection.headers, payload, onCutOff });
  }

  /** Closes a connection without other operations if the gateway is shutting down or has cut off operations of the connection. */
  function closeIfIdle({ socket, activeMessages, cutOffs }: ConnectionState): void {
    if ((!isDraining && cutOffs.length === 0) || activeMessages !== cutOffs.length) return;
    // After this code, clients with graphql-ws connect again, with new connection parameters. After 4401, they would not.
    if (cutOffs.includes('unauthenticated'))
      socket.close(CloseCode.Forbidden, 'Connect again with a valid credential.');
    else socket.close(SERVICE_RESTART, CONNECT_AGAIN);
  }

  async function handleMessage(connection: ConnectionState, handle: () => Promise<void>): Promise<void> {
    const { socket } = connection;
    connection.activeMessages += 1;
    try {
      await handle();
    } catch (error) {
      if (error instanceof CloseError) return socket.close(error.code, error.message);
      log('error', 'Unexpected error in a WebSocket message.', {
        error: error instanceof Error ? error.stack : String(error),
      });
      socket.close(CloseCode.InternalServerError, 'Internal server error');
    } finally {
      connection.activeMessages -= 1;
      closeIfIdle(connection);
    }
  }

  function start(connection: ConnectionState): Connection {
    const { socket, isAccepted: isResumed } = connection;
    const inOrder = createMessageOrder(() => socket.isOpen());
    let isResuming = isResumed;
    // Messages for a connection that the server closes at once are ignored.
    let handle = async (_text: string): Promise<void> => {};
    connections.add(connection);
    const onClosed = protocol.opened(
      {
        protocol: socket.protocol,
        send: async (text) => (isResuming ? undefined : socket.send(text)),
        close: (code, reason = '') => socket.close(code ?? CloseCode.InternalServerError, reason),
        onMessage: (listener) => (handle = listener),
        onPong: () => socket.onPong?.(),
      },
      connection,
    );
    // The client has received its `connection_ack` before.
    const resumed = isResumed ? handle('{"type":"connection_init"}').then(() => void (isResuming = false)) : undefined;
    return {
      receive: async (text) =>
        handleMessage(connection, async () => {
          if (resumed !== undefined) await resumed;
          return inOrder(readMessage(text), handle);
        }),
      isBusy: () => connection.activeMessages > 0,
      end(code, reason) {
        connections.delete(connection);
        void onClosed(code, reason);
      },
      acceptedHeaders: () => (connection.isAccepted ? connection.headers : null),
    };
  }

  return {
    /** Returns the reason why a WebSocket is not opened; null if it may be. */
    checkHandshake: (handshake: Handshake): HandshakeError | null =>
      isDraining ? DRAINING : checkHandshake(handshake, options),
    /** Starts the connection of a socket that was just opened. */
    open: (socket: Socket, requestHeaders: RequestHeaders): Connection =>
      start({ socket, requestHeaders, headers: new Headers(), isAccepted: false, activeMessages: 0, cutOffs: [] }),
    /**
     * Starts the connection of a socket that is open and accepted, with its accepted headers, and no operation in progress. The
     * credential is not checked before the next operation.
     */
    resume: (socket: Socket, headers: Headers): Connection =>
      start({ socket, requestHeaders: {}, headers, isAccepted: true, activeMessages: 0, cutOffs: [] }),
    /** The number of open connections. */
    size: (): number => connections.size,
    /** Rejects new connections, and closes each open one when its operations are complete, so that clients reconnect elsewhere. */
    drain(): void {
      isDraining = true;
      for (const connection of connections) closeIfIdle(connection);
    },
  };
}
