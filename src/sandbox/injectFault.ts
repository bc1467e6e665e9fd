import type { Clock } from '../lib/clock.ts';
import type { Fault } from './faults.ts';

/** Where a redirect leads that names no other place. */
export const REDIRECT_TRAP = '/__sandbox/trap';

/** Between two bytes of a `drip`. */
const DRIP_MS = 250;
/** `huge` sends this many chunks of 64 KiB: 9 MiB. */
const HUGE_CHUNKS = 144;
const NULL_BODY_STATUSES = new Set([204, 205, 304]);
const JSON_TYPE = { 'content-type': 'application/json' };
const PROXY_PAGE =
  '<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>';

/** The connection is gone: what a client sees as a network error. */
export class ConnectionLostError extends Error {
  override name = 'ConnectionLost';
}

/** Answers a request the way `fault` has it; rejects where the connection would be closed without an answer. */
export async function injectFault(
  fault: Fault,
  carryOut: () => Response,
  clock: Clock,
  signal: AbortSignal,
): Promise<Response> {
  const carriesOut = fault.after === true || fault.kind === 'truncated' || fault.kind === 'drip';
  const answer = carriesOut ? carryOut() : Response.json(null);
  switch (fault.kind) {
    case 'status':
      return statusAnswer(fault);
    case 'hang':
      return untilAborted(signal);
    case 'reset':
      throw new ConnectionLostError('The connection was reset');
    case 'truncated':
      return truncated(answer);
    case 'drip':
      return dripping(answer, clock);
    case 'html':
      return written(PROXY_PAGE, fault.status ?? 502, { 'content-type': 'text/html', ...retryAfter(fault) });
    case 'empty':
      return written(null, fault.status ?? 200, retryAfter(fault));
    case 'not-json':
      return written('{"success":tru', fault.status ?? 200, JSON_TYPE);
    case 'huge':
      return written(hugeBody(), fault.status ?? 200, JSON_TYPE);
    case 'redirect':
      return written(null, fault.status ?? 302, { location: fault.location ?? REDIRECT_TRAP });
    default:
      return fault.kind satisfies never;
  }
}

/** Waits on `clock`; rejects as soon as `signal` aborts. */
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
  const leave = () => reject(new ConnectionLostError('The client has left'));
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return promise;
}

function statusAnswer(fault: Fault): Response {
  const status = fault.status ?? 503;
  const errors = [{ code: 1000 + status, message: 'The sandbox was told to fail this request' }];
  const body = JSON.stringify({ success: false, errors, messages: [], result: null });
  return written(body, status, { ...JSON_TYPE, ...retryAfter(fault) });
}

function retryAfter({ retryAfterSeconds }: Fault): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

function written(body: string | ReadableStream | null, status: number, headers: Record<string, string>): Response {
  return new Response(NULL_BODY_STATUSES.has(status) ? null : body, { status, headers });
}

async function truncated(answer: Response): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const chunks = [bytes.subarray(0, Math.floor(bytes.length / 2))];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.error(new ConnectionLostError('The connection closed midway'));
      else controller.enqueue(chunk);
    },
  });
  const headers = { ...JSON_TYPE, 'content-length': String(bytes.length) };
  return new Response(body, { status: answer.status, headers });
}

async function dripping(answer: Response, clock: Clock): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let sent = 0;
  let cancel = () => {};
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      cancel = clock.after(DRIP_MS, () => {
        controller.enqueue(bytes.subarray(sent, sent + 1));
        sent += 1;
        if (sent >= bytes.length) controller.close();
        resolve(undefined);
      });
      return promise;
    },
    cancel: () => cancel(),
  });
  return new Response(body, { status: answer.status, headers: JSON_TYPE });
}

/** Valid JSON, so that only its size speaks against it; made while it is read. */
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
