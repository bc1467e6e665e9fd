import { isCurrent } from '../server/ifNoneMatch.ts';
import { REQUEST_ID, requestIdOf } from '../server/requestState.ts';
import { coversVary } from './cacheableRequest.ts';

const MAX_RESPONSE_BYTES = 256 * 1024;
/** The estimated size of a stored response without its body and headers. */
const OVERHEAD_BYTES = 500;

/** A complete response with the status 200. */
export interface StoredResponse {
  body: ArrayBuffer;
  headers: Headers;
  /** When the request was forwarded, in milliseconds since the Unix epoch: the response is at most as old. */
  requestedAt: number;
  /** For how long caches may use it from then on. */
  lifetimeSeconds: number;
}

/** How long caches may use a response that is not too long, in whole seconds; 0 if it must not be stored. */
export function lifetimeOf({ status, headers }: Response): number {
  const isResult =
    status === 200 && /^application\/(graphql-response\+)?json\b/i.test(headers.get('content-type') ?? '');
  if (!isResult || Number(headers.get('content-length')) > MAX_RESPONSE_BYTES || !coversVary(headers.get('vary')))
    return 0;
  // The gateway writes no other forms (src/server/cacheHeaders.ts).
  const [, seconds] = /^(?:private, max-age|public, s-maxage)=(\d+)$/.exec(headers.get('cache-control') ?? '') ?? [];
  return Number(seconds ?? 0);
}

export const isShortEnough = (body: ArrayBuffer): boolean => body.byteLength <= MAX_RESPONSE_BYTES;

/** The estimated size of a stored response. */
export function byteSizeOf({ body, headers }: StoredResponse): number {
  let size = OVERHEAD_BYTES + body.byteLength;
  for (const [name, value] of headers) size += 2 * (name.length + value.length);
  return size;
}

/**
 * Answers a request with a stored response, or with 304 if the client has it. As in the gateway's own responses, the lifetime is what is
 * left of it, for caches that do not subtract `Age` (RFC 9111, section 4.2). The response has the id of this request.
 */
export function respondWith(
  { body, headers: stored, requestedAt, lifetimeSeconds }: StoredResponse,
  request: Request,
  now: number,
): Response {
  const headers = new Headers(stored);
  // Rounded up: never younger than it is.
  const seconds = Math.ceil((now - requestedAt) / 1000);
  const left = lifetimeSeconds - seconds;
  const cacheControl = (stored.get('cache-control') ?? '').replace(/\d+$/, String(left));
  headers.set('cache-control', left > 0 ? cacheControl : 'private, no-cache, max-age=0');
  headers.set('age', String(Number(stored.get('age')) + seconds));
  headers.set(REQUEST_ID, requestIdOf(request.headers.get(REQUEST_ID)));
  const etag = stored.get('etag');
  if (etag === null || !isCurrent(request.headers.get('if-none-match'), etag)) return new Response(body, { headers });
  for (const name of ['content-type', 'content-length']) headers.delete(name);
  return new Response(null, { status: 304, headers });
}
