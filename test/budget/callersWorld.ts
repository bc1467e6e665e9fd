import type { BudgetCaller } from '../../src/budget/callers.ts';
import { createLocalBudget } from '../../src/budget/localBudget.ts';
import { UpstreamError } from '../../src/domain/errors.ts';
import type { Priority } from '../../src/realtimekit/requestContext.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { NOON, reporting } from './localBudgetWorld.ts';

/** What became of a request: `caller` if its caller was held back, `all` if nothing was left for anybody. */
export type Outcome = 'sent' | 'caller' | 'all';

export interface Attempt {
  outcome: Outcome;
  /** Null if the request was sent. */
  retryAfterSeconds: number | null;
}

export const caller = (id: string, weight = 1): BudgetCaller => ({ id, weight });

/** A budget, and an upstream that counts in fixed windows, each of which starts with its first request. */
export function createCallersWorld({ limit = 1200, windowSeconds = 300 } = {}) {
  const clock = createFakeClock(NOON);
  const budget = createLocalBudget(clock);
  let window = { endsAt: -Infinity, used: 0, by: new Map<string, number>() };
  let over = 0;

  function respond(id: string) {
    if (clock.now() >= window.endsAt)
      window = { endsAt: clock.now() + windowSeconds * 1000, used: 0, by: new Map<string, number>() };
    window.used += 1;
    window.by.set(id, (window.by.get(id) ?? 0) + 1);
    if (window.used > limit) over += 1;
    const resetSeconds = Math.ceil((window.endsAt - clock.now()) / 1000);
    return reporting(Math.max(0, limit - window.used), resetSeconds, limit, windowSeconds);
  }

  /** Tries to send a request, which is answered at once. */
  function ask(who: BudgetCaller, priority: Priority = 'read'): Attempt {
    try {
      budget.reserve(priority, who).commit(respond(who.id));
      return { outcome: 'sent', retryAfterSeconds: null };
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.code !== 'RATE_LIMITED') throw error;
      return {
        outcome: error.scope === 'caller' ? 'caller' : 'all',
        retryAfterSeconds: error.retryAfterSeconds ?? null,
      };
    }
  }

  /** Asks until a request is not sent. Returns how many were, and what became of the last one. */
  function askAll(who: BudgetCaller, priority: Priority = 'read', max = 5000): Attempt & { sent: number } {
    for (let sent = 0; sent < max; sent += 1) {
      const attempt = ask(who, priority);
      if (attempt.outcome !== 'sent') return { ...attempt, sent };
    }
    return { outcome: 'sent', retryAfterSeconds: null, sent: max };
  }

  return {
    clock,
    budget,
    ask,
    askAll,
    /** Calls `onSecond` at the start of each of so many seconds. */
    pass(seconds: number, onSecond: (second: number) => void = () => {}): void {
      for (let second = 0; second < seconds; second += 1) {
        onSecond(second);
        clock.advance(1000);
      }
    },
    /** The requests in upstream's current window, of one caller or of all. */
    used: (who?: BudgetCaller): number => (who === undefined ? window.used : (window.by.get(who.id) ?? 0)),
    windowEndsAt: () => window.endsAt,
    /** Requests that exceeded upstream's limit. */
    over: () => over,
  };
}
