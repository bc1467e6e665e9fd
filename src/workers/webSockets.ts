import { GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols } from 'graphql-ws';

import type { Gateway } from '../server/gateway.ts';
import { REQUEST_ID, requestIdOf } from '../server/requestState.ts';
import {
  CONNECT_AGAIN,
  type Connection,
  type ConnectionOptions,
  createConnections,
  SERVICE_RESTART,
  type Socket,
} from '../server/websocket/connections.ts';
import type { HandshakeError } from '../server/websocket/handshake.ts';
import { createRequestRecord } from '../telemetry/requestRecord.ts';
import { createFlowControl } from './flowControl.ts';
import {
  acceptSocket,
  answerAutomatically,
  type HibernatingSocket,
  isOpen,
  type SocketState,
  storedHeaders,
  storeHeaders,
} from './hibernation.ts';

export interface WorkerWebSocketOptions extends Omit<ConnectionOptions, 'log'> {
  state: SocketState;
  gateway: Pick<Gateway, 'log' | 'report' | 'warnOfOrigin'>;
  maxMessageBytes: number;
}

/** GraphQL over WebSocket for a Durable Object. */
export type WorkerWebSockets = ReturnType<typeof createWorkerWebSockets>;

/** A connection of this instance of the object. */
interface OpenSocket {
  connection: Connection;
  /** Lets everything that waits for the client go on. */
  release(): void;
}

/** Close codes (RFC 6455, section 7.4.1). "Abnormal Closure" is that of a connection that ended without a close frame. */
const NORMAL_CLOSURE = 1000;
const ABNORMAL_CLOSURE = 1006;
const MESSAGE_TOO_BIG = 1009;
/** The close codes that no close frame contains. */
const UNSENDABLE_CODES: ReadonlySet<number> = new Set([1004, 1005, ABNORMAL_CLOSURE, 1015]);
/** A UTF-16 code unit takes up to three bytes. */
const MAX_BYTES_PER_CHAR = 3;

/**
 * Creates GraphQL over WebSocket for a Durable Object, which calls this in its constructor or before it handles the first event.
 * Its sockets hibernate ("Use WebSockets" in Cloudflare's documentation): 10 seconds after its last event, the platform may remove the
 * object from memory, and create a new one for the next event, without disconnecting the sockets. The new one finds:
 *
 * - sockets without operations in progress. Their connections go on with the headers in their attachments.
 * - sockets with operations in progress. These are lost, so that the sockets are closed with 1012: clients reconnect and receive the
 *   present state. Normally there are none, because an object with an event in progress does not hibernate ("Lifecycle of a Durable
 *   Object"), and the event of a `subscribe` message is in progress until its operation is complete.
 */
export function createWorkerWebSockets({ state, gateway, maxMessageBytes, ...options }: WorkerWebSocketOptions) {
  const { log } = gateway;
  const connections = createConnections({ ...options, log });
  const sockets = new Map<HibernatingSocket, OpenSocket>();

  // The ping of most clients, among them graphql-ws and Apollo's. Others are answered by the object.
  answerAutomatically(state, '{"type":"ping"}', '{"type":"pong"}');
  // `getWebSockets` still returns those that the former instance has closed, until the client confirms that ("Durable Object State").
  for (const socket of state.getWebSockets())
    if (isOpen(socket) && storedHeaders(socket) === null) socket.close(SERVICE_RESTART, CONNECT_AGAIN);

  function connect(socket: HibernatingSocket, protocol: string, start: (socket: Socket) => Connection): OpenSocket {
    const close = (code: number, reason: string): void => {
      if (!isOpen(socket)) return;
      socket.close(code, reason);
      // The client might never confirm, and a Worker cannot disconnect it.
      queueMicrotask(() => disconnect(socket, code, reason));
    };
    const flow = createFlowControl(socket, () => close(SERVICE_RESTART, CONNECT_AGAIN));
    const connection = start({
      protocol,
      isOpen: () => isOpen(socket),
      send: flow.send,
      close,
      onPong: flow.confirm,
    });
    const opened: OpenSocket = { connection, release: flow.confirm };
    sockets.set(socket, opened);
    return opened;
  }

  function resume(socket: HibernatingSocket): OpenSocket | null {
    const headers = storedHeaders(socket);
    if (headers === null) return null;
    return connect(socket, GRAPHQL_TRANSPORT_WS_PROTOCOL, (portable) => connections.resume(portable, headers));
  }

  function disconnect(socket: HibernatingSocket, code: number, reason: string): void {
    const opened = sockets.get(socket);
    if (opened === undefined) return;
    sockets.delete(socket);
    opened.connection.end(code, reason);
    opened.release();
  }

  function reject({ status, message, headers }: HandshakeError, request: Request): Response {
    const record = createRequestRecord(requestIdOf(request.headers.get(REQUEST_ID)), request.signal);
    gateway.report(record, { codes: ['BAD_REQUEST'], status, reason: message });
    gateway.warnOfOrigin((name) => request.headers.get(name));
    return new Response(`${message}\n`, { status, headers: { ...TEXT, ...headers, [REQUEST_ID]: record.id } });
  }

  return {
    /** Opens a WebSocket for a request that `isWebSocketUpgrade`. The platform has checked the rest of its handshake. */
    upgrade(request: Request): Response {
      const { url, headers } = request;
      const host = headers.get('host') ?? new URL(url).host;
      const error = connections.checkHandshake({ url, host, origin: headers.get('origin') ?? undefined });
      if (error !== null) return reject(error, request);
      const protocol = handleProtocols(headers.get('sec-websocket-protocol') ?? '') || '';
      const { response, socket } = acceptSocket(state, protocol);
      connect(socket, protocol, (portable) => connections.open(portable, Object.fromEntries(headers)));
      return response;
    },
    /**
     * For `webSocketMessage`, which must return the promise, so that the object stays in memory until the message is handled. The platform
     * delivers further messages meanwhile.
     */
    async message(socket: HibernatingSocket, message: string | ArrayBuffer): Promise<void> {
      if (!isOpen(socket)) return;
      const opened = sockets.get(socket) ?? resume(socket);
      if (opened === null) return socket.close(SERVICE_RESTART, CONNECT_AGAIN);
      if (isTooLong(message, maxMessageBytes)) {
        socket.close(MESSAGE_TOO_BIG, '');
        return disconnect(socket, MESSAGE_TOO_BIG, '');
      }
      const { connection } = opened;
      if (!connection.isBusy()) storeHeaders(socket, null);
      await connection.receive(typeof message === 'string' ? message : new TextDecoder().decode(message));
      if (!connection.isBusy()) storeHeaders(socket, connection.acceptedHeaders());
    },
    /**
     * For `webSocketClose`. Confirms the client's close frame: according to "Use WebSockets", the platform does so itself since the
     * compatibility date 2026-04-07, and confirming it again is safe; workerd 1.20260730 does not.
     */
    closed(socket: HibernatingSocket, code: number, reason: string): void {
      disconnect(socket, code, reason);
      if (!UNSENDABLE_CODES.has(code)) socket.close(code, reason);
      else socket.close(NORMAL_CLOSURE, '');
    },
    /** For `webSocketError`: the connection has failed, and is closed. */
    failed(socket: HibernatingSocket, error: unknown): void {
      log('info', 'WebSocket error.', { error: error instanceof Error ? error.message : String(error) });
      disconnect(socket, ABNORMAL_CLOSURE, '');
    },
    /** Whether operations are in progress. */
    isBusy: (): boolean => [...sockets.values()].some(({ connection }) => connection.isBusy()),
    /** The number of open sockets, including those that hibernate. */
    size: (): number => state.getWebSockets().filter(isOpen).length,
  };
}

function isTooLong(message: string | ArrayBuffer, maxBytes: number): boolean {
  if (typeof message !== 'string') return message.byteLength > maxBytes;
  if (message.length * MAX_BYTES_PER_CHAR <= maxBytes) return false;
  return message.length > maxBytes || new TextEncoder().encode(message).length > maxBytes;
}

const TEXT = { 'content-type': 'text/plain', 'cache-control': 'private, no-store' };
