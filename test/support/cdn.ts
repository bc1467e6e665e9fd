import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { Pool } from 'undici';
import * as v from 'valibot';

/** What the CDN has done so far. */
export interface CdnCounts {
  /** Requests that were answered from the cache, or by another one's request to the origin. */
  hits: number;
  /** Requests to the origin. */
  originRequests: number;
  /** Requests to purge. */
  purges: number;
}

/** A running CDN. */
export interface Cdn {
  origin: string;
  counts(): CdnCounts;
  /** Rejects nothing: ends all connections. */
  close(): Promise<void>;
}

export interface CdnOptions {
  /** The origin that it caches, such as `http://127.0.0.1:4000`. */
  gatewayOrigin: string;
  /** Where purges are sent, and with which `authorization`. Their bodies are those of Cloudflare or of Apollo Router. */
  purge: { path: string; authorization: string };
}

interface StoredResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** In lower case, since Cloudflare does not distinguish case. */
  tags: ReadonlySet<string>;
  /** Milliseconds since the Unix epoch: when the response was generated, and when it expires. */
  bornAt: number;
  expiresAt: number;
}

const purgeBody = v.union([
  v.pipe(
    v.object({ tags: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(100)) }),
    v.transform(({ tags }) => tags),
  ),
  v.pipe(
    v.array(v.object({ kind: v.literal('cache_tag'), cache_tag: v.string() })),
    v.transform((invalidations) => invalidations.map((invalidation) => invalidation.cache_tag)),
  ),
]);

/** The path of the counts. */
const COUNTS_PATH = '/__cdn';

/** Headers that concern one connection, or that the CDN writes itself. */
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'age', 'cache-tag']);

/**
 * Starts a small CDN in front of a gateway: a shared cache (RFC 9111) with purge by tag, as Cloudflare documents both. It stores responses
 * to GET whose `Cache-Control` allows a shared cache to, by URL and the headers that `Vary` names; sends one request to the origin for
 * concurrent ones; removes `Cache-Tag`; and adds `Age` and `x-cache`. What is purged while its request to the origin is under way is
 * not stored. `GET /__cdn` returns the counts.
 */
export async function startCdn({ gatewayOrigin, purge: allowed }: CdnOptions): Promise<Cdn> {
  const pool = new Pool(gatewayOrigin);
  /** By URL and the values of the headers that the URL's responses vary on. */
  const stored = new Map<string, StoredResponse>();
  /** The names of these headers, by URL. */
  const varying = new Map<string, string[]>();
  const fetching = new Map<string, Promise<StoredResponse>>();
  /** When each tag was purged last. */
  const purgedAt = new Map<string, number>();
  const counts = { hits: 0, originRequests: 0, purges: 0 };
  let sequence = 0;

  function keyOf(request: IncomingMessage): string {
    const url = request.url ?? '';
    return JSON.stringify([url, (varying.get(url) ?? []).map((name) => request.headers[name])]);
  }

  async function fetchFromOrigin(request: IncomingMessage, body: string | null): Promise<StoredResponse> {
    counts.originRequests += 1;
    const startedAt = (sequence += 1);
    const { method = 'GET', url = '/' } = request;
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const response = await pool.request({ method, path: url, headers, body });
    const received: StoredResponse = {
      status: response.statusCode,
      headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: await response.body.text(),
      tags: new Set(),
      bornAt: Date.now() - Number(response.headers['age'] ?? 0) * 1000,
      expiresAt: 0,
    };
    received.tags = new Set(listIn(received.headers['cache-tag']).map((tag) => tag.toLowerCase()));
    const lifetimeMs = sharedLifetimeMs(request, received);
    const isPurged = received.tags.values().some((tag) => (purgedAt.get(tag) ?? 0) > startedAt);
    if (lifetimeMs === null || isPurged) return received;
    received.expiresAt = received.bornAt + lifetimeMs;
    varying.set(
      url,
      listIn(received.headers['vary']).map((name) => name.toLowerCase()),
    );
    stored.set(keyOf(request), received);
    return received;
  }

  async function answerGet(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = keyOf(request);
    const found = stored.get(key);
    if (found !== undefined && found.expiresAt > Date.now()) {
      counts.hits += 1;
      return respond(response, found, 'HIT');
    }
    const joined = fetching.get(key);
    if (joined !== undefined) {
      const shared = await joined;
      // A response that may not be stored is for the one who asked alone, and one that was purged is outdated.
      if (shared.expiresAt > 0) {
        counts.hits += 1;
        return respond(response, shared, 'HIT');
      }
      return respond(response, await fetchFromOrigin(request, null), 'MISS');
    }
    const fetched = fetchFromOrigin(request, null);
    fetching.set(key, fetched);
    try {
      respond(response, await fetched, 'MISS');
    } finally {
      if (fetching.get(key) === fetched) fetching.delete(key);
    }
  }

  function purge(tags: readonly string[]): void {
    counts.purges += 1;
    const purged = tags.map((tag) => tag.toLowerCase());
    const now = (sequence += 1);
    for (const tag of purged) purgedAt.set(tag, now);
    for (const [key, { tags: own }] of stored) if (purged.some((tag) => own.has(tag))) stored.delete(key);
    // Later requests do not join a fetch that may bring what was just purged.
    fetching.clear();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === COUNTS_PATH) return void response.end(JSON.stringify(counts));
    if (request.method === 'GET') return answerGet(request, response);
    const body = await text(request);
    if (request.url !== allowed.path) return respond(response, await fetchFromOrigin(request, body), 'BYPASS');
    const isAllowed = request.headers.authorization === allowed.authorization;
    if (isAllowed) purge(v.parse(purgeBody, JSON.parse(body)));
    response.writeHead(isAllowed ? 200 : 403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ success: isAllowed, errors: [] }));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(502).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The CDN listens on no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    counts: () => ({ ...counts }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, pool.destroy()]);
    },
  };
}

function respond(response: ServerResponse, { status, headers, body, bornAt }: StoredResponse, cache: string): void {
  const own = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name));
  const age = String(Math.max(0, Math.floor((Date.now() - bornAt) / 1000)));
  response.writeHead(status, { ...Object.fromEntries(own), age, 'x-cache': cache }).end(body);
}

/** How long a shared cache may store a response (RFC 9111, sections 3, 3.5 and 4.2.1); null if not at all. */
function sharedLifetimeMs({ headers }: IncomingMessage, response: StoredResponse): number | null {
  const directives = new Map(
    listIn(response.headers['cache-control']).map((directive) => {
      const [name = '', value = ''] = directive.toLowerCase().split('=');
      return [name, value];
    }),
  );
  const isForbidden = ['private', 'no-store', 'no-cache'].some((name) => directives.has(name));
  if (isForbidden || response.status !== 200 || response.headers['vary'] === '*') return null;
  if (
    headers.authorization !== undefined &&
    !['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name))
  )
    return null;
  const seconds = Number(directives.get('s-maxage') ?? directives.get('max-age') ?? 0);
  return seconds > 0 ? seconds * 1000 : null;
}

function listIn(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
