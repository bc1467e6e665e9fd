import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { sendNodeResponse } from '@whatwg-node/server';

import { createRequestRecord } from '../telemetry/requestRecord.ts';
import type { Gateway } from './gateway.ts';
import { STREAM_TYPES } from './negotiation.ts';
import { REQUEST_ID, requestIdOf, type ServerContext } from './requestState.ts';
import { resolveTarget } from './requestTarget.ts';
import { isWebSocketUpgrade, type WebSockets } from './websocket/webSocketServer.ts';

export interface HttpServerOptions {
  gateway: Pick<Gateway, 'handleNodeRequestAndResponse' | 'log' | 'report' | 'warnOfOrigin'>;
  sockets: Pick<WebSockets, 'upgrade'>;
  /**
   * How long idle connections are kept open. The proxy must close them first: otherwise it might send a request while this server
   * closes the connection. The timeouts for receiving a request do not apply to a connection between two requests.
   */
  keepAliveTimeoutMs: number;
  /** How long a client may read nothing of an event stream. Default: a minute. */
  stallTimeoutMs?: number;
}

/** A response in plain text. */
interface TextResponse {
  status: number;
  /** One line, or empty. */
  message: string;
  headers?: Readonly<Record<string, string>>;
}

const METHODS = 'GET, HEAD, POST, OPTIONS';

/** How long a client may take to read a response: as long as Node.js lets it take to send a request. */
const RESPONSE_TIMEOUT_MS = 300_000;
const STALL_TIMEOUT_MS = 60_000;

/** The statuses of what `node:http` rejects itself; 400 for everything else. */
const PARSER_ERRORS: Readonly<Record<string, TextResponse>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'The chunk extensions are too long.' },
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The request headers are too long.' },
};
const MALFORMED = { status: 400, message: 'The request is not valid HTTP/1.1.' };
const NO_PROXY = { status: 405, message: 'The gateway is not a proxy.', headers: { allow: METHODS } };

/**
 * Creates the HTTP server of the gateway, which is not listening yet. A request whose target or `Host` is invalid does not reach the
 * gateway, whose adapter for `node:http` builds a URL from both. No response shows what failed inside the gateway.
 */
export function createHttpServer(options: HttpServerOptions): Server {
  const { gateway, sockets, keepAliveTimeoutMs, stallTimeoutMs = STALL_TIMEOUT_MS } = options;
  const { log, report, warnOfOrigin } = gateway;
  const latestResponses = new WeakMap<Duplex, ServerResponse>();

  /** Reports a request that is rejected, and returns the response with the request's id. */
  function reject(response: TextResponse, sentId?: unknown): TextResponse {
    const { status, message, headers } = response;
    const record = createRequestRecord(requestIdOf(sentId), new AbortController().signal);
    // While the gateway shuts down, rejections are no errors.
    if (status < 500) report(record, { codes: ['BAD_REQUEST'], status, reason: message });
    return { status, message, headers: { ...headers, [REQUEST_ID]: record.id, connection: 'close' } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    latestResponses.set(request.socket, response);
    const sentId = request.headers[REQUEST_ID];
    const error = applyTarget(request);
    if (error !== null) return sendText(response, reject(error, sentId));
    if (request.url === '*') {
      const headers = { allow: METHODS, [REQUEST_ID]: requestIdOf(sentId) };
      return sendText(response, { status: 200, message: '', headers });
    }
    const context: ServerContext = { res: response };
    try {
      const result = await gateway.handleNodeRequestAndResponse(request, response, context);
      const sent = sendNodeResponse(result, response, request, true);
      // Most responses are small enough for the operating system to take them at once.
      const isTaken = response.writableEnded && response.socket?.writableLength === 0;
      // After `sendNodeResponse`, which turns the idle timeout off for streams.
      if (!isTaken && isStream(result)) limitStalls(response, stallTimeoutMs);
      else if (!isTaken) limitTime(response, request);
      await sent;
    } catch (error) {
      fail(error, request, response, context);
    }
  }

  /** The last resort: an error that was thrown outside the gateway's plugins, or while the response was sent. */
  function fail(
    error: unknown,
    { headers }: IncomingMessage,
    response: ServerResponse,
    { state }: ServerContext,
  ): void {
    if (response.destroyed) return;
    const record = state?.record ?? createRequestRecord(requestIdOf(headers[REQUEST_ID]), new AbortController().signal);
    const { id } = record;
    log('error', 'Unexpected error.', { requestId: id, error: error instanceof Error ? error.stack : String(error) });
    report(record, { codes: ['INTERNAL_SERVER_ERROR'], status: 500 });
    if (response.headersSent) return void response.destroy();
    const message = `Something went wrong inside the gateway. Its log has the details under the request ID ${id}.`;
    sendText(response, { status: 500, message, headers: { [REQUEST_ID]: id } });
  }

  /** The response that a connection awaits. Nothing else may be sent before: the client would take it for that, perhaps a mutation's. */
  function pendingResponse(stream: Duplex): ServerResponse | null {
    const latest = latestResponses.get(stream);
    return latest === undefined || latest.writableFinished ? null : latest;
  }

  const server = createServer({
    shouldUpgradeCallback: (request) => pendingResponse(request.socket) === null && isWebSocketUpgrade(request),
    keepAliveTimeout: keepAliveTimeoutMs,
    // Checked by `resolveTarget`. Joined with a comma, duplicates of headers that allow none are invalid.
    requireHostHeader: false,
    joinDuplicateHeaders: true,
  });
  server.on('request', (request, response) => void handle(request, response));
  // Expectations other than `100-continue` may be ignored (RFC 9110, section 10.1.1). Node would answer 417, without a body or an id.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('upgrade', (request: IncomingMessage, stream, head) => {
    const error = applyTarget(request) ?? sockets.upgrade(request, stream, head);
    if (error === null) return;
    endWithText(stream, reject(error, request.headers[REQUEST_ID]));
    warnOfOrigin((name) => request.headers[name]);
  });
  server.on('connect', ({ headers }: IncomingMessage, stream) => {
    if (pendingResponse(stream) === null) endWithText(stream, reject(NO_PROXY, headers[REQUEST_ID]));
    else stream.destroy();
  });
  server.on('clientError', (error: Error & { code?: string }, stream) => {
    const pending = pendingResponse(stream);
    // A response has begun, or waits for the one before it.
    const isAnswering = pending !== null && (pending.headersSent || pending.socket === null);
    // Browsers open connections in advance, which need no response if they time out.
    const isUnused = stream instanceof Socket && stream.bytesRead === 0;
    if (!stream.writable || error.code === 'ECONNRESET' || isAnswering || isUnused) stream.destroy(error);
    // What is invalid follows the request.
    else if (pending?.req.complete === true) pending.setHeader('connection', 'close');
    else endWithText(stream, reject(PARSER_ERRORS[error.code ?? ''] ?? MALFORMED));
  });
  return server;
}

/** Replaces the request's target by its origin-form, and `Host` by the host that applies; or returns what is wrong with them. */
function applyTarget(request: IncomingMessage): TextResponse | null {
  const target = resolveTarget(request);
  if ('problem' in target) return { status: 400, message: target.problem };
  request.url = target.url;
  if (target.host !== undefined) request.headers.host = target.host;
  return null;
}

function isStream({ headers }: Response): boolean {
  const type = headers.get('content-type') ?? '';
  return STREAM_TYPES.some((streamType) => type.startsWith(streamType));
}

/**
 * Closes the connection if the response has not been sent in time: its client does not read it. A limit on idle time would not do,
 * because whatever the client sends would count as progress.
 */
function limitTime(response: ServerResponse, { socket }: IncomingMessage): void {
  const timer = setTimeout(() => socket.destroy(), RESPONSE_TIMEOUT_MS);
  response.once('close', () => clearTimeout(timer));
}

/**
 * Closes the connection if an event stream makes no progress for `timeoutMs`, or up to twice as long. Heartbeats are progress. Without a
 * reader, a stream stops producing events, so that it takes little memory.
 */
function limitStalls(response: ServerResponse, timeoutMs: number): void {
  response.setTimeout(timeoutMs);
  // Before Node's own listener, which begins the next response or sets the keep-alive timeout.
  response.prependOnceListener('finish', () => response.setTimeout(0));
}

function sendText(response: ServerResponse, text: TextResponse): void {
  const { body, headers } = encode(text);
  response.writeHead(text.status, headers).end(body);
}

/** Sends a response over a connection for which `node:http` provides no response object, and closes the connection. */
function endWithText(stream: Duplex, text: TextResponse): void {
  const { body, headers } = encode(text);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  stream.on('error', () => stream.destroy());
  stream.end(`HTTP/1.1 ${text.status} ${STATUS_CODES[text.status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}

function encode({ message, headers }: TextResponse): { body: string; headers: Record<string, string> } {
  const body = message === '' ? '' : `${message}\n`;
  const common = { 'content-type': 'text/plain', 'cache-control': 'private, no-store' };
  return { body, headers: { ...common, 'content-length': String(Buffer.byteLength(body)), ...headers } };
}
