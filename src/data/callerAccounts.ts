import { LRUCache } from 'lru-cache';

import type { BudgetCaller } from '../budget/callers.ts';
import { GatewayError } from '../domain/errors.ts';
import { sha256Base64 } from '../lib/sha256.ts';
import type { Reservation } from '../realtimekit/requestContext.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Account } from './account.ts';

/** How callers share the request budget of an account. */
export interface CallerShares {
  /** The sizes of callers' shares in proportion to each other, by the callers' names. All others have the weight 1. */
  weights: ReadonlyMap<string, number>;
}

export const EQUAL_SHARES: CallerShares = { weights: new Map() };

interface CallerAccountsOptions extends CallerShares {
  /** Whether names may identify persons, so that metrics contain a hash instead. */
  hasPersonalNames: boolean;
  metrics?: Pick<Metrics, 'callerRequest'> | undefined;
}

/** An account as one of its callers uses it. The base account changes when its token is rejected. */
interface CallerAccount {
  base: Account;
  account: Account;
}

const MAX_CALLERS = 1000;
/** In characters: 96 bits. */
const ID_LENGTH = 16;
/** The name of the caller for whom subscriptions are polled, in weights and metrics. */
export const SUBSCRIPTIONS_CALLER = 'subscriptions';

/** The accounts as their callers use them. Each caller has a share of the account's budget. */
export type CallerAccounts = ReturnType<typeof createCallerAccounts>;

export function createCallerAccounts({ weights, hasPersonalNames, metrics }: CallerAccountsOptions) {
  const accounts = new LRUCache<string, CallerAccount>({ max: MAX_CALLERS });
  // No hash is empty.
  const poller = { id: '', label: SUBSCRIPTIONS_CALLER, weight: weights.get(SUBSCRIPTIONS_CALLER) ?? 1 };
  let subscriptions: CallerAccount | null = null;

  async function open(base: Account, name: string): Promise<Account> {
    const id = (await sha256Base64(name)).slice(0, ID_LENGTH);
    // A claim of a JWT may be any text, also the poller's name.
    const weight = name === SUBSCRIPTIONS_CALLER ? 1 : (weights.get(name) ?? 1);
    const caller = { id, label: hasPersonalNames ? id : name, weight };
    const account = withCaller(base, caller, metrics);
    accounts.set(name, { base, account });
    return account;
  }

  return {
    /** The account as the caller with this name uses it: synchronously, except for the first time. */
    forCaller(base: Account, name: string): Account | Promise<Account> {
      const known = accounts.get(name);
      return known?.base === base ? known.account : open(base, name);
    },
    /** The account as subscriptions are polled with it. They have a share of their own, because what is polled is for all subscribers. */
    forSubscriptions(base: Account): Account {
      if (subscriptions?.base !== base) subscriptions = { base, account: withCaller(base, poller, metrics) };
      return subscriptions.account;
    },
  };
}

function withCaller(
  base: Account,
  caller: BudgetCaller & { label: string },
  metrics: CallerAccountsOptions['metrics'],
): Account {
  const { budget } = base;
  const onSent = (reservation: Reservation): Reservation => {
    metrics?.callerRequest(caller.label, 'sent');
    return reservation;
  };
  const onError = (error: unknown): never => {
    if (error instanceof GatewayError && error.scope === 'caller') metrics?.callerRequest(caller.label, 'rate_limited');
    throw error;
  };
  return {
    ...base,
    budget: {
      ...budget,
      reserve(priority) {
        try {
          const reserved = budget.reserve(priority, caller);
          return reserved instanceof Promise ? reserved.then(onSent, onError) : onSent(reserved);
        } catch (error) {
          return onError(error);
        }
      },
      pressure: () => budget.pressure(caller),
      share: () => budget.share(caller),
    },
  };
}
