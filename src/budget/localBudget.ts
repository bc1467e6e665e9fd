import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { Clock } from '../lib/clock.ts';
import type { Priority, Reservation } from '../realtimekit/requestContext.ts';
import { type BudgetSnapshot, commit, pressureOf, release, reserve, snapshotOf } from './reserve.ts';
import { createBudgetState } from './window.ts';

export type { BudgetSnapshot };

/**
 * The request budget of one account: the limits that RealtimeKit reports in response headers, or the documented limit until
 * then, and our own count in between. It lets no request through that would exceed a limit, and reserves a tenth of each limit
 * for mutations.
 */
export interface Budget {
  /** Takes one request out of the budget. Throws, or rejects with, `RATE_LIMITED` and the seconds to wait if none is left. */
  reserve(priority: Priority): MaybePromise<Reservation>;
  /** What is left, as far as this replica knows. */
  snapshot(): BudgetSnapshot;
  /** How much faster the budget shrinks than its window passes: 1 if evenly, Infinity if nothing is left for reads. */
  pressure(): number;
  /** Reads what the other replicas have spent. */
  refresh(): Promise<void>;
  /** Publishes what this replica spent while the store was unavailable. Called when the store is back. */
  resync(): void;
}

/** The budget of a single replica. It is synchronous. */
export interface LocalBudget extends Budget {
  reserve(priority: Priority): Reservation;
}

/** How long a request may be in flight: the longest timeout that the settings allow. */
const MAX_REQUEST_MS = 600_000;

export function createLocalBudget(clock: Clock): LocalBudget {
  const state = createBudgetState();
  let lastId = 0;
  return {
    reserve(priority) {
      const sentAt = clock.now();
      const id = String((lastId += 1));
      reserve(state, priority, id, { now: sentAt, maxInFlightMs: MAX_REQUEST_MS });
      return {
        commit: (response) => commit(state, id, response, { sentAt, receivedAt: clock.now() }),
        release: (wasSent) => release(state, id, wasSent, clock.now()),
      };
    },
    snapshot: () => snapshotOf(state, clock.now()),
    pressure: () => pressureOf(state, clock.now()),
    refresh: async () => {},
    resync: () => {},
  };
}
