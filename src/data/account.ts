import { LRUCache } from 'lru-cache';

import type { Budget } from '../budget/localBudget.ts';
import { sha256Base64 } from '../lib/sha256.ts';

/** Who pays for upstream requests: the holder of one API token. */
export interface Account {
  /** The token's hash, followed by a generation number once upstream has rejected a token. Cache keys begin with this id. */
  id: string;
  /** Secret. */
  token: string;
  budget: Budget;
  /** Upstream rejected the token. The account gets a new id, so that nothing read with the token is served any more. */
  revoke(): void;
  /** Whether the token has been revoked since this account was obtained. */
  isRevoked(): boolean;
}

/** The accounts in use, by token. */
export type Accounts = ReturnType<typeof createAccounts>;

interface AccountsOptions {
  createBudget: (tokenHash: string) => Budget;
  /** Called when upstream rejects a token that this replica used. */
  onRevoked?: (tokenHash: string) => void;
}

interface AccountState {
  budget: Budget;
  generation: number;
}

const MAX_ACCOUNTS = 10_000;

export function createAccounts({ createBudget, onRevoked = () => {} }: AccountsOptions) {
  const states = new LRUCache<string, AccountState>({ max: MAX_ACCOUNTS });
  /** The generations of the tokens that were rejected, by token. */
  const generations = new LRUCache<string, number>({
    max: MAX_ACCOUNTS,
    dispose: (generation, _tokenHash, reason) => {
      if (reason === 'evict') forgotten = Math.max(forgotten, generation);
    },
  });
  let lastGeneration = 0;
  /** The last generation that is no longer remembered. Any token may have had it. */
  let forgotten = 0;
  const accountId = (tokenHash: string, generation: number): string =>
    generation === 0 ? tokenHash : `${tokenHash} ${generation}`;
  /** `obtained`: the state that the rejected account was obtained with. It may have been forgotten since, and replaced by another one. */
  const startGeneration = (tokenHash: string, obtained?: AccountState): void => {
    lastGeneration += 1;
    generations.set(tokenHash, lastGeneration);
    for (const state of [obtained, states.get(tokenHash)]) if (state !== undefined) state.generation = lastGeneration;
  };
  function remember(tokenHash: string): AccountState {
    const state = { budget: createBudget(tokenHash), generation: generations.get(tokenHash) ?? forgotten };
    states.set(tokenHash, state);
    return state;
  }

  return {
    forToken: async (token: string): Promise<Account> => {
      const tokenHash = await sha256Base64(token);
      const state = states.get(tokenHash) ?? remember(tokenHash);
      const { budget, generation } = state;
      const isRevoked = (): boolean => state.generation !== generation;
      return {
        id: accountId(tokenHash, generation),
        token,
        budget,
        isRevoked,
        revoke() {
          if (isRevoked()) return;
          startGeneration(tokenHash, state);
          onRevoked(tokenHash);
        },
      };
    },
    /** The current id of the account with this token hash; null if the account is not in use. */
    idOf(tokenHash: string): string | null {
      const state = states.get(tokenHash);
      return state === undefined ? null : accountId(tokenHash, state.generation);
    },
    /** Tells each budget that the other replicas can be reached again. */
    resync(): void {
      for (const { budget } of states.values()) budget.resync();
    },
    /** Upstream rejected this token when another replica used it. */
    revoke: (tokenHash: string): void => startGeneration(tokenHash),
  };
}

/** The hash of an account's token, by which every replica knows the account. */
export function tokenHashOf(accountId: string): string {
  const end = accountId.indexOf(' ');
  return end === -1 ? accountId : accountId.slice(0, end);
}
