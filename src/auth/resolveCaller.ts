import type { MaybePromise } from '@whatwg-node/promise-helpers';

import type { Account } from '../data/account.ts';
import type { CallerAccounts } from '../data/callerAccounts.ts';
import type { DataSource } from '../data/dataSource.ts';
import { whenReady } from '../lib/maybePromise.ts';
import type { Authenticate } from './authenticate.ts';
import type { Viewer } from './viewer.ts';

/** The caller of a request, and the account whose token and request budget the caller's operations use. */
export interface Caller {
  viewer: Viewer;
  /** With the caller's own share of the budget, if callers share it. */
  account: Account;
  /** The same account, for what is read for all subscribers. */
  subscriptionAccount: Account;
}

/** Returns the caller of a request; throws or rejects with `UNAUTHENTICATED` if the credential is missing or invalid. */
export type ResolveCaller = (request: Request) => MaybePromise<Caller>;

interface ResolveCallerOptions {
  authenticate: Authenticate;
  dataSource: DataSource;
  /** Secret. The gateway's own RealtimeKit token; null if each caller sends one. */
  token: string | null;
  /** Null if callers do not share the budget: whoever comes first is served first. */
  callerAccounts: CallerAccounts | null;
}

/** The callers of the gateway's own account are resolved synchronously, once the account is known. */
export function createResolveCaller({
  authenticate,
  dataSource,
  token,
  callerAccounts,
}: ResolveCallerOptions): ResolveCaller {
  let gatewayAccount: Account | null = null;
  let pendingAccount = token === null ? null : findGatewayAccount(token);

  async function findGatewayAccount(ownToken: string): Promise<Account> {
    gatewayAccount = await dataSource.account(ownToken);
    pendingAccount = null;
    return gatewayAccount;
  }

  function accountOf(viewer: Viewer): MaybePromise<Account> {
    if (viewer.token !== null) return dataSource.account(viewer.token);
    if (token === null) throw new Error('Neither the caller nor the gateway has a token.');
    if (gatewayAccount !== null && !gatewayAccount.isRevoked()) return gatewayAccount;
    return (pendingAccount ??= findGatewayAccount(token));
  }

  function callerOf(viewer: Viewer): MaybePromise<Caller> {
    const { shareName } = viewer;
    if (callerAccounts === null || shareName === undefined)
      return whenReady(accountOf(viewer), (account) => ({ viewer, account, subscriptionAccount: account }));
    return whenReady(accountOf(viewer), (base) =>
      whenReady(callerAccounts.forCaller(base, shareName), (account) => ({
        viewer,
        account,
        subscriptionAccount: callerAccounts.forSubscriptions(base),
      })),
    );
  }
  return (request) => whenReady(authenticate(request), callerOf);
}
