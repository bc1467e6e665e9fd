import { constants } from 'node:http2';

import { Agent, EnvHttpProxyAgent, Pool } from 'undici';

import { hasValidHeaders } from './requestHeaders.ts';
import { type Transport, TransportError } from './transport.ts';
import { ACCEPT_ENCODING, RequestHandler } from './undiciRequest.ts';

export interface UndiciTransportOptions {
  /** Timeout of one connection attempt, including TLS. Default 5,000; must be at most 10,000. */
  connectTimeoutMs?: number;
  /** The URLs of the proxies to use, and the hosts to reach without one (see undici's EnvHttpProxyAgent). Default: no proxy. */
  proxy?: { httpsProxy?: string | undefined; httpProxy?: string | undefined; noProxy?: string | undefined };
  /** PEM certificates to trust instead of the system's: for tests, and for an upstream with a private certificate authority. */
  ca?: string;
}

/** How long an unused connection stays open, unless the server's `keep-alive` hint says otherwise. */
const IDLE_TIMEOUT_MS = 30_000;
/**
 * The age after which a connection to an https origin gets no further requests. If the peer of an HTTP/2 connection disappears silently,
 * requests on it hang until the kernel stops retransmitting, which takes 15 minutes on Linux. Undici would notice earlier only by its
 * timeouts, which are off.
 */
const MAX_CONNECTION_AGE_MS = 60_000;

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
      // Undici never recovers a connection after it rejects a malformed request.
      if (url === null || !hasValidHeaders(request.headers)) {
        return Promise.reject(new TransportError('connect', 'The request is not valid HTTP'));
      }
      const handler = new RequestHandler(request, url.origin, handlers);
      const { method, body = null } = request;
      const headers = { ...request.headers, 'accept-encoding': ACCEPT_ENCODING };
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
  const isHttps = String(origin).startsWith('https:');
  const pool = new Pool(origin, isHttps ? { ...options, clientTtl: MAX_CONNECTION_AGE_MS } : options);
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
  { connectTimeoutMs = 5_000, proxy = {}, ca }: UndiciTransportOptions,
  factory: NonNullable<Agent.Options['factory']>,
) {
  const tls = {
    preferH2: true,
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot turn it off.
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  };
  const options = {
    factory,
    connect: { timeout: connectTimeoutMs, ...tls },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    // Undici sends requests again that were pipelined behind a failed one.
    pipelining: 1,
  };
  const { httpsProxy = '', httpProxy = '', noProxy = '' } = proxy;
  if (httpsProxy === '' && httpProxy === '') return new Agent(options);
  // Empty texts keep undici from reading the environment itself. TLS to the proxy, and to the upstream within the proxy's tunnel, has
  // its own options.
  return new EnvHttpProxyAgent({
    ...options,
    httpsProxy,
    httpProxy,
    noProxy,
    requestTls: tls,
    proxyTls: tls,
    connectTimeout: connectTimeoutMs,
    // Otherwise, all requests wait for minutes for the tunnel if the proxy does not respond to one CONNECT.
    clientFactory: (origin, clientOptions) => new Pool(origin, { ...clientOptions, headersTimeout: connectTimeoutMs }),
  });
}
