import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { Clock } from '../lib/clock.ts';
import type { Priority, Reservation } from '../realtimekit/requestContext.ts';
import { release, type BudgetSnapshot, pressureOf, commit, reserve, snapshotOf } from './reserve.ts';
import { createBudgetState } from './window.ts';

export type { BudgetSnapshot };

/**
 * The request budget of one account: what upstream's headers told, the documented limit until they do, and our own count in
 * between. It never lets a request through that would pass the limit, and keeps a tenth of it for mutations.
 */
export interface Budget {
  /** Takes one request out; fails with `RATE_LIMITED`, with the seconds to wait, when there is none to take. */
  reserve(priority: Priority): MaybePromise<Reservation>;
  /** What is left, as far as this process knows. */
  snapshot(): BudgetSnapshot;
  /** How much faster the budget shrinks than its window passes: 1 is even, infinite is nothing left for reads. */
  pressure(): number;
  /** Learns what others have spent. */
  refresh(): Promise<void>;
  /** Others can be reached again: they are to know what was spent here, even if nothing more is. */
  resync(): void;
}

/** The budget of a process that has its credential for itself. */
export interface LocalBudget extends Budget {
  reserve(priority: Priority): Reservation;
}

/** How long a request may be under way, in milliseconds: the longest that the settings allow. */
const MAX_REQUEST_MS = 600_000;

export function createLocalBudget(clock: Clock): LocalBudget {
  const state = createBudgetState();
  let requests = 0;
  return {
    reserve(priority) {
      const sentAt = clock.now();
      const id = String((requests += 1));
      reserve(state, priority, id, { now: sentAt, held: MAX_REQUEST_MS });
      return {
        commit: (response) => commit(state, id, response, { now: clock.now(), sentAt }),
        release: (wasSent) => release(state, id, wasSent, clock.now()),
      };
    },
    snapshot: () => snapshotOf(state, clock.now()),
    pressure: () => pressureOf(state, clock.now()),
    refresh: async () => {},
    resync: () => {},
  };
}
