import { LRUCache } from 'lru-cache';

import type { Budget } from '../budget/localBudget.ts';
import { sha256Base64 } from '../lib/sha256.ts';

/** Whoever pays for upstream requests: one API token. */
export interface Account {
  /** A hash of the token, and another one each time that upstream refused it: what keys are told apart by. */
  id: string;
  /** Secret. */
  token: string;
  budget: Budget;
  /** Upstream does not accept the token: what was read with it is given to nobody any more. */
  revoke(): void;
  /** Whether that has been said since the account was given. */
  isRevoked(): boolean;
}

/** Gives each token its account: the same one for as long as it is in use. */
export interface Accounts {
  of(token: string): Promise<Account>;
  /** The account's present id, by its token's hash; null: it is not in use. */
  idOf(hash: string): string | null;
  /** The other replicas can be reached again. */
  resync(): void;
  /** Upstream refused this token of another replica. */
  revoke(hash: string): void;
}

export interface AccountsOptions {
  /** Makes the budget of a token, by its hash. */
  budgetOf: (hash: string) => Budget;
  /** Is told the hash of each token that upstream refuses. */
  onRevoked?: (hash: string) => void;
}

/** How many accounts' budgets are kept in mind. */
const MAX_ACCOUNTS = 10_000;

export function createAccounts({ budgetOf, onRevoked = () => {} }: AccountsOptions): Accounts {
  const states = new LRUCache<string, { budget: Budget; generation: number }>({ max: MAX_ACCOUNTS });
  let generations = 0;
  const idIn = (hash: string, era: number): string => (era === 0 ? hash : `${hash} ${era}`);
  const refuse = (state: { generation: number } | undefined): void => {
    if (state !== undefined) state.generation = generations += 1;
  };
  return {
    async of(token) {
      const hash = await sha256Base64(token);
      const state = states.get(hash) ?? { budget: budgetOf(hash), generation: 0 };
      states.set(hash, state);
      const { budget, generation } = state;
      const isRefused = (): boolean => state.generation !== generation;
      return {
        id: idIn(hash, generation),
        token,
        budget,
        isRevoked: isRefused,
        revoke() {
          if (isRefused()) return;
          refuse(state);
          onRevoked(hash);
        },
      };
    },
    idOf(hash) {
      const state = states.get(hash);
      return state === undefined ? null : idIn(hash, state.generation);
    },
    resync() {
      for (const { budget } of states.values()) budget.resync();
    },
    revoke: (hash) => refuse(states.get(hash)),
  };
}

/** The hash of an account's token: what all replicas know it by. */
export function tokenHashOf(accountId: string): string {
  const end = accountId.indexOf(' ');
  return end === -1 ? accountId : accountId.slice(0, end);
}
