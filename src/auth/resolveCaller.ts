import type { Log } from '../lib/log.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Authenticate } from './authenticate.ts';
import type { Viewer } from './viewer.ts';

/** The caller of a request, and the account whose token and request budget the caller's operations use. */
export interface Caller {
  viewer: Viewer;
  account: Account;
}

/** Returns the caller of a request; rejects with `UNAUTHENTICATED` if the credential is missing or invalid. */
export type ResolveCaller = (request: Request) => Promise<Caller>;

export interface ResolveCallerOptions {
  authenticate: Authenticate;
  dataSource: DataSource;
  /** Secret. The gateway's own RealtimeKit token; null if each caller sends one. */
  token: string | null;
  log: Log;
}

export function createResolveCaller({ authenticate, dataSource, token, log }: ResolveCallerOptions): ResolveCaller {
  let gatewayAccount = token === null ? null : dataSource.account(token);
  const resolveGatewayAccount = async (): Promise<Account> => {
    if (gatewayAccount === null || token === null) throw new Error('Neither the caller nor the gateway has a token.');
    const account = await gatewayAccount;
    if (!account.isRevoked()) return account;
    log('error', "RealtimeKit rejects the gateway's own token. Check CLOUDFLARE_API_TOKEN.");
    return (gatewayAccount = dataSource.account(token));
  };
  return async (request) => {
    const viewer = await authenticate(request);
    return {
      viewer,
      account: await (viewer.token === null ? resolveGatewayAccount() : dataSource.account(viewer.token)),
    };
  };
}
