import { API_KEY_HEADER } from '../auth/bearer.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { TAGS_HEADER } from '../server/apolloCacheTags.ts';
import { COST_HEADER } from '../server/costRequest.ts';
import { PREFLIGHTED_HEADERS } from '../server/csrf.ts';
import { REPORT_HEADER } from '../server/answerOperation.ts';
import { GRAPHQL_PATH, pathOf } from '../server/requestTarget.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** The request headers on which a response to a query, or whether there is one, may depend. In lower case. */
const KEY_HEADERS = [
  'accept',
  'authorization',
  API_KEY_HEADER,
  'cookie',
  'origin',
  'host',
  'content-type',
  'content-encoding',
  'sec-fetch-site',
  COST_HEADER,
  REPORT_HEADER,
  TAGS_HEADER,
  ...PREFLIGHTED_HEADERS,
];

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A request whose response may be stored. */
export interface CacheableRequest {
  /** The request to forward: the body of the original one has been read. */
  request: Request;
  /** Null if the response cannot be stored after all. */
  body: string | null;
}

/** The client disconnected before it had sent the whole body. */
export class IncompleteBodyError extends Error {}

/** Whether a response that varies with these request headers (`Vary`) can be found by its key. */
export function coversVary(vary: string | null): boolean {
  return (vary ?? '').split(',').every((name) => ['', ...KEY_HEADERS].includes(name.trim().toLowerCase()));
}

/**
 * Reads a request; returns null, without reading its body, if no response to it may be stored. Rejects with an `IncompleteBodyError` if
 * the body is incomplete.
 */
export async function readCacheable(request: Request): Promise<CacheableRequest | null> {
  const { method, headers } = request;
  if (pathOf(request.url) !== GRAPHQL_PATH || headers.has('upgrade')) return null;
  if (method === 'GET') return { request, body: '' };
  const length = headers.get('content-length');
  if (method !== 'POST' || length === null || !(Number(length) <= MAX_BODY_BYTES)) return null;
  const bytes = await request.arrayBuffer().catch((cause: unknown) => {
    throw new IncompleteBodyError('The connection broke before the whole body arrived.', { cause });
  });
  const isShort = bytes.byteLength <= MAX_BODY_BYTES;
  return { request: new Request(request, { method, body: bytes }), body: isShort ? decode(bytes) : null };
}

/** The cache key of a request to an object: a digest, because it depends on credentials. */
export function keyOf(objectName: string, { method, url, headers }: Request, body: string): Promise<string> {
  return sha256Hex(JSON.stringify([objectName, method, url, body, ...KEY_HEADERS.map((name) => headers.get(name))]));
}

/** What a request says about stored responses (RFC 9111, sections 5.2.1 and 5.4). */
export function requestDirectives({ headers }: Request): { mayServe: boolean; mayStore: boolean } {
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(/[\s,]+/);
  const isReload = ['no-cache', 'no-store', 'max-age=0'].some((directive) => directives.includes(directive));
  return {
    mayServe: !isReload && !/no-cache/i.test(headers.get('pragma') ?? ''),
    mayStore: !directives.includes('no-store'),
  };
}

/** The text of the body; null if it is not valid UTF-8, which the gateway rejects. */
function decode(bytes: ArrayBuffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}
