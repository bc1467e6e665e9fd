import { expect } from 'vitest';

import type { BudgetCaller } from '../../src/budget/callers.ts';
import { UpstreamError } from '../../src/domain/errors.ts';
import { createLocalBudget, type LocalBudget } from '../../src/budget/localBudget.ts';
import type { Priority, Reservation } from '../../src/realtimekit/requestContext.ts';
import { createFakeClock } from '../support/fakeClock.ts';

export type Headers = Record<string, string>;

export const OK = { status: 200, headers: {} };
export const NOON = Date.UTC(2026, 0, 15, 12);

/** A response that reports `remaining` requests of `limit`, and a reset in `resetSeconds`. */
export function reporting(remaining: number, resetSeconds: number, limit = 20, windowSeconds = 60) {
  const headers: Headers = {
    ratelimit: `"default";r=${remaining};t=${resetSeconds}`,
    'ratelimit-policy': `"default";q=${limit};w=${windowSeconds}`,
  };
  return { status: 200, headers };
}

export function createBudget() {
  const clock = createFakeClock(NOON);
  return { clock, budget: createLocalBudget(clock) };
}

/** The reservation, or the seconds to wait if the budget rejects it. */
export function tryToReserve(budget: LocalBudget, priority: Priority, caller?: BudgetCaller): Reservation | number {
  try {
    return budget.reserve(priority, caller);
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.retryAfterSeconds === undefined) throw error;
    expect([error.code, error.outcome]).toEqual(['RATE_LIMITED', 'notSent']);
    return error.retryAfterSeconds;
  }
}

/** The seconds to wait before a request is let through; null if it is let through now. Spends nothing. */
export function retryAfterSeconds(budget: LocalBudget, priority: Priority = 'read'): number | null {
  const reservation = tryToReserve(budget, priority);
  if (typeof reservation === 'number') return reservation;
  reservation.release(false);
  return null;
}

/** Sends up to `max` requests, each answered at once with `response`. Returns how many the budget let through. */
export function spendAll(
  budget: LocalBudget,
  priority: Priority,
  max = 3000,
  response: Parameters<Reservation['commit']>[0] = OK,
): number {
  for (let spent = 0; spent < max; spent += 1) {
    const reservation = tryToReserve(budget, priority);
    if (typeof reservation === 'number') return spent;
    reservation.commit(response);
  }
  return max;
}
