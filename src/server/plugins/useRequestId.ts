import type { Plugin } from 'graphql-yoga';

const HEADER = 'x-request-id';
/** What is taken over from a caller: visible ASCII without quotes and separators, so that it can stand in any log. */
const ACCEPTABLE = /^[A-Za-z0-9._:/=+-]{1,128}$/;

const ids = new WeakMap<Request, string>();

/** The id under which this request stands in the log: the caller's own `x-request-id`, or a new one. */
export function requestIdOf(request: Request): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const sent = request.headers.get(HEADER);
  const id = sent !== null && ACCEPTABLE.test(sent) ? sent : crypto.randomUUID();
  ids.set(request, id);
  return id;
}

/** Tells each answer's request id in its `x-request-id`. */
export function useRequestId(): Plugin {
  return {
    onResponse({ request, response }) {
      response.headers.set(HEADER, requestIdOf(request));
    },
  };
}
