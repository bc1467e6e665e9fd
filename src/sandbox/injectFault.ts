import type { Clock } from '../lib/clock.ts';
import { raceAbort, sleep } from '../lib/timeout.ts';
import type { Fault } from './faults.ts';
import { cloudflareErrorBody } from './responses.ts';

/** The default target of the `redirect` fault. */
export const REDIRECT_TRAP = '/__sandbox/trap';

/** The interval between two bytes of a `drip`. */
const DRIP_INTERVAL_MS = 250;
const NULL_BODY_STATUSES = new Set([204, 205, 304]);
const JSON_TYPE = { 'content-type': 'application/json' };
/** The size of the `huge` response: JSON that is valid, so that only its size is wrong. */
const HUGE_BYTES = 9 * 1024 * 1024;
const PROXY_PAGE =
  '<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>';

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
  if (fault.kind === 'truncated') return withBody(carryOut(), truncated);
  if (fault.kind === 'drip') return withBody(carryOut(), (bytes) => dripped(bytes, clock, signal));
  if (fault.after === true) carryOut();
  switch (fault.kind) {
    case 'status': {
      const { status = 503, code = 1000 + status } = fault;
      return createResponse(fault, status, JSON.stringify(cloudflareErrorBody(code)), JSON_TYPE);
    }
    case 'hang':
      return raceAbort(new Promise<never>(() => {}), signal);
    case 'reset':
      throw new Error('The connection was reset');
    case 'html':
      return createResponse(fault, 502, PROXY_PAGE, { 'content-type': 'text/html' });
    case 'empty':
      return createResponse(fault, 200, null);
    case 'not-json':
      return createResponse(fault, 200, '{"success":tru', JSON_TYPE);
    case 'huge':
      return createResponse(fault, 200, `{"success":true,"data":{"name":"${'x'.repeat(HUGE_BYTES)}"}}`, JSON_TYPE);
    case 'redirect':
      return createResponse(fault, 302, null, { location: fault.location ?? REDIRECT_TRAP });
    default:
      return fault.kind satisfies never;
  }
}

/** A response with the fault's status, or else `defaultStatus`, and the fault's `retry-after`. */
function createResponse(
  fault: Fault,
  defaultStatus: number,
  body: string | null,
  headers: Record<string, string> = {},
): Response {
  const { status = defaultStatus, retryAfterSeconds } = fault;
  const retryAfter = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return new Response(NULL_BODY_STATUSES.has(status) ? null : body, { status, headers: { ...headers, ...retryAfter } });
}

type Chunks = AsyncGenerator<Uint8Array>;

/** Sends the body of `response` in chunks, with the length of the whole. */
async function withBody(response: Response, toChunks: (bytes: Uint8Array) => Chunks): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = { ...JSON_TYPE, 'content-length': String(bytes.length) };
  const chunks = toChunks(bytes);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
  return new Response(body, { status: response.status, headers });
}

/** Half of the body; then the connection closes. */
async function* truncated(bytes: Uint8Array): Chunks {
  yield bytes.subarray(0, Math.floor(bytes.length / 2));
  throw new Error('The connection closed midway');
}

/** The body, one byte at a time. */
async function* dripped(bytes: Uint8Array, clock: Clock, signal: AbortSignal): Chunks {
  for (let sent = 0; sent < bytes.length; sent += 1) {
    await sleep(DRIP_INTERVAL_MS, clock, signal);
    yield bytes.subarray(sent, sent + 1);
  }
}
