import type { Caller } from '../auth/resolveCaller.ts';
import type { CachedResponse } from '../data/cache/responseCache.ts';
import { createRequestRecord, type RequestRecord } from '../telemetry/requestRecord.ts';
import type { CostRequest } from './costRequest.ts';
import { negotiate, type ResponseTypes } from './negotiation.ts';

/** What the gateway knows about one HTTP request. */
export interface RequestState {
  readonly record: RequestRecord;
  readonly responseTypes: ResponseTypes;
  /** Null until the request was authenticated. */
  caller: Caller | null;
  /** Everything besides the account that the response depends on; null if the response must not come from the cache. */
  cacheKey: string | null;
  /** Whether the response must contain a report of the operation's upstream requests. */
  wantsReport: boolean;
  /** What the caller wants to know about the operation's cost; null for nothing. */
  costRequest: CostRequest | null;
  /** Whether the response must contain the tags of what it depends on, for a router. */
  wantsTags: boolean;
  /** The response, if caches may store it. */
  storable: CachedResponse | null;
  /** The entity tag of the response; null if it has none. */
  etag: string | null;
  /** Whether the client has the response already: then it is not sent again. */
  isNotModified: boolean;
}

/** What Yoga passes to every hook: one object per request. */
export interface ServerContext {
  state?: RequestState;
  /** The response of `node:http`; undefined on other runtimes. */
  res?: { destroy(): unknown };
}

/** Ids that are accepted from callers: no spaces, quotes or separators, so that every log format can hold them. */
const VALID_ID = /^[A-Za-z0-9._:/=+-]{1,128}$/;

/** The header for a request's id. */
export const REQUEST_ID = 'x-request-id';

/** A request's id: the caller's own if it is valid, otherwise a random UUID. */
export function requestIdOf(sentId: unknown): string {
  return typeof sentId === 'string' && VALID_ID.test(sentId) ? sentId : crypto.randomUUID();
}

/** Returns the state of a request. The first call starts the request's time. */
export function stateOf(context: ServerContext, { headers, signal }: Request): RequestState {
  if (context.state !== undefined) return context.state;
  return (context.state = {
    record: createRequestRecord(requestIdOf(headers.get(REQUEST_ID)), signal),
    responseTypes: negotiate(headers.get('accept')),
    caller: null,
    cacheKey: null,
    wantsReport: false,
    costRequest: null,
    wantsTags: false,
    storable: null,
    etag: null,
    isNotModified: false,
  });
}

/** Returns the caller of a request that was authenticated. */
export function callerOf({ caller }: RequestState): Caller {
  if (caller === null) throw new Error('The request was not authenticated.');
  return caller;
}
