import type { Plugin } from 'graphql-yoga';

import type { Caller, ResolveCaller } from '../../auth/resolveCaller.ts';

const callers = new WeakMap<Request, Caller>();

/** Who sent this request. */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('The request was not authenticated.');
  return caller;
}

/** Lets nobody in who does not belong: `identify` throws before the request's body is read. */
export function useAuthentication(identify: ResolveCaller): Plugin {
  return {
    async onRequestParse({ request }) {
      callers.set(request, await identify(request));
    },
  };
}
