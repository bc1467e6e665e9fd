import { validateHeaderName, validateHeaderValue } from 'node:http';
import { constants } from 'node:http2';

import { Agent, errors, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { TransportError } from './transport.ts';
import type { Transport, TransportFailure, TransportRequest, TransportResponse } from './transport.ts';

export interface UndiciTransportOptions {
  /** Timeout of one connection attempt, including TLS. Default 5,000; must be at most 10,000. */
  connectTimeoutMs?: number;
  /** How long an unused connection stays open, unless the server's `keep-alive` hint says otherwise. Default 30,000. */
  idleTimeoutMs?: number;
  /** The age after which a connection gets no further requests. Default 60,000. */
  maxConnectionAgeMs?: number;
  /** PEM certificates to trust instead of the system's: for tests, and for an upstream with a private certificate authority. */
  ca?: string;
}

/**
 * Headers that belong to the connection, and that a request must not set. Undici or node:http2 rejects most of them, some by closing
 * the connection.
 */
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
 * Creates the transport for Node.js, on undici's dispatcher, without streams. It uses HTTP/2 if an https origin supports it, otherwise
 * HTTP/1.1 with a connection for each concurrent request. There is no timeout except the request's signal. `close` rejects new
 * requests, and resolves when those in flight have ended.
 */
export function createUndiciTransport(options: UndiciTransportOptions = {}): {
  send: Transport;
  close: () => Promise<void>;
} {
  const handlers = new Set<RequestHandler>();
  const agent = createAgent(options, (origin, poolOptions) => createPool(origin, poolOptions, handlers));
  let isClosed = false;

  return {
    send: (request) => {
      if (request.signal.aborted) return Promise.reject(request.signal.reason);
      if (isClosed) return Promise.reject(new TransportError('connect', 'The transport is closed'));
      const url = URL.parse(request.url);
      if (url === null || !hasValidHeaders(request.headers)) {
        return Promise.reject(new TransportError('connect', 'The request is not valid HTTP'));
      }
      const handler = new RequestHandler(request, url.origin, handlers);
      const { method, headers, body = null } = request;
      agent.dispatch({ origin: url.origin, path: url.pathname + url.search, method, headers, body }, handler);
      return handler.response;
    },
    close: async () => {
      isClosed = true;
      await Promise.allSettled(Array.from(handlers, (handler) => handler.response));
      // `destroy` instead of `close`, which would first connect for each request that was aborted in the queue.
      await agent.destroy();
    },
  };
}

/** What a server's GOAWAY with the error code REFUSED_STREAM makes of its connection. */
const REFUSED_CONNECTION = `HTTP/2: "GOAWAY" frame received with code ${constants.NGHTTP2_REFUSED_STREAM}`;

/** Creates the connections to one origin. `handlers` are the requests to all origins. */
function createPool(origin: string | URL, options: object, handlers: ReadonlySet<RequestHandler>): Pool {
  const pool = new Pool(origin, options);
  // Undici queues all requests to an https origin until the first connection shows whether the origin supports HTTP/2. If that
  // connection fails, undici fails one request and connects again for the next one, with a full connect timeout for each. This fails
  // all queued requests at once.
  pool.on('connectionError', (url, _targets, error) => {
    const { queued, connected } = pool.stats;
    if (queued === 0 || connected > 0) return;
    for (const handler of handlers) {
      if (handler.origin === url.origin && !handler.isSent) handler.onResponseError(undefined, error);
    }
  });
  // Undici takes this error code for one of each stream, also of those that the server may have processed.
  pool.on('disconnect', (url, _targets, { message }) => {
    if (message !== REFUSED_CONNECTION) return;
    for (const handler of handlers) if (handler.origin === url.origin) handler.mayBeProcessed = true;
  });
  return pool;
}

function createAgent(
  { connectTimeoutMs = 5_000, idleTimeoutMs = 30_000, maxConnectionAgeMs = 60_000, ca }: UndiciTransportOptions,
  factory: NonNullable<Agent.Options['factory']>,
) {
  return new Agent({
    factory,
    connect: {
      timeout: connectTimeoutMs,
      preferH2: true,
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot turn it off.
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
    },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleTimeoutMs,
    // If the peer of an HTTP/2 connection disappears silently, requests on it hang until the kernel stops retransmitting, which takes
    // 15 minutes on Linux. Undici would notice earlier only by the timeouts that are off here.
    clientTtl: maxConnectionAgeMs,
    // Undici sends requests again that were pipelined behind a failed one.
    pipelining: 1,
  });
}

/** A malformed request must not reach undici, which never recovers the connection after it rejects one. */
function hasValidHeaders(headers: Record<string, string>): boolean {
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

/** Handles one request. Undici calls the `on…` methods. */
class RequestHandler implements Dispatcher.DispatchHandler {
  readonly origin: string;
  /** While this is false, nothing has been sent: undici writes to the socket and calls `onRequestSent` synchronously. */
  isSent = false;
  /** Whether the server may have processed the request although undici would send it again. */
  mayBeProcessed = false;

  readonly #request: TransportRequest;
  readonly #handlers: Set<RequestHandler>;
  readonly #onAbort = () => this.#fail(this.#request.signal.reason);
  readonly #result = Promise.withResolvers<TransportResponse>();
  #controller: Dispatcher.DispatchController | undefined;
  #isEnded = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #length = 0;

  /** Adds itself to `handlers`, and removes itself at its end. */
  constructor(request: TransportRequest, origin: string, handlers: Set<RequestHandler>) {
    this.#request = request;
    this.origin = origin;
    this.#handlers = handlers;
    handlers.add(this);
    request.signal.addEventListener('abort', this.#onAbort);
  }

  get response(): Promise<TransportResponse> {
    return this.#result.promise;
  }

  /** Called when a connection is open, before undici sends the request. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isEnded) cancel(controller);
    // Undici sends a request again if the HTTP/2 server said that it did not process it (a GOAWAY below its stream, REFUSED_STREAM: RFC
    // 9113, section 8.7), or if a GOAWAY kept it from being written. Retries are up to the client.
    else if (this.isSent) {
      const failure = this.mayBeProcessed ? 'interrupted' : 'unprocessed';
      this.#fail(new TransportError(failure, 'The server refused the request'));
    }
  }

  onRequestSent(): void {
    this.isSent = true;
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
    if (this.#isEnded) return;
    const [first, ...rest] = this.#chunks;
    const body = first === undefined ? '' : (rest.length === 0 ? first : Buffer.concat(this.#chunks)).toString();
    this.#end();
    this.#result.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: unknown, cause: Error): void {
    const [failure, message]: [TransportFailure, string] =
      this.isSent && !this.#isUnwritten(cause)
        ? ['interrupted', 'The connection broke before the response was complete']
        : ['connect', 'The connection failed'];
    // Undici's messages may contain the host; its codes do not.
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
    this.#fail(new TransportError(failure, message, { code, cause }));
  }

  /**
   * Whether the first write of the request failed, so that none of it left. Over HTTP/1.1 without TLS, a request is one write, and the
   * only one on its connection. TLS and HTTP/2 write of their own accord, too.
   */
  #isUnwritten(cause: Error): boolean {
    return this.origin.startsWith('http:') && 'syscall' in cause && cause.syscall === 'write';
  }

  #failTooLarge(): void {
    this.#fail(new TransportError('too-large', `The response body is longer than ${this.#request.maxBodyBytes} bytes`));
  }

  #fail(reason: unknown): void {
    if (this.#isEnded) return;
    this.#end();
    this.#result.reject(reason);
    if (this.#controller !== undefined) cancel(this.#controller);
  }

  #end(): void {
    this.#isEnded = true;
    this.#chunks = [];
    this.#handlers.delete(this);
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}

/** Cancels a request. Undici may fail the requests that wait behind it, too, if the error is of another class. */
function cancel(controller: Dispatcher.DispatchController): void {
  controller.abort(new errors.InformationalError('cancelled'));
}
