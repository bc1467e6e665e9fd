import type { Priority } from '../realtimekit/requestContext.ts';
import { UpstreamError } from '../domain/errors.ts';
import { applyHeaders, type ResponseHead, type ResponseTimes } from './reconcile.ts';
import {
  available,
  type BudgetState,
  currentWindows,
  mutationReserve,
  type RateLimitWindow,
  ROUNDING_MARGIN_MS,
  UNUSED_WINDOW,
} from './window.ts';

/** How long a request may still be on its way to RealtimeKit after the gateway gave up waiting for the response. */
const MAX_TRANSIT_MS = 10_000;
/** The wait if requests are left, and only the ones in flight are in the way. */
const SHORT_RETRY_MS = 1000;
/** How many requests a partitioned replica may have in flight while it does not know how many are left. */
const BLIND_IN_FLIGHT_LIMIT = 10;
/** A partitioned replica no longer trusts the last reported count after this time: the other replicas spend too. */
const HEADERS_STALE_AFTER_MS = 5000;

/** The state of the tightest limit. */
export interface BudgetSnapshot {
  /** Requests in a whole window. */
  limit: number;
  remaining: number;
  /** Milliseconds since the Unix epoch. */
  resetsAt: number;
}

/**
 * Reserves one request under `id`. The reservation expires by itself if it is neither committed nor released within
 * `maxInFlightMs` and one more window. Throws `RATE_LIMITED`, with the seconds to wait, if no request is left for `priority`.
 */
export function reserve(
  state: BudgetState,
  priority: Priority,
  id: string,
  { now, maxInFlightMs }: { now: number; maxInFlightMs: number },
): void {
  if (now < state.lockedOutUntil) throw rateLimitedError(LOCKED_OUT, state.lockedOutUntil - now);
  const windows = currentWindows(state, now);
  const reserveOf = (window: RateLimitWindow): number => (priority === 'read' ? mutationReserve(window) : 0);
  const wait = Math.max(...windows.map((window) => waitMs(state, window, reserveOf(window), now)));
  if (wait > 0) throw rateLimitedError(EXHAUSTED[priority], wait);
  for (const { partition } of windows) if (partition !== null) partition.spent += 1;
  state.inFlight += 1;
  // The replica may die before it settles the reservation.
  addReservation(state, id, windows, now + maxInFlightMs);
}

/** RealtimeKit responded. Only the first `commit` or `release` of a reservation counts. */
export function commit(state: BudgetState, id: string, response: ResponseHead, times: ResponseTimes): void {
  if (!state.reservations.delete(id)) return;
  applyHeaders(state, response, times);
  state.inFlight = Math.max(0, state.inFlight - 1);
}

/** No response came. RealtimeKit may still count a request that was sent, so its reservation stays open for a while. */
export function release(state: BudgetState, id: string, wasSent: boolean, now: number): void {
  if (!state.reservations.delete(id)) return;
  state.inFlight = Math.max(0, state.inFlight - 1);
  if (wasSent) addReservation(state, id, currentWindows(state, now), now);
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

/**
 * How much faster the budget for reads shrinks than its window passes: the fraction of the window that is left, divided by the
 * fraction of the budget that is left. 1 if both shrink evenly, Infinity if nothing is left for reads.
 */
export function pressureOf(state: BudgetState, now: number): number {
  if (now < state.lockedOutUntil) return Infinity;
  return Math.max(...currentWindows(state, now).map((window) => windowPressure(state, window, now)));
}

/** `leftAt`: when the request leaves the gateway at the latest. */
function addReservation(
  { reservations }: BudgetState,
  id: string,
  windows: readonly RateLimitWindow[],
  leftAt: number,
): void {
  const longestMs = Math.max(...windows.map(({ lengthMs }) => lengthMs));
  reservations.set(id, { countedFrom: leftAt + MAX_TRANSIT_MS, expiresAt: leftAt + longestMs + ROUNDING_MARGIN_MS });
}

/** Milliseconds until more than `reserved` requests are left; 0 if they are. A partition reserves its even share of them. */
function waitMs(state: BudgetState, window: RateLimitWindow, reserved: number, now: number): number {
  const { remaining, partition, endsAt, lengthMs, reportedAt } = window;
  const isShort = remaining - state.reservations.size <= reserved;
  const isPartitionSpent = partition !== null && partition.size - partition.spent <= reserved / state.partitionCount;
  if (isPartitionSpent || (isShort && remaining <= reserved)) {
    return Math.max(SHORT_RETRY_MS, (endsAt ?? now + lengthMs) - now);
  }
  const isBlind = partition !== null && (partition.isProvisional || now - reportedAt > HEADERS_STALE_AFTER_MS);
  return isShort || (isBlind && state.inFlight >= BLIND_IN_FLIGHT_LIMIT) ? SHORT_RETRY_MS : 0;
}

/** A partition must last as long as the whole window. */
function windowPressure(state: BudgetState, window: RateLimitWindow, now: number): number {
  const reserved = mutationReserve(window);
  const budgetLeft = (available(state, window) * state.partitionCount - reserved) / (window.limit - reserved);
  const timeLeft = window.endsAt === null ? 1 : Math.min(1, (window.endsAt - now) / window.lengthMs);
  return budgetLeft > 0 ? timeLeft / budgetLeft : Infinity;
}

const LOCKED_OUT = 'RealtimeKit has locked this account out after too many requests.';
const EXHAUSTED = {
  read: 'The request budget for reads is used up; the rest is reserved for mutations.',
  mutation: 'The request budget is used up.',
} as const;

function rateLimitedError(reason: string, milliseconds: number): UpstreamError {
  const retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const message = `${reason} Try again in ${retryAfterSeconds} s.`;
  return new UpstreamError('notSent', 'RATE_LIMITED', message, { retryAfterSeconds });
}
