import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { REQUEST_HEADER, type RequestNote } from './protocol.ts';

/** Headers that belong to the connection. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);
const BODILESS_STATUS = new Set([204, 205, 304]);

/** Whether a header is of the connection to workerd, or one that HTTP does not allow. */
const isForNote = ([name, value]: [string, string]): boolean => name === 'host' || /[^\t\x20-\x7e]/.test(value);

// Without keep-alive: workerd closes a connection after a response to a request whose body it has not read.
const agent = new Agent({ keepAlive: false });

/**
 * The requests in flight, each with what it was made of: the signal of a request that is collected as garbage is no longer aborted with the
 * signal that it follows.
 */
const inFlight = new Set<[request: Request, source: unknown]>();

/**
 * Sends a request over HTTP, with its own headers and no others: `fetch` would add some. Resolves with the response, whose body is
 * that which arrived. Rejects if the connection breaks, or with the reason of the request's signal. `source` is what the request was
 * made of, and `body` its body as the test passed it.
 */
export async function send(
  origin: string,
  request: Request,
  { source, body, note }: { source: unknown; body: RequestInit['body']; note: Omit<RequestNote, 'headers'> },
): Promise<Response> {
  const { method, signal } = request;
  signal.throwIfAborted();
  const headers = Object.fromEntries([...request.headers].filter((header) => !isForNote(header)));
  headers[REQUEST_HEADER] = toAscii(JSON.stringify({ ...note, headers: [...request.headers].filter(isForNote) }));
  const path = new URL(request.url).pathname;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sending = startRequest(origin, { agent, method, path, headers }, resolve);
  sending.on('error', reject);
  const abort = (): void => {
    reject(signal.reason);
    disconnect(sending);
  };
  signal.addEventListener('abort', abort);
  const alive: [Request, unknown] = [request, source];
  inFlight.add(alive);
  sending.on('close', () => {
    signal.removeEventListener('abort', abort);
    inFlight.delete(alive);
  });
  if (request.body === null) sending.end();
  // In one piece: while a body arrives, workerd resets the connection if the gateway responds without reading it.
  else if (typeof body === 'string') sending.end(body);
  else void pipeline(Readable.from(request.body), sending).catch(reject);
  return toResponse(await promise);
}

/** Escapes what HTTP does not allow in a header's JSON, or what its two ends decode differently. */
function toAscii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function toResponse(message: IncomingMessage): Response {
  const { statusCode: status = 0, headersDistinct } = message;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    if (!CONNECTION_HEADERS.has(name)) for (const value of values) headers.append(name, value);
  if (!BODILESS_STATUS.has(status)) return new Response(bodyOf(message), { status, headers });
  message.resume();
  return new Response(null, { status, headers });
}

function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  let isCancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      message.on('data', (chunk: Uint8Array) => {
        if (!isCancelled) controller.enqueue(chunk);
        message.pause();
      });
      message.on('end', () => isCancelled || controller.close());
      message.on('error', (error) => controller.error(error));
      message.pause();
    },
    pull: () => void message.resume(),
    cancel: () => {
      isCancelled = true;
      disconnect(message);
    },
  });
}

/** Resets the connection: workerd does not notice one that is only closed until it writes to it. */
function disconnect(message: ClientRequest | IncomingMessage): void {
  message.socket?.resetAndDestroy();
  message.destroy();
}
