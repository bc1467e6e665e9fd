import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { buildSchema, type ExecutionArgs, parse } from 'graphql';
import { CloseCode, type Context, handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';

import type { Log } from '../../lib/log.ts';
import { createOperationHeaders } from './connectionParams.ts';
import { checkHandshake, type HandshakeError, type HandshakeRules, invalidHandshake } from './handshake.ts';
import { createMessageOrder } from './messageOrder.ts';
import { readMessage } from './messages.ts';
import { pauseIfCongested, sendWithBackpressure, startPings, textOf } from './socket.ts';
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

export interface WebSocketOptions extends HandshakeRules {
  /** The gateway's request handler. */
  fetch: Fetch;
  maxMessageBytes: number;
  /** The maximum number of operations in progress over one connection. */
  maxOperations: number;
  log: Log;
  /** How often each client is pinged. A client that has not answered by the next ping is disconnected. */
  pingIntervalMs?: number;
  /** How long a client may take to send `connection_init`. */
  initTimeoutMs?: number;
}

/** GraphQL over WebSocket (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). */
export type WebSockets = ReturnType<typeof createWebSocketServer>;

interface Connection {
  request: IncomingMessage;
  socket: WebSocket;
  /** The request headers of the connection's operations. */
  headers: Headers;
  /** The number of messages being handled. A `subscribe` message is handled until its operation is complete. */
  activeMessages: number;
  /** Why each operation whose response was cut off was. They end with the connection, so that clients retry them. */
  cutOffs: CutOff[];
}

type ConnectionContext = Context<Record<string, unknown> | undefined, Connection>;

/** The close code "Service Restart": clients reconnect and send their unfinished operations again. */
const SERVICE_RESTART = 1012;
/** A close frame has room for 123 bytes; a UTF-16 code unit takes up to three. */
const MAX_REASON_CHARS = 41;

/** Satisfies graphql-ws, which wants to know schema and document. The gateway parses the caller's own document. */
const ANY_OPERATION = { schema: buildSchema('type Query { any: Int }'), document: parse('subscription { any }') };

/** The request that authenticates a connection. Its operation name identifies it in the log. */
const AUTH_PROBE = '{"query":"query ConnectionInit{__typename}"}';

/** Closes the connection with a code and a reason. */
class CloseError extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Creates the server. Each operation is sent to `fetch` as an HTTP request, so that all rules for HTTP requests apply to it. */
export function createWebSocketServer(options: WebSocketOptions) {
  const { fetch, log, maxMessageBytes, maxOperations, pingIntervalMs = 12_000, initTimeoutMs = 10_000 } = options;
  const acceptor = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: maxMessageBytes });
  const connections = new Set<Connection>();
  const resultsByArgs = new WeakMap<ExecutionArgs, ResultStream>();
  let isDraining = false;

  const protocol = makeServer<Record<string, unknown> | undefined, Connection>({
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
    try {
      extra.headers = createOperationHeaders(extra.request.headers, connectionParams);
    } catch {
      throw new CloseError(CloseCode.BadRequest, 'Invalid header value.');
    }
    const headers = new Headers(extra.headers);
    headers.set('accept', 'application/graphql-response+json');
    const response = await fetch(new Request(GATEWAY_URL, { method: 'POST', headers, body: AUTH_PROBE }));
    const text = await response.text();
    if (response.status === 401) throw new CloseError(CloseCode.Unauthorized, parseRequestErrors(text).message);
    if (response.status === 503) throw new CloseError(SERVICE_RESTART, parseRequestErrors(text).message);
  }

  function run(connection: Connection, payload: object): ResultStream {
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
  function closeIfIdle({ socket, activeMessages, cutOffs }: Connection): void {
    if ((!isDraining && cutOffs.length === 0) || activeMessages !== cutOffs.length) return;
    // After this code, clients with graphql-ws connect again, with new connection parameters. After 4401, they would not.
    if (cutOffs.includes('unauthenticated'))
      socket.close(CloseCode.Forbidden, 'Connect again with a valid credential.');
    else socket.close(SERVICE_RESTART, 'Connect again.');
  }

  function open(socket: WebSocket, request: IncomingMessage): void {
    const connection: Connection = { request, socket, headers: new Headers(), activeMessages: 0, cutOffs: [] };
    connections.add(connection);
    const inOrder = createMessageOrder(() => socket.readyState === socket.OPEN);
    const stopPings = startPings(socket, pingIntervalMs);
    const onClosed = protocol.opened(
      {
        protocol: socket.protocol,
        send: async (text) => sendWithBackpressure(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage(handle) {
          socket.on(
            'message',
            (data) => void handleMessage(connection, async () => inOrder(readMessage(textOf(data)), handle)),
          );
        },
      },
      connection,
    );
    // For example a message that is too long. The socket closes itself.
    socket.on('error', (error) => log('info', 'WebSocket error.', { error: error.message }));
    socket.once('close', (code, reason) => {
      stopPings();
      connections.delete(connection);
      void onClosed(code, String(reason));
    });
  }

  async function handleMessage(connection: Connection, handle: () => Promise<void>): Promise<void> {
    const { socket } = connection;
    connection.activeMessages += 1;
    pauseIfCongested(socket);
    try {
      await handle();
    } catch (error) {
      if (error instanceof CloseError) return socket.close(error.code, error.message.slice(0, MAX_REASON_CHARS));
      log('error', 'Unexpected error in a WebSocket message.', {
        error: error instanceof Error ? error.stack : String(error),
      });
      socket.close(CloseCode.InternalServerError, 'Internal server error');
    } finally {
      connection.activeMessages -= 1;
      closeIfIdle(connection);
    }
  }

  return {
    /** Opens a WebSocket for the event `upgrade` of a `node:http` server, or returns the reason why not. */
    upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): HandshakeError | null {
      const { url = '', headers } = request;
      const handshake = { url, host: headers.host ?? '', origin: headers.origin };
      let error = isDraining ? DRAINING : checkHandshake(handshake, options);
      if (error !== null) return error;
      const onInvalid = (reason: Error): void => void (error = invalidHandshake(reason));
      acceptor.once('wsClientError', onInvalid);
      acceptor.handleUpgrade(request, stream, head, (socket) => open(socket, request));
      acceptor.off('wsClientError', onInvalid);
      return error;
    },
    /** The number of open connections. */
    size: (): number => connections.size,
    /** Rejects new connections, and closes each open one when its operations are complete, so that clients reconnect elsewhere. */
    drain(): void {
      isDraining = true;
      for (const connection of connections) closeIfIdle(connection);
    },
    /** Closes all remaining connections at once. */
    terminateAll(): void {
      for (const { socket } of connections) socket.terminate();
    },
  };
}

/** Whether a request is a GET that upgrades to a WebSocket. Some clients offer an upgrade to HTTP/2 with every request: it is ignored. */
export function isWebSocketUpgrade({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

const DRAINING: HandshakeError = { status: 503, message: 'The gateway is shutting down. Connect again.' };
