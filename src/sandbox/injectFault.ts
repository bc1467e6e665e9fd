import type { Clock } from '../lib/clock.ts';
import type { Fault } from './faults.ts';

/** The default target of the `redirect` fault. */
export const REDIRECT_TRAP = '/__sandbox/trap';

/** The interval between two bytes of a `drip`. */
const DRIP_INTERVAL_MS = 250;
/** Chunks of 64 KiB in the body of `huge`: 9 MiB in total. */
const HUGE_CHUNKS = 144;
const NULL_BODY_STATUSES = new Set([204, 205, 304]);
const JSON_TYPE = { 'content-type': 'application/json' };
const PROXY_PAGE =
  '<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>';

/** The connection closes, which the client gets as a network error. */
export class ConnectionLostError extends Error {
  override name = 'ConnectionLostError';
}

/**
 * The response to a request that `fault` affects. Calls `carryOut`, which returns the correct response, if the fault does not prevent
 * the request. Rejects if the connection must close without a response.
 */
export async function injectFault(
  fault: Fault,
  carryOut: () => Response,
  clock: Clock,
  signal: AbortSignal,
): Promise<Response> {
  const isCarriedOut = fault.after === true || fault.kind === 'truncated' || fault.kind === 'drip';
  const response = isCarriedOut ? carryOut() : Response.json(null);
  switch (fault.kind) {
    case 'status':
      return statusResponse(fault);
    case 'hang':
      return untilAborted(signal);
    case 'reset':
      throw new ConnectionLostError('The connection was reset');
    case 'truncated':
      return truncate(response);
    case 'drip':
      return drip(response, clock);
    case 'html':
      return createResponse(PROXY_PAGE, fault.status ?? 502, { 'content-type': 'text/html', ...retryAfter(fault) });
    case 'empty':
      return createResponse(null, fault.status ?? 200, retryAfter(fault));
    case 'not-json':
      return createResponse('{"success":tru', fault.status ?? 200, JSON_TYPE);
    case 'huge':
      return createResponse(hugeBody(), fault.status ?? 200, JSON_TYPE);
    case 'redirect':
      return createResponse(null, fault.status ?? 302, { location: fault.location ?? REDIRECT_TRAP });
    default:
      return fault.kind satisfies never;
  }
}

/** Waits for some milliseconds of `clock`; rejects as soon as `signal` aborts. */
export async function delay(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds === 0) return;
  const elapsed = Promise.withResolvers<undefined>();
  const cancel = clock.after(milliseconds, () => elapsed.resolve(undefined));
  try {
    await Promise.race([elapsed.promise, untilAborted(signal)]);
  } finally {
    cancel();
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new ConnectionLostError('The client disconnected'));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return promise;
}

function statusResponse(fault: Fault): Response {
  const status = fault.status ?? 503;
  const errors = [{ code: 1000 + status, message: 'A fault of the sandbox affects this request' }];
  const body = JSON.stringify({ success: false, errors, messages: [], result: null });
  return createResponse(body, status, { ...JSON_TYPE, ...retryAfter(fault) });
}

function retryAfter({ retryAfterSeconds }: Fault): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

function createResponse(
  body: string | ReadableStream | null,
  status: number,
  headers: Record<string, string>,
): Response {
  return new Response(NULL_BODY_STATUSES.has(status) ? null : body, { status, headers });
}

/** Sends half of the body, and closes the connection. */
async function truncate(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const chunks = [bytes.subarray(0, Math.floor(bytes.length / 2))];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.error(new ConnectionLostError('The connection closed midway'));
      else controller.enqueue(chunk);
    },
  });
  const headers = { ...JSON_TYPE, 'content-length': String(bytes.length) };
  return new Response(body, { status: response.status, headers });
}

/** Sends the body one byte at a time. */
async function drip(response: Response, clock: Clock): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  let sent = 0;
  let cancel = () => {};
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      cancel = clock.after(DRIP_INTERVAL_MS, () => {
        controller.enqueue(bytes.subarray(sent, sent + 1));
        sent += 1;
        if (sent >= bytes.length) controller.close();
        resolve(undefined);
      });
      return promise;
    },
    cancel: () => cancel(),
  });
  return new Response(body, { status: response.status, headers: JSON_TYPE });
}

/** Valid JSON, so that only its size is wrong. It is generated while it is read. */
function hugeBody(): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const filler = encoder.encode('x'.repeat(2 ** 16));
  let sent = 0;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode('{"success":true,"data":{"name":"'));
    },
    pull(controller) {
      sent += 1;
      if (sent <= HUGE_CHUNKS) {
        controller.enqueue(filler);
        return;
      }
      controller.enqueue(encoder.encode('"}}'));
      controller.close();
    },
  });
}
