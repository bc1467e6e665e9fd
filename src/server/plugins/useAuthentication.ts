import type { Plugin } from 'graphql-yoga';

import type { Caller, ResolveCaller } from '../../auth/resolveCaller.ts';

const callers = new WeakMap<Request, Caller>();

/** Returns the caller of a request that was authenticated. */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('The request was not authenticated.');
  return caller;
}

/** Authenticates the caller before the request's body is read. `resolveCaller` throws `UNAUTHENTICATED` to reject a request. */
export function useAuthentication(resolveCaller: ResolveCaller): Plugin {
  return {
    async onRequestParse({ request }) {
      callers.set(request, await resolveCaller(request));
    },
  };
}
