import type { MaybePromise } from '@whatwg-node/promise-helpers';

import { type AuthSettings, CREDENTIAL_HEADERS } from '../auth/authenticate.ts';
import type { CachedResponse } from '../data/cache/responseCache.ts';
import type { RequestOrigin } from '../data/operation.ts';
import type { Clock } from '../lib/clock.ts';
import { whenReady } from '../lib/maybePromise.ts';
import { sha256Base64 } from '../lib/sha256.ts';
import type { RequestRecord } from '../telemetry/requestRecord.ts';
import { isCurrent } from './ifNoneMatch.ts';
import type { RequestState } from './requestState.ts';

/**
 * Who may store responses: nobody (`off`), the caller's own cache (`private`), or also caches that several callers share (`public`). With
 * any authentication, `public` means `private`: which callers get a response at all depends on their credential.
 */
export type CacheHeadersSetting = 'off' | 'private' | 'public';

export interface CacheHeadersOptions {
  setting: CacheHeadersSetting;
  auth: AuthSettings['kind'];
  /** Whether pages of other origins may send requests. */
  cors: boolean;
  /** Further request headers that change responses. */
  vary: readonly string[];
  clock: Pick<Clock, 'now'>;
}

/** Tells caches how long they may use a response, and which requests they may answer with it (RFC 9111). */
export type CacheHeaders = ReturnType<typeof createCacheHeaders>;

/** Null if no response may be stored. */
export function createCacheHeaders({ setting, auth, cors, vary, clock }: CacheHeadersOptions) {
  if (setting === 'off') return null;
  const isShared = setting === 'public' && auth === 'none';
  const varyValue = ['accept', ...CREDENTIAL_HEADERS[auth], ...(cors ? ['Origin'] : []), ...vary].join(', ');

  /** How long caches may use a response from now on, in whole seconds; 0 if they must ask each time. */
  function secondsLeft({ freshUntil }: CachedResponse): number {
    // What depends on nothing that was read, such as an introspection, changes with the gateway's version.
    if (freshUntil === Infinity) return 0;
    return Math.max(0, Math.floor((freshUntil - clock.now()) / 1000));
  }

  const minFreshMs = ({ method }: Request): number => (isShared && method === 'GET' ? 1000 : 0);

  /**
   * Without `max-age`, browsers check each time: nothing can purge their caches. Without `age`, shared caches count from now, whether they
   * subtract it or not: the gateway is the origin of the response, and has just made sure that it is fresh.
   */
  function writeShared(headers: Headers, { tags }: CachedResponse, left: number): void {
    headers.set('cache-control', `public, s-maxage=${left}`);
    if (tags !== '') headers.set('cache-tag', tags);
  }

  /** A cache that subtracts `age` from `max-age` (RFC 9111, section 4.2) asks earlier than it must; none uses the response for too long. */
  function writePrivate(headers: Headers, { readAt }: CachedResponse, left: number, record: RequestRecord): void {
    headers.set('cache-control', `private, max-age=${left}`);
    const age = Math.max(0, Math.floor((clock.now() - readAt) / 1000));
    if (record.fromResponseCache || age > 0) headers.set('age', String(age));
  }

  return {
    /**
     * For how long, in milliseconds, the response to a request should be fresh. A shared cache stores nothing for less than a second, and
     * would pass on every request meanwhile.
     */
    minFreshMs,
    /** What the operation of a request must heed and collect. */
    reading: (state: RequestState, request: Request): Pick<RequestOrigin, 'tags' | 'minFreshMs'> =>
      isShared || state.wantsTags ? { tags: new Set(), minFreshMs: minFreshMs(request) } : NOTHING,
    /**
     * Marks the response to a request as one that caches may store, or as one that the client has already. Only a GET has an entity tag:
     * nothing stores the response to a POST.
     */
    apply(state: RequestState, { method, headers }: Request, response: CachedResponse): MaybePromise<void> {
      // In an event stream, the text is only a part of the content.
      if (!response.isStorable || state.responseTypes.result === state.responseTypes.stream) return undefined;
      state.storable = response;
      if (method !== 'GET') return undefined;
      return whenReady(response.etag ?? createEtag(response), (etag) => {
        state.etag = etag;
        state.isNotModified = isCurrent(headers.get('if-none-match'), etag);
      });
    },
    /** Sets the header fields of a response to which `apply` has been applied. */
    write(headers: Headers, response: CachedResponse, { etag, record }: Pick<RequestState, 'etag' | 'record'>): void {
      const left = secondsLeft(response);
      headers.set('vary', varyValue);
      if (etag !== null) headers.set('etag', etag);
      // Apollo Router stores what is `no-cache`, unless it is too old as well.
      if (left === 0) return headers.set('cache-control', 'private, no-cache, max-age=0');
      return isShared ? writeShared(headers, response, left) : writePrivate(headers, response, left, record);
    },
  };
}

const NOTHING = {};

async function createEtag(response: CachedResponse): Promise<string> {
  return (response.etag = `"${await sha256Base64(response.text)}"`);
}
