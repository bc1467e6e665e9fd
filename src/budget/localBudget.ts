import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { Clock } from '../lib/clock.ts';
import type { Priority, Reservation } from '../realtimekit/requestContext.ts';
import { type BudgetCaller, callerPressureOf, type CallerShare, isAlone, recordDemand, shareOf } from './callers.ts';
import { createPressure } from './pressure.ts';
import { type BudgetSnapshot, openReservation, rateLimitedError, shareError, snapshotOf, waitMs } from './reserve.ts';
import { createSavedBudget, type SavedBudgetOptions } from './savedBudget.ts';
import { createBudgetState } from './window.ts';

/**
 * The request budget of one account: the limits that RealtimeKit reports in response headers, or the documented limit until
 * then, and our own count in between. It lets no request through that would exceed a limit, and reserves a tenth of each limit
 * for mutations.
 */
export interface Budget {
  /**
   * Takes one request out of the budget. Throws, or rejects with, `RATE_LIMITED` and the seconds to wait if none is left, or if the rest is
   * kept for other callers than `caller`.
   */
  reserve(priority: Priority, caller?: BudgetCaller): MaybePromise<Reservation>;
  /** What is left, as far as this replica knows. */
  snapshot(): BudgetSnapshot;
  /**
   * How hard the budget, or what `caller` can expect of it, is pressed: 1 if it is spent no faster than it lasts, Infinity if nothing is
   * left for reads.
   */
  pressure(caller?: BudgetCaller): number;
  /** What is left of a caller's own share; null if callers do not share the budget. */
  share(caller?: BudgetCaller): CallerShare | null;
  /** Reads what the other replicas have published. */
  refresh(): Promise<void>;
  /** The store can be reached again: what the replicas spent in the meantime is not yet known. */
  resync(): void;
}

/** The budget of a single replica. It is synchronous. */
export interface LocalBudget extends Budget {
  reserve(priority: Priority, caller?: BudgetCaller): Reservation;
}

/** `saving`: where the budget is saved, so that it survives an eviction; null (the default) if it need not. */
export function createLocalBudget(clock: Clock, saving: SavedBudgetOptions | null = null): LocalBudget {
  const now = (): number => clock.now();
  const saved = saving && createSavedBudget(saving, now);
  const state = saved?.state ?? createBudgetState();
  const updatePressure = createPressure(state, now);
  return {
    reserve(priority, caller) {
      if (caller !== undefined) recordDemand(state, caller, now());
      const wait = waitMs(state, { priority, caller }, now());
      if (wait > 0) throw rateLimitedError(state, priority, now(), wait);
      const error = shareError(state, { priority, caller }, now());
      if (error !== null) throw error;
      updatePressure();
      saved?.saveRequest();
      return openReservation(state, now, caller, saved?.saveOutcome);
    },
    snapshot: () => snapshotOf(state, now()),
    pressure: (caller) =>
      caller === undefined || isAlone(state, caller, now()) ? updatePressure() : callerPressureOf(state, caller, now()),
    share: (caller) => (caller === undefined ? null : shareOf(state, caller, now())),
    refresh: async () => {},
    resync: () => {},
  };
}
