import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import { keyOf, readCacheable, requestDirectives } from './cacheableRequest.ts';
import { CHANGES_HEADER, SeenChanges } from './changes.ts';
import { byteSizeOf, isShortEnough, lifetimeOf, respondWith, type StoredResponse } from './storedResponse.ts';

export interface IsolateCacheOptions {
  /** Sends a request to the Durable Object of this name. Its responses need the header that `withChangesHeader` sets. */
  forward: (request: Request, objectName: string) => Promise<Response>;
  clock: Pick<Clock, 'now'>;
  /** The maximum age of a response, in milliseconds. Default 1,000; with 0, nothing is stored. */
  maxAgeMs?: number;
  /** The maximum size of all stored responses, as estimated. Default 8 MiB. */
  maxBytes?: number;
}

/** Handles a request to the Durable Object of this name. Rejects if forwarding it does. */
export type HandleRequest = (request: Request, objectName: string) => Promise<Response>;

interface Entry extends StoredResponse {
  seen: SeenChanges;
  generation: number;
}

/** How many objects are remembered; each is one credential's. */
const MAX_OBJECTS = 1_000;

/**
 * The cache of one isolate, in front of the Durable Objects: it saves queries the way there. It stores complete responses that the
 * gateway allows the caller to store, and serves them to equal requests with the same credential. A change that the response to any
 * request shows, such as a mutation or a webhook that passed here, outdates everything that is stored of the object; other changes are
 * seen within `maxAgeMs`.
 */
export function createIsolateCache(options: IsolateCacheOptions): HandleRequest {
  const { forward, clock, maxAgeMs = 1_000, maxBytes = 8 * 1024 * 1024 } = options;
  const entries = new LRUCache<string, Entry>({ maxSize: maxBytes, sizeCalculation: byteSizeOf });
  const objects = new LRUCache<string, SeenChanges>({ max: MAX_OBJECTS, memoMethod: () => new SeenChanges() });

  /** Forwards a request; a request without a response may have changed something. */
  async function send(request: Request, objectName: string, seen: SeenChanges): Promise<Response> {
    try {
      return await forward(request, objectName);
    } catch (error) {
      seen.suspect();
      throw error;
    }
  }

  /** Forwards a request, and stores the response under the key if it may be stored. */
  async function fetchAndStore(
    request: Request,
    objectName: string,
    seen: SeenChanges,
    key: string,
  ): Promise<Response> {
    const requestedAt = clock.now();
    const generationBefore = seen.generation;
    const response = await send(request, objectName, seen);
    // What arrives after a change was seen may be from before it.
    const isUninterrupted = seen.generation === generationBefore;
    const isLatest = seen.observe(response.headers);
    const lifetimeSeconds = lifetimeOf(response);
    const headers = withoutChanges(response.headers);
    if (!isUninterrupted || !isLatest || lifetimeSeconds === 0) return withHeaders(response, response.body, headers);
    const { generation } = seen;
    const body = await response.arrayBuffer();
    if (isShortEnough(body)) entries.set(key, { body, headers, requestedAt, lifetimeSeconds, seen, generation });
    return withHeaders(response, body, headers);
  }

  function find(key: string, seen: SeenChanges): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.seen !== seen || entry.generation !== seen.generation) return undefined;
    const ageMs = clock.now() - entry.requestedAt;
    // Negative if the clock was set back since.
    return ageMs >= 0 && ageMs < Math.min(maxAgeMs, entry.lifetimeSeconds * 1000) ? entry : undefined;
  }

  return async (original, objectName) => {
    const seen = objects.memo(objectName);
    const cacheable = maxAgeMs > 0 ? await readCacheable(original) : null;
    const { mayServe, mayStore } = requestDirectives(original);
    const { request, body } = cacheable ?? { request: original, body: null };
    if (body === null || !mayStore) {
      const response = await send(request, objectName, seen);
      // A copy would lose the WebSocket.
      if (response.status === 101) return response;
      seen.observe(response.headers);
      return withHeaders(response, response.body, withoutChanges(response.headers));
    }
    const key = await keyOf(objectName, request, body);
    const stored = mayServe ? find(key, seen) : undefined;
    return stored === undefined
      ? fetchAndStore(request, objectName, seen, key)
      : respondWith(stored, request, clock.now());
  };
}

function withoutChanges(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete(CHANGES_HEADER);
  return copy;
}

function withHeaders({ status, statusText }: Response, body: BodyInit | null, headers: Headers): Response {
  return new Response(body, { status, statusText, headers });
}
