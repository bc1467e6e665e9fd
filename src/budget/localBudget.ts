import type { AtHand } from '../lib/maybePromise.ts';
import type { Clock } from '../lib/clock.ts';
import type { Answered } from './reconcile.ts';
import { abandon, type BudgetView, pressureOf, type Purpose, settle, take, viewOf } from './reserve.ts';
import { newBudgetState } from './window.ts';

export type { BudgetView };

/** One request that was let through: how it ended has to be told; only the first word counts. */
export interface Spending {
  /** Upstream answered. */
  answered(response: Answered): void;
  /** No answer came; `unsent`: the request never left. */
  failed(unsent: boolean): void;
}

/**
 * The request budget of one account: what upstream's headers told, the documented limit until they do, and our own count in
 * between. It never lets a request through that would pass the limit, and keeps a tenth of it for mutations.
 */
export interface Budget {
  /** Takes one request out; fails with `RATE_LIMITED`, with the seconds to wait, when there is none to take. */
  spend(kind: Purpose): AtHand<Spending>;
  /** What is left, as far as this process knows. */
  view(): BudgetView;
  /** How much faster the budget shrinks than its window passes: 1 is even, infinite is nothing left for reads. */
  pressure(): number;
  /** Learns what others have spent. */
  refresh(): Promise<void>;
  /** Others can be reached again: they are to know what was spent here, even if nothing more is. */
  rejoin(): void;
}

/** The budget of a process that has its credential for itself. */
export interface OwnBudget extends Budget {
  spend(kind: Purpose): Spending;
}

/** How long a request may be under way, in milliseconds: the longest that the settings allow. */
const LONGEST_REQUEST = 600_000;

export function createBudget(clock: Clock): OwnBudget {
  const state = newBudgetState();
  let requests = 0;
  return {
    spend(kind) {
      const sentAt = clock.now();
      const id = String((requests += 1));
      take(state, kind, id, { now: sentAt, held: LONGEST_REQUEST });
      return {
        answered: (answer) => settle(state, id, answer, { now: clock.now(), sentAt }),
        failed: (unsent) => abandon(state, id, unsent, clock.now()),
      };
    },
    view: () => viewOf(state, clock.now()),
    pressure: () => pressureOf(state, clock.now()),
    refresh: async () => {},
    rejoin: () => {},
  };
}
