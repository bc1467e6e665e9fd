import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import { buildSchema, type ExecutionArgs, parse } from 'graphql';
import { CloseCode, type Context, handleProtocols, makeServer } from 'graphql-ws';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

import type { Log } from '../../lib/log.ts';
import { headersOf } from './connectionParams.ts';
import { type HandshakeRules, refuseHandshake } from './handshake.ts';
import { ensureQuery } from './messages.ts';
import { ADDRESS, type Fetch, isResult, RequestErrors, type Results, executeOverHttp, wordsOf } from './sseBridge.ts';

export interface WebSocketOptions extends HandshakeRules {
  fetch: Fetch;
  /** Bytes of a message. */
  messageBytes: number;
  /** How many operations may be under way over one connection. */
  operations: number;
  log: Log;
  /** How often each connection is tried, in milliseconds: who has not answered by the next time is cut off. */
  pingEvery?: number;
  /** How long callers may take to say who they are, in milliseconds. */
  initWithin?: number;
}

/** GraphQL over WebSocket (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). */
export interface WebSockets {
  /** Takes the `upgrade` of a server of `node:http`. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** How many connections there are. */
  size(): number;
  /** Takes no more, and sends all callers away to come back elsewhere, each as soon as what runs for them has ended. */
  drain(): void;
  /** Cuts off who is still here. */
  terminateAll(): void;
}

interface Connection {
  request: IncomingMessage;
  socket: WebSocket;
  /** With which each of its operations is sent. */
  headers: Headers;
  /** Messages that are being answered; each operation is answered until it ends. */
  busy: number;
  /** Operations whose answer broke off: they end with the connection. */
  broken: number;
}

type ConnectionContext = Context<Record<string, unknown> | undefined, Connection>;

/** Bytes: while more than that waits to be taken by a caller, no more of theirs is taken. */
const HIGH_WATER_MARK = 256 * 1024;
/** "Service restart": clients connect anew, and send again what had not ended. */
const RESTART = 1012;
/** Characters that a close frame has room for, whatever they are. */
const LONGEST_REASON = 30;

/** What the protocol's machinery looks at; the gateway reads the caller's own document. */
const ANY_OPERATION = { schema: buildSchema('type Query { any: Int }'), document: parse('subscription { any }') };

/** Its name is how the log tells it from what callers ask. */
const AUTH_PROBE = '{"query":"query ConnectionInit{__typename}"}';

/** A connection is to be closed for what a message said. */
class CloseError extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Each operation is sent to `fetch` as a request of its own: whatever holds for those over HTTP holds for it. */
export function createWebSockets(options: WebSocketOptions): WebSockets {
  const { fetch, log, messageBytes, operations, pingEvery = 12_000, initWithin = 10_000 } = options;
  const acceptor = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: messageBytes });
  const connections = new Set<Connection>();
  const started = new WeakMap<ExecutionArgs, Results>();
  let isDraining = false;

  const protocol = makeServer<Record<string, unknown> | undefined, Connection>({
    connectionInitWaitTimeout: initWithin,
    onConnect: authenticateConnection,
    onSubscribe({ extra }, _id, payload) {
      const args: ExecutionArgs = { ...ANY_OPERATION };
      started.set(args, run(extra, payload));
      return args;
    },
    subscribe(args) {
      const results = started.get(args);
      if (results === undefined) throw new Error('The operation was not started.');
      return results;
    },
    // Its errors are presentable already.
    onNext: (_context, _id, _payload, _args, result) => (isResult(result) ? result : undefined),
    onError(_context, _id, _payload, [error]) {
      if (error?.originalError instanceof RequestErrors) return error.originalError.errors;
      log('error', 'An operation over a WebSocket failed.', { error: String(error?.originalError?.stack) });
      return [{ message: 'Something went wrong inside the gateway.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }];
    },
  });

  /** Lets those in whom the gateway would answer, and tells the others why not. */
  async function authenticateConnection({ extra, connectionParams }: ConnectionContext): Promise<void> {
    try {
      extra.headers = headersOf(extra.request.headers, connectionParams);
    } catch {
      throw new CloseError(CloseCode.BadRequest, 'No header can hold this.');
    }
    const headers = new Headers(extra.headers);
    headers.set('accept', 'application/graphql-response+json');
    const response = await fetch(new Request(ADDRESS, { method: 'POST', headers, body: AUTH_PROBE }));
    const text = await response.text();
    if (response.status === 401) throw new CloseError(CloseCode.Unauthorized, wordsOf(text));
    if (response.status === 503) throw new CloseError(RESTART, wordsOf(text));
  }

  function run(connection: Connection, payload: object): Results {
    const send: Fetch = (request) => {
      if (isDraining) throw new Error('The gateway is ending.');
      if (connection.busy <= operations) return fetch(request);
      const words = `${operations} operations are under way over this connection, as many as may be. End one first.`;
      throw new RequestErrors([{ message: words, extensions: { code: 'RATE_LIMITED', retryable: true } }]);
    };
    const onDisconnect = (): void => {
      connection.broken += 1;
      closeIfIdle(connection);
    };
    return executeOverHttp(send, { headers: connection.headers, payload, onDisconnect });
  }

  /** Whose operations have broken off is sent away even before the others are. */
  function closeIfIdle({ socket, busy, broken }: Connection): void {
    if ((isDraining || broken > 0) && busy === broken) socket.close(RESTART, 'Connect again.');
  }

  function open(socket: WebSocket, request: IncomingMessage): void {
    const connection: Connection = { request, socket, headers: new Headers(), busy: 0, broken: 0 };
    connections.add(connection);
    const stopPings = keepAlive(socket, pingEvery);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: async (text) => sendWithBackpressure(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage(take) {
          socket.on('message', (data) => void handleMessage(connection, async () => take(ensureQuery(textOf(data)))));
        },
      },
      connection,
    );
    // Such as a message that is too long: the connection is closed for it.
    socket.on('error', (error) => log('info', 'A WebSocket failed.', { error: error.message }));
    socket.once('close', (code, reason) => {
      stopPings();
      connections.delete(connection);
      void closed(code, String(reason));
    });
  }

  async function handleMessage(connection: Connection, work: () => Promise<void>): Promise<void> {
    const { socket } = connection;
    connection.busy += 1;
    if (socket.bufferedAmount > HIGH_WATER_MARK) socket.pause();
    try {
      await work();
    } catch (error) {
      if (error instanceof CloseError) return socket.close(error.code, error.message.slice(0, LONGEST_REASON));
      log('error', 'A message over a WebSocket failed.', {
        error: error instanceof Error ? error.stack : String(error),
      });
      socket.close(CloseCode.InternalServerError, 'Internal server error');
    } finally {
      connection.busy -= 1;
      closeIfIdle(connection);
    }
  }

  return {
    upgrade(request, stream, head) {
      const { url = '', headers } = request;
      const handshake = { url, host: headers.host ?? '', origin: headers.origin };
      const refusal = isDraining ? DRAINING : refuseHandshake(handshake, options);
      if (refusal !== null) refuse(stream, refusal);
      else acceptor.handleUpgrade(request, stream, head, (socket) => open(socket, request));
    },
    size: () => connections.size,
    drain() {
      isDraining = true;
      for (const connection of connections) closeIfIdle(connection);
    },
    terminateAll() {
      for (const { socket } of connections) socket.terminate();
    },
  };
}

/** Other upgrades, such as HTTP/2 without encryption, which some clients offer with every request, are not taken up. */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

const DRAINING = { status: 503, words: 'The gateway is ending. Connect again.' };

function refuse(stream: Duplex, { status, words }: { status: number; words: string }): void {
  stream.on('error', () => stream.destroy());
  const headers = `connection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(words)}`;
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers}\r\n\r\n${words}`);
}

/** Resolves when the operating system has it, so that nothing more is made for who reads slowly. */
async function sendWithBackpressure(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  await new Promise<void>((resolve) => {
    // What cannot be sent closes the connection.
    socket.send(text, () => resolve());
  });
  if (socket.isPaused && socket.bufferedAmount <= HIGH_WATER_MARK) socket.resume();
}

/** Finds out who has gone without a word. Gives the way to stop. */
function keepAlive(socket: WebSocket, every: number): () => void {
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    return socket.ping();
  }, every);
  return () => clearInterval(timer);
}

/** Messages come as `Buffer`s, unless a socket is told otherwise. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : '';
}
