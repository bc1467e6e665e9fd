import { hasValidHeaders } from './requestHeaders.ts';
import { type Transport, TransportError, type TransportRequest, type TransportResponse } from './transport.ts';

export interface FetchTransportOptions {
  /** Default: the platform's. It must neither retry nor store cookies. */
  fetch?: (request: Request) => Promise<Response>;
}

/**
 * Creates the transport for platforms whose HTTP client is `fetch`, such as Cloudflare Workers. There is no timeout except the request's
 * signal.
 *
 * `fetch` does not tell whether it sent a request: workerd has one error, "Network connection lost.", for a refused connection and for
 * one that broke after the request had arrived. So every failure that the platform reports is `interrupted`, and none is `connect` but
 * that of a request which is not valid HTTP.
 */
export function createFetchTransport({ fetch = (request) => globalThis.fetch(request) }: FetchTransportOptions = {}): {
  send: Transport;
} {
  return {
    send: (request) => {
      const { signal } = request;
      if (signal.aborted) return Promise.reject(signal.reason);
      const abort = new AbortController();
      const prepared = prepare(request, abort.signal);
      if (prepared === null) return Promise.reject(new TransportError('connect', 'The request is not valid HTTP'));
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          // At once, whatever the platform makes of its signal.
          reject(signal.reason);
          abort.abort();
        };
        signal.addEventListener('abort', onAbort);
        exchange(fetch, prepared, request.maxBodyBytes)
          .then(resolve, (error: unknown) => {
            reject(error instanceof TransportError ? error : interrupted(error));
            // Ends the response: a body that nobody reads would keep its connection.
            abort.abort();
          })
          .finally(() => signal.removeEventListener('abort', onAbort));
      });
    },
  };
}

/** Returns the platform's request; null if it cannot be sent. */
function prepare({ method, url, headers, body }: TransportRequest, signal: AbortSignal): Request | null {
  if (!/^https?:/i.test(url) || !hasValidHeaders(headers)) return null;
  try {
    // `no-store`: some platforms have a cache of their own. A stored response would be none of RealtimeKit's, and its headers outdated.
    const init = { method, headers, signal, redirect: 'manual', cache: 'no-store' } as const;
    return new Request(url, body === undefined ? init : { ...init, body });
  } catch {
    return null;
  }
}

async function exchange(
  fetch: NonNullable<FetchTransportOptions['fetch']>,
  request: Request,
  maxBodyBytes: number,
): Promise<TransportResponse> {
  const response = await fetch(request);
  const { status, body } = response;
  // Workerd takes an interim response for the final one, and the final one for its body.
  if (status < 200) throw new TransportError('interrupted', 'The response was an interim one');
  const headers = joinHeaders(response.headers);
  if (Number(headers['content-length']) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  return { status, headers, body: body === null ? '' : await readText(body, maxBodyBytes) };
}

/** Decodes a body as it arrives. Ignores a byte order mark (RFC 8259, section 8.1), and replaces invalid bytes. */
async function readText(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    text += decoder.decode(value, { stream: true });
  }
}

/** The names that `fetch` returns are in lower case. It joins repeated headers itself, except `set-cookie`. */
function joinHeaders(headers: Headers): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of headers) joined[name] = joined[name] === undefined ? value : `${joined[name]}, ${value}`;
  return joined;
}

/** The platform's message may contain the URL; its code does not. Node's `fetch` has the code in the cause. */
function interrupted(error: unknown): TransportError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  return new TransportError('interrupted', 'The connection failed, or broke before the response was complete', {
    code,
    cause: error,
  });
}

function tooLarge(maxBytes: number): TransportError {
  return new TransportError('too-large', `The response body is longer than ${maxBytes} bytes`);
}
