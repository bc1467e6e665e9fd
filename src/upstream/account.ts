import type { Clock } from '../clock.ts';
import { LRUCache } from 'lru-cache';

import { type Budget, createBudget } from './budget.ts';

/** Whoever pays for upstream requests: one API token. */
export interface Account {
  /** A hash of the token: what keys are told apart by. */
  id: string;
  /** Secret. */
  token: string;
  budget: Budget;
}

/** How many accounts' budgets are kept in mind. */
const MOST_ACCOUNTS = 10_000;

/** Gives each token its account: the same one for as long as it is in use. */
export function createAccounts(clock: Clock): (token: string) => Promise<Account> {
  const budgets = new LRUCache<string, Budget>({ max: MOST_ACCOUNTS });
  return async (token) => {
    const id = await hashOf(token);
    const budget = budgets.get(id) ?? createBudget(clock);
    budgets.set(id, budget);
    return { id, token, budget };
  };
}

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
