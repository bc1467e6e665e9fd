import type { Plugin } from 'graphql-yoga';

const HEADER = 'x-request-id';
/** Ids that are accepted from callers: no spaces, quotes or separators, so that every log format can hold them. */
const VALID_ID = /^[A-Za-z0-9._:/=+-]{1,128}$/;

const ids = new WeakMap<Request, string>();

/** The request's id in the log: the caller's `x-request-id` if it is valid, otherwise a random UUID. */
export function requestIdOf(request: Request): string {
  const existing = ids.get(request);
  if (existing !== undefined) return existing;
  const sent = request.headers.get(HEADER);
  const id = sent !== null && VALID_ID.test(sent) ? sent : crypto.randomUUID();
  ids.set(request, id);
  return id;
}

/** Sets the header `x-request-id` of every response. */
export function useRequestId(): Plugin {
  return {
    onResponse({ request, response }) {
      response.headers.set(HEADER, requestIdOf(request));
    },
  };
}
