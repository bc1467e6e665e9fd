import { UpstreamError } from '../domain/errors.ts';
import type { Priority, Reservation } from '../realtimekit/requestContext.ts';
import {
  type BudgetCaller,
  callerLimitError,
  callerWaitMs,
  changeInFlight,
  countRequest,
  recordDemand,
} from './callers.ts';
import { applyHeaders } from './reconcile.ts';
import {
  available,
  type BudgetState,
  currentWindows,
  keptFromCallersReads,
  keptFromReads,
  type KeptForOthers,
  longestWindowMs,
  MAX_TRANSIT_MS,
  type RateLimitWindow,
  timeLeftMs,
  ROUNDING_MARGIN_MS,
  UNKNOWN_REQUESTS,
  untilReadMs,
  UNUSED_WINDOW,
} from './window.ts';

/** The wait if requests are left, and only claims and requests in flight are in the way. */
export const SHORT_RETRY_MS = 1000;
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

/** A request that is about to be sent. */
export interface Demand {
  priority: Priority;
  /** Undefined if the account's callers do not share its budget. */
  caller?: BudgetCaller | undefined;
}

/**
 * Milliseconds until a request may be sent, whosever it is; 0 if it may be sent now. A tenth of what is not kept can be spent by mutations
 * only. Where callers share the budget, that tenth shrinks as the window passes.
 */
export function waitMs(
  state: BudgetState,
  { priority, caller }: Demand,
  now: number,
  keptForOthers: KeptForOthers = () => 0,
): number {
  const windows = currentWindows(state, now);
  if (now < state.lockedOutUntil) return state.lockedOutUntil - now;
  const waits = windows.map((window) => {
    const { remaining, endsAt, lengthMs } = window;
    const kept = requestsToKeep(window, { priority, caller }, now, keptForOthers);
    if (available(state, window) > kept) return 0;
    if (remaining > kept) return SHORT_RETRY_MS;
    const untilEndMs = (endsAt ?? now + lengthMs) - now;
    const isLentEarlier = caller !== undefined && priority === 'read';
    return Math.max(SHORT_RETRY_MS, isLentEarlier ? untilReadMs(window, now, keptForOthers) : untilEndMs);
  });
  return Math.max(...waits);
}

/** The error of a caller that must leave the rest of the budget to others; null if it need not. Mutations never wait for others. */
export function shareError(
  state: BudgetState,
  { priority, caller }: Demand,
  now: number,
  keptForOthers?: KeptForOthers,
): UpstreamError | null {
  if (caller === undefined || priority === 'mutation') return null;
  const wait = callerWaitMs(state, caller, now, keptForOthers);
  return wait > 0 ? callerLimitError(wait) : null;
}

/** Takes a request that can be sent now, for another state to open it. Returns 0, or the error of a caller that must leave it to others. */
export function takeRequest(state: BudgetState, demand: Demand, now: number, kept: KeptForOthers): 0 | UpstreamError {
  const { caller } = demand;
  if (caller !== undefined) recordDemand(state, caller, now);
  const error = shareError(state, demand, now, kept);
  if (error !== null) return error;
  if (caller !== undefined) changeInFlight(state, caller, 1);
  state.inFlight += 1;
  return 0;
}

/** How many reads may be sent now. */
export function availableReads(state: BudgetState, now: number, keptForOthers: KeptForOthers): number {
  const windows = currentWindows(state, now);
  return Math.min(...windows.map((window) => available(state, window) - keptFromReads(window, keptForOthers)));
}

function requestsToKeep(
  window: RateLimitWindow,
  { priority, caller }: Demand,
  now: number,
  keptForOthers: KeptForOthers,
): number {
  if (priority === 'mutation')
    return keptForOthers(window.limit, caller === undefined ? undefined : timeLeftMs(window, now));
  return caller === undefined ? keptFromReads(window, keptForOthers) : keptFromCallersReads(window, now, keptForOthers);
}

/** Opens the reservation of a request that is sent now. `onSettled` receives what its outcome changes; null if that is nothing. */
export function openReservation(
  state: BudgetState,
  now: () => number,
  caller?: BudgetCaller,
  onSettled: (change: Change | null) => void = () => {},
): Reservation {
  const sentAt = now();
  let isOpen = true;
  state.inFlight += 1;
  if (caller !== undefined) changeInFlight(state, caller, 1);

  function settle(change: Change | null): void {
    if (!isOpen) return;
    isOpen = false;
    state.inFlight -= 1;
    if (caller !== undefined) changeInFlight(state, caller, -1);
    const counted = caller === undefined || change === null ? change : withCount(change, caller, sentAt);
    counted?.(state);
    onSettled(counted);
  }

  return {
    commit({ status, headers }) {
      const receivedAt = now();
      settle((target) => {
        // If the clock was set back, it is only certain that the response is not from the future.
        const isPast = sentAt <= now();
        const times = { sentAt: isPast ? sentAt : 0, receivedAt: Math.min(receivedAt, now()) };
        applyHeaders(target, { status, headers }, times);
      });
    },
    release(wasSent) {
      const countedFrom = Math.ceil((now() + MAX_TRANSIT_MS) / LOST_TOGETHER_MS) * LOST_TOGETHER_MS;
      settle(wasSent ? (target) => addClaim(target, `lost ${countedFrom}`, 1, countedFrom) : null);
    },
  };
}

/** The change, and one more request of the caller. */
function withCount(change: Change, caller: BudgetCaller, sentAt: number): Change {
  return (state) => {
    change(state);
    countRequest(state, caller, sentAt);
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

/** Claims everything that replicas may have leased before their store lost its data: nobody knows how much that is. */
export function claimLostLeases(state: BudgetState, countedFrom: number): void {
  addClaim(state, 'lost leases', UNKNOWN_REQUESTS, countedFrom);
}

/** Tells other replicas, with the claim `id`, which callers have requests in flight here. */
export function claimForCallers({ claims, callersInFlight }: BudgetState, id: string): void {
  const claim = claims.get(id);
  if (claim !== undefined && callersInFlight.size > 0) claims.set(id, { ...claim, callers: [...callersInFlight] });
}

export function snapshotOf(state: BudgetState, now: number): BudgetSnapshot {
  const [tightest = UNUSED_WINDOW] = currentWindows(state, now).toSorted(
    (left, right) => available(state, left) / left.limit - available(state, right) / right.limit,
  );
  const { limit, lengthMs, endsAt } = tightest;
  if (now < state.lockedOutUntil) return { limit, remaining: 0, resetsAt: state.lockedOutUntil };
  const resetsAt = endsAt === null ? now + lengthMs : Math.max(now, endsAt - ROUNDING_MARGIN_MS);
  return { limit, remaining: Math.max(0, available(state, tightest)), resetsAt };
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
