import type { Priority } from '../realtimekit/requestContext.ts';
import { UpstreamError } from '../domain/errors.ts';
import { type Answered, applyHeaders, type Times } from './reconcile.ts';
import {
  available,
  BEGINNING,
  type BudgetState,
  reserveOf,
  ROUNDING,
  type RateLimitWindow,
  windowsOf,
} from './window.ts';

/** How long a request that nobody waits for any more may still be on its way to upstream, in milliseconds. */
const MAX_TRANSIT_MS = 10_000;
/** Milliseconds that a refusal asks for which only requests in flight are the reason of. */
const SOON = 1000;
/** How many requests a process that has but a part may have under way at a time while it does not know how much is left. */
const BLIND_IN_FLIGHT_LIMIT = 10;
/** How old what it knows of that may be, in milliseconds. */
const HEADERS_STALE_AFTER_MS = 5000;

/** What is left of the tightest limit. */
export interface BudgetSnapshot {
  /** Requests in a whole window. */
  limit: number;
  remaining: number;
  /** Milliseconds since the Unix epoch. */
  resetsAt: number;
}

/** Takes one request out; throws `RATE_LIMITED`, with the seconds to wait, when there is none to take. */
export function reserve(
  state: BudgetState,
  kind: Priority,
  id: string,
  { now, held }: { now: number; held: number },
): void {
  if (now < state.blockedUntil) {
    throw refusal('RealtimeKit has locked its API for this account.', state.blockedUntil - now);
  }
  const windows = windowsOf(state, now);
  const kept = (window: RateLimitWindow): number => (kind === 'read' ? reserveOf(window) : 0);
  const wait = Math.max(...windows.map((window) => waitFor(state, window, kept(window), now)));
  if (wait > 0) throw refusal(EXHAUSTED[kind], wait);
  for (const { part } of windows) if (part !== null) part.spent += 1;
  state.inFlight += 1;
  // Whoever took it may end without a word.
  addReservation(state, id, windows, now + held);
}

/** Upstream answered a request. Only the first word about a ticket counts. */
export function commit(state: BudgetState, id: string, answer: Answered, times: Times): void {
  if (!state.tickets.delete(id)) return;
  applyHeaders(state, answer, times);
  state.inFlight = Math.max(0, state.inFlight - 1);
}

/** No response came. A request that was sent may still count upstream, so its reservation is kept for a while. */
export function release(state: BudgetState, id: string, wasSent: boolean, now: number): void {
  if (!state.tickets.delete(id)) return;
  state.inFlight = Math.max(0, state.inFlight - 1);
  if (wasSent) addReservation(state, id, windowsOf(state, now), now);
}

export function snapshotOf(state: BudgetState, now: number): BudgetSnapshot {
  const [tightest = BEGINNING] = windowsOf(state, now).toSorted(
    (left, right) => available(state, left) / left.limit - available(state, right) / right.limit,
  );
  const { limit, length, endsAt } = tightest;
  if (now < state.blockedUntil) return { limit, remaining: 0, resetsAt: state.blockedUntil };
  const resetsAt = endsAt === null ? now + length : Math.max(now, endsAt - ROUNDING);
  return { limit, remaining: Math.max(0, available(state, tightest)), resetsAt };
}

/**
 * How much faster the budget shrinks than its window passes: 1 is even, infinite is nothing left for reads. It is the part of the
 * window that is left, divided by the part of the reads' budget that is left.
 */
export function pressureOf(state: BudgetState, now: number): number {
  if (now < state.blockedUntil) return Infinity;
  return Math.max(...windowsOf(state, now).map((window) => pressureIn(state, window, now)));
}

function addReservation({ tickets }: BudgetState, id: string, windows: readonly RateLimitWindow[], from: number): void {
  const length = Math.max(...windows.map((window) => window.length));
  tickets.set(id, { from: from + MAX_TRANSIT_MS, until: from + length + ROUNDING });
}

/** Milliseconds until the window has more than `kept` requests; 0: it has. A part of a window has a part of what is kept. */
function waitFor(state: BudgetState, window: RateLimitWindow, kept: number, now: number): number {
  const { remaining, part, endsAt, length, toldAt } = window;
  const isShort = remaining - state.tickets.size <= kept;
  const isRationed = part !== null && part.size - part.spent <= kept / state.parts;
  if (isRationed || (isShort && remaining <= kept)) return Math.max(SOON, (endsAt ?? now + length) - now);
  const isBlind = part !== null && (part.isGuessed || now - toldAt > HEADERS_STALE_AFTER_MS);
  return isShort || (isBlind && state.inFlight >= BLIND_IN_FLIGHT_LIMIT) ? SOON : 0;
}

/** A part of a window is to last as long as the whole. */
function pressureIn(state: BudgetState, window: RateLimitWindow, now: number): number {
  const reserve = reserveOf(window);
  const budgetLeft = (available(state, window) * state.parts - reserve) / (window.limit - reserve);
  const timeLeft = window.endsAt === null ? 1 : Math.min(1, (window.endsAt - now) / window.length);
  return budgetLeft > 0 ? timeLeft / budgetLeft : Infinity;
}

const EXHAUSTED = {
  read: 'The request budget for reads is used up: the rest of it is kept for mutations.',
  mutation: 'The request budget is used up.',
} as const;

function refusal(reason: string, milliseconds: number): UpstreamError {
  const retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const words = `${reason} Try again in ${retryAfterSeconds} s.`;
  return new UpstreamError('notSent', 'RATE_LIMITED', words, { retryAfterSeconds });
}
