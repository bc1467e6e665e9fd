import type { Account } from '../upstream/account.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Authenticate } from './authenticate.ts';
import type { Viewer } from './viewer.ts';

/** Whoever calls, and the account that it is paid from. */
export interface Caller {
  viewer: Viewer;
  account: Account;
}

/** Tells who sent a request; rejects with `UNAUTHENTICATED` where they are not let in. */
export type Identify = (request: Request) => Promise<Caller>;

/** `token`: the gateway's own, for callers who bring none; null: all of them do. */
export function createIdentify(authenticate: Authenticate, upstream: Upstream, token: string | null): Identify {
  const own = token === null ? null : upstream.account(token);
  return async (request) => {
    const viewer = await authenticate(request);
    const account = await (viewer.token === null ? own : upstream.account(viewer.token));
    if (account === null) throw new Error('Neither the caller nor the gateway has a token.');
    return { viewer, account };
  };
}
