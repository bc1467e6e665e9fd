import { UpstreamError } from '../domain/errors.ts';
import type { Priority, Reservation } from '../realtimekit/requestContext.ts';
import { applyHeaders } from './reconcile.ts';
import {
  available,
  type BudgetState,
  currentWindows,
  longestWindowMs,
  MAX_TRANSIT_MS,
  mutationReserve,
  type RateLimitWindow,
  ROUNDING_MARGIN_MS,
  sharesOf,
  UNUSED_WINDOW,
} from './window.ts';

/** The wait if requests are left, and only claims and requests in flight are in the way. */
const SHORT_RETRY_MS = 1000;
/** Requests whose responses were lost in such a time share a claim. */
const LOST_TOGETHER_MS = 5000;

/** The state of the tightest limit. */
export interface BudgetSnapshot {
  /** Requests in a whole window. */
  limit: number;
  remaining: number;
  /** Milliseconds since the Unix epoch. */
  resetsAt: number;
}

/** What an outcome changes in a state. It can be applied late, and to several states. */
export type Change = (state: BudgetState) => void;

/** How a request is taken from the budget: `leased` ones leave the shares of the replicas alone. */
export type Source = 'own' | 'leased';

/** Milliseconds until a request may be sent; 0 if it may be sent now. A tenth of what there is can be spent by mutations only. */
export function waitMs(state: BudgetState, priority: Priority, now: number, source: Source = 'own'): number {
  if (now < state.lockedOutUntil) return state.lockedOutUntil - now;
  const waits = currentWindows(state, now).map((window) => {
    const { remaining, endsAt, lengthMs } = window;
    const keep = requestsToKeep(window, priority, source);
    if (available(state, window) > keep) return 0;
    return remaining > keep ? SHORT_RETRY_MS : Math.max(SHORT_RETRY_MS, (endsAt ?? now + lengthMs) - now);
  });
  return Math.max(...waits);
}

/** How many reads may be leased. */
export function leasableReads(state: BudgetState, now: number): number {
  const windows = currentWindows(state, now);
  return Math.min(...windows.map((window) => available(state, window) - requestsToKeep(window, 'read', 'leased')));
}

function requestsToKeep({ limit, spentFromShares }: RateLimitWindow, priority: Priority, source: Source): number {
  const shares = source === 'leased' ? sharesOf(limit) : 0;
  const unspentShares = Math.max(0, shares - spentFromShares);
  return unspentShares + (priority === 'read' ? mutationReserve(limit - shares) : 0);
}

/** Opens the reservation of a request that is sent now. `publish` receives what its outcome changes, and when it was sent. */
export function openReservation(
  state: BudgetState,
  now: () => number,
  publish: (change: Change, sentAt: number) => void = () => {},
): Reservation {
  const sentAt = now();
  let isOpen = true;
  state.inFlight += 1;

  function settle(change: Change | null): void {
    if (!isOpen) return;
    isOpen = false;
    state.inFlight -= 1;
    if (change === null) return;
    change(state);
    publish(change, sentAt);
  }

  return {
    commit({ status, headers }) {
      const times = { sentAt, receivedAt: now() };
      settle((target) => applyHeaders(target, { status, headers }, times));
    },
    release(wasSent) {
      const countedFrom = Math.ceil((now() + MAX_TRANSIT_MS) / LOST_TOGETHER_MS) * LOST_TOGETHER_MS;
      settle(wasSent ? (target) => addClaim(target, `lost ${countedFrom}`, 1, countedFrom) : null);
    },
  };
}

/**
 * Adds requests to the claim `id`. `countedFrom`: when the last of them has certainly arrived at RealtimeKit, in milliseconds
 * since the Unix epoch.
 */
export function addClaim(state: BudgetState, id: string, requests: number, countedFrom: number): void {
  const before = state.claims.get(id)?.requests ?? 0;
  state.claims.set(id, { requests: before + requests, countedFrom, expiresAt: countedFrom + longestWindowMs(state) });
}

/** `most`: the maximum that may be left. */
export function snapshotOf(state: BudgetState, now: number, most = Infinity): BudgetSnapshot {
  const [tightest = UNUSED_WINDOW] = currentWindows(state, now).toSorted(
    (left, right) => available(state, left) / left.limit - available(state, right) / right.limit,
  );
  const { limit, lengthMs, endsAt } = tightest;
  if (now < state.lockedOutUntil) return { limit, remaining: 0, resetsAt: state.lockedOutUntil };
  const resetsAt = endsAt === null ? now + lengthMs : Math.max(now, endsAt - ROUNDING_MARGIN_MS);
  return { limit, remaining: Math.max(0, Math.min(available(state, tightest), most)), resetsAt };
}

/**
 * How much faster the budget for reads shrinks than its window passes: the fraction of the window that is left, divided by the
 * fraction of the budget that is left. 1 if both shrink evenly, Infinity if nothing is left for reads. `most`: the maximum that
 * may be left.
 */
export function pressureOf(state: BudgetState, now: number, most = Infinity): number {
  if (now < state.lockedOutUntil) return Infinity;
  const windowPressure = (window: RateLimitWindow): number => {
    const { limit, lengthMs, endsAt } = window;
    const reserved = mutationReserve(limit);
    const budgetLeft = Math.min(available(state, window) - reserved, most) / (limit - reserved);
    const timeLeft = endsAt === null ? 1 : Math.min(1, (endsAt - now) / lengthMs);
    return budgetLeft > 0 ? timeLeft / budgetLeft : Infinity;
  };
  return Math.max(...currentWindows(state, now).map(windowPressure));
}

const LOCKED_OUT = 'RealtimeKit has locked this account out after too many requests.';
const EXHAUSTED = {
  read: 'The request budget for reads is used up; the rest is reserved for mutations.',
  mutation: 'The request budget is used up.',
} as const;

/** The error of a request that may be sent in `milliseconds`. */
export function rateLimitedError(
  { lockedOutUntil }: BudgetState,
  priority: Priority,
  now: number,
  milliseconds: number,
): UpstreamError {
  const retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const reason = now < lockedOutUntil ? LOCKED_OUT : EXHAUSTED[priority];
  const message = `${reason} Try again in ${retryAfterSeconds} s.`;
  return new UpstreamError('notSent', 'RATE_LIMITED', message, { retryAfterSeconds });
}
