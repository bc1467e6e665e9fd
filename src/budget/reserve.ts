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

/** How many requests of a limit are kept for others. */
export type KeptForOthers = (limit: number) => number;

/** Milliseconds until a request may be sent; 0 if it may be sent now. A tenth of what is not kept can be spent by mutations only. */
export function waitMs(state: BudgetState, priority: Priority, now: number, keptForOthers?: KeptForOthers): number {
  if (now < state.lockedOutUntil) return state.lockedOutUntil - now;
  const waits = currentWindows(state, now).map((window) => {
    const { remaining, endsAt, lengthMs } = window;
    const kept = requestsToKeep(window, priority, keptForOthers);
    if (available(state, window) > kept) return 0;
    return remaining > kept ? SHORT_RETRY_MS : Math.max(SHORT_RETRY_MS, (endsAt ?? now + lengthMs) - now);
  });
  return Math.max(...waits);
}

/** How many reads may be sent now. */
export function availableReads(state: BudgetState, now: number, keptForOthers: KeptForOthers): number {
  const windows = currentWindows(state, now);
  return Math.min(...windows.map((window) => available(state, window) - requestsToKeep(window, 'read', keptForOthers)));
}

/** Requests that nobody may spend with this priority. */
export function requestsToKeep(
  { limit }: RateLimitWindow,
  priority: Priority,
  keptForOthers: KeptForOthers = () => 0,
): number {
  const kept = keptForOthers(limit);
  return kept + (priority === 'read' ? mutationReserve(limit - kept) : 0);
}

/** Opens the reservation of a request that is sent now. `onSettled` receives what its outcome changes; null if that is nothing. */
export function openReservation(
  state: BudgetState,
  now: () => number,
  onSettled: (change: Change | null) => void = () => {},
): Reservation {
  const sentAt = now();
  let isOpen = true;
  state.inFlight += 1;

  function settle(change: Change | null): void {
    if (!isOpen) return;
    isOpen = false;
    state.inFlight -= 1;
    change?.(state);
    onSettled(change);
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
