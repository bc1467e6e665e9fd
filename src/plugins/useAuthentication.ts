import type { Plugin } from 'graphql-yoga';

import type { Viewer } from '../auth/viewer.ts';
import type { Account } from '../upstream/account.ts';

/** Whoever calls, and the account that it is paid from. */
export interface Caller {
  viewer: Viewer;
  account: Account;
}

const callers = new WeakMap<Request, Caller>();

/** Who sent this request. */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('The request was not authenticated.');
  return caller;
}

/** Lets nobody in who does not belong: `identify` throws before the request's body is read. */
export function useAuthentication(identify: (request: Request) => Promise<Caller>): Plugin {
  return {
    async onRequestParse({ request }) {
      callers.set(request, await identify(request));
    },
  };
}
