import type { Log } from '../lib/log.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Authenticate } from './authenticate.ts';
import type { Viewer } from './viewer.ts';

/** Whoever calls, and the account that it is paid from. */
export interface Caller {
  viewer: Viewer;
  account: Account;
}

/** Tells who sent a request; rejects with `UNAUTHENTICATED` where they are not let in. */
export type ResolveCaller = (request: Request) => Promise<Caller>;

export interface IdentifyOptions {
  authenticate: Authenticate;
  upstream: DataSource;
  /** Secret. The gateway's own, for callers who bring none; null: all of them do. */
  token: string | null;
  log: Log;
}

export function createResolveCaller({ authenticate, upstream, token, log }: IdentifyOptions): ResolveCaller {
  let gatewayAccount = token === null ? null : upstream.account(token);
  const ownAccount = async (): Promise<Account> => {
    if (gatewayAccount === null || token === null) throw new Error('Neither the caller nor the gateway has a token.');
    const account = await gatewayAccount;
    if (!account.isRevoked()) return account;
    log('error', "RealtimeKit does not accept the gateway's own token.");
    return (gatewayAccount = upstream.account(token));
  };
  return async (request) => {
    const viewer = await authenticate(request);
    return { viewer, account: await (viewer.token === null ? ownAccount() : upstream.account(viewer.token)) };
  };
}
