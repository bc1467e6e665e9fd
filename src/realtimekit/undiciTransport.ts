import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Agent, errors } from 'undici';
import type { Dispatcher } from 'undici';
import { TransportError } from './transport.ts';
import type { Transport, TransportFailure, TransportRequest, TransportResponse } from './transport.ts';

export interface UndiciTransportOptions {
  /** Milliseconds for one attempt at a connection, TLS included. Default 5,000; keep it at 10,000 or less. */
  connectTimeoutMs?: number;
  /** Milliseconds an unused connection stays open; a server's own `keep-alive` hint goes before. Default 30,000. */
  idleMs?: number;
  /** Milliseconds after which a connection takes no further requests. Default 60,000. */
  connectionLifeMs?: number;
  /** PEM certificates trusted instead of the system's: for tests, and for an upstream with its own authority. */
  ca?: string;
}

/** Headers that are the connection's, not the caller's. Undici or node:http2 refuses most of them, some by closing the connection. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The transport for Node: undici's dispatcher without the streams above it. An https origin gets HTTP/2 where it
 * speaks it, an HTTP/1.1 origin as many connections as there are requests at a time. Only the caller's signal sets
 * a deadline. After `close()` every request is refused; the promise waits for those under way.
 */
export function createUndiciTransport(options: UndiciTransportOptions = {}): {
  send: Transport;
  close: () => Promise<void>;
} {
  const agent = createAgent(options);
  const exchanges = new Set<RequestHandler>();
  let closed = false;

  // Until a first connection tells whether an https origin speaks HTTP/2, undici lets all requests wait for that one.
  // Were it to fail, undici would fail one request and try the next, each for a whole connect timeout.
  agent.on('connectionError', ({ origin }, _targets, error) => {
    const stats = agent.stats[origin];
    if (stats === undefined || !('queued' in stats) || stats.queued === 0 || stats.connected > 0) return;
    for (const exchange of exchanges) {
      if (exchange.origin === origin && !exchange.sent) exchange.onResponseError(undefined, error);
    }
  });

  return {
    send: (request) => {
      if (request.signal.aborted) return Promise.reject(request.signal.reason);
      if (closed) return Promise.reject(new TransportError('connect', 'The transport is closed'));
      const url = URL.parse(request.url);
      if (url === null || !areValid(request.headers)) {
        return Promise.reject(new TransportError('connect', 'The request is not valid HTTP'));
      }
      const exchange = new RequestHandler(request, url.origin, exchanges);
      const { method, headers, body = null } = request;
      agent.dispatch({ origin: url.origin, path: url.pathname + url.search, method, headers, body }, exchange);
      return exchange.answer;
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(Array.from(exchanges, (exchange) => exchange.answer));
      // destroy, not close: undici would first connect for each request that was given up while it waited.
      await agent.destroy();
    },
  };
}

function createAgent({
  connectTimeoutMs = 5_000,
  idleMs = 30_000,
  connectionLifeMs = 60_000,
  ca,
}: UndiciTransportOptions) {
  return new Agent({
    connect: {
      timeout: connectTimeoutMs,
      preferH2: true,
      // Said aloud, so that no NODE_TLS_REJECT_UNAUTHORIZED in the environment undoes it.
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
    },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMs,
    // An HTTP/2 connection whose peer vanished without a word swallows requests for as long as the kernel goes on
    // retransmitting, a quarter of an hour on Linux: undici notices only by the timeouts that are off here.
    clientTtl: connectionLifeMs,
    // Requests pipelined behind one that fails would be sent again.
    pipelining: 1,
  });
}

/** Undici never recovers a connection whose request it refused as malformed, so no such request may reach it. */
function areValid(headers: Record<string, string>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      if (CONNECTION_HEADERS.has(name.toLowerCase())) return false;
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}

/** One request on its way through undici, which calls the `on...` methods. */
class RequestHandler implements Dispatcher.DispatchHandler {
  readonly origin: string;
  /** Undici writes to the socket and reports it in the same breath: while this is false no byte has left. */
  sent = false;

  readonly #request: TransportRequest;
  readonly #exchanges: Set<RequestHandler>;
  readonly #onAbort = () => this.#fail(this.#request.signal.reason);
  readonly #settle = Promise.withResolvers<TransportResponse>();
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #length = 0;

  /** Stays in `exchanges` until it ends. */
  constructor(request: TransportRequest, origin: string, exchanges: Set<RequestHandler>) {
    this.#request = request;
    this.origin = origin;
    this.#exchanges = exchanges;
    exchanges.add(this);
    request.signal.addEventListener('abort', this.#onAbort);
  }

  get answer(): Promise<TransportResponse> {
    return this.#settle.promise;
  }

  /** A connection is there and undici is about to write. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) abandon(controller);
    // Undici repeats what an HTTP/2 server refused (GOAWAY, REFUSED_STREAM), a POST too: whether to is the caller's matter.
    else if (this.sent) this.#fail(new TransportError('interrupted', 'The server refused the request'));
  }

  onRequestSent(): void {
    this.sent = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    if (Number(headers['content-length']) > this.#request.maxBodyBytes) return this.#failTooLarge();
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) this.#headers[name] = typeof value === 'string' ? value : value.join(', ');
    }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#request.maxBodyBytes) return this.#failTooLarge();
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    const [first, ...others] = this.#chunks;
    const body = first === undefined ? '' : (others.length === 0 ? first : Buffer.concat(this.#chunks)).toString();
    this.#end();
    this.#settle.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: unknown, cause: Error): void {
    const [failure, what]: [TransportFailure, string] = this.sent
      ? ['interrupted', 'The connection ended before the whole answer']
      : ['connect', 'No connection came about'];
    // A code names no host, unlike undici's messages.
    const code = 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
    this.#fail(new TransportError(failure, what + code, { cause }));
  }

  #failTooLarge(): void {
    this.#fail(new TransportError('too-large', `The answer is longer than ${this.#request.maxBodyBytes} bytes`));
  }

  #fail(reason: unknown): void {
    if (this.#ended) return;
    this.#end();
    this.#settle.reject(reason);
    if (this.#controller !== undefined) abandon(this.#controller);
  }

  #end(): void {
    this.#ended = true;
    this.#chunks = [];
    this.#exchanges.delete(this);
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}

/** An error of any other kind could end requests that wait behind this one. */
function abandon(controller: Dispatcher.DispatchController): void {
  controller.abort(new errors.InformationalError('abandoned'));
}
