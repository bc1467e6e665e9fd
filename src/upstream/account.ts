import type { Clock } from '../clock.ts';
import { LRUCache } from 'lru-cache';

import { type Budget, createBudget } from './budget.ts';

/** Whoever pays for upstream requests: one API token. */
export interface Account {
  /** A hash of the token, and another one each time that upstream refused it: what keys are told apart by. */
  id: string;
  /** Secret. */
  token: string;
  budget: Budget;
  /** Upstream does not accept the token: what was read with it is given to nobody any more. */
  refuse(): void;
  /** Whether that has been said since the account was given. */
  isRefused(): boolean;
}

/** How many accounts' budgets are kept in mind. */
const MOST_ACCOUNTS = 10_000;

/** Gives each token its account: the same one for as long as it is in use. */
export function createAccounts(clock: Clock): (token: string) => Promise<Account> {
  const states = new LRUCache<string, { budget: Budget; era: number }>({ max: MOST_ACCOUNTS });
  let eras = 0;
  return async (token) => {
    const hash = await hashOf(token);
    const state = states.get(hash) ?? { budget: createBudget(clock), era: 0 };
    states.set(hash, state);
    const { budget, era } = state;
    const isRefused = (): boolean => state.era !== era;
    const refuse = (): void => {
      if (!isRefused()) state.era = eras += 1;
    };
    return { id: era === 0 ? hash : `${hash} ${era}`, token, budget, refuse, isRefused };
  };
}

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
