import { UpstreamError } from '../domain/errors.ts';
import {
  available,
  type BudgetState,
  type CallerUsage,
  currentWindows,
  isActive,
  keptFromCallersReads,
  keptFromReads,
  type KeptForOthers,
  type RateLimitWindow,
  ROUNDING_MARGIN_MS,
  timeLeft,
} from './window.ts';

/*
 * The division of a budget among callers: weighted max-min fairness. In each window, every caller has a share of what is left for reads.
 * Shares that nobody uses are lent, but requests that were spent cannot be given back before the window ends. So the part of the window
 * that is left for others is reserved for them: whoever has used up a share gets more only as the window passes.
 */

/** A caller of the gateway that shares an account's budget with others. */
export interface BudgetCaller {
  /** A hash: replicas share it. */
  id: string;
  /** The size of the caller's share in proportion to those of others: 1 by default. */
  weight: number;
}

/** A caller's own share of the tightest limit. */
export interface CallerShare {
  /** Requests that the caller can always send in a window. */
  limit: number;
  /** Requests that the caller may send now, at most `limit`. */
  remaining: number;
  /** When the window ends, in milliseconds since the Unix epoch. */
  resetsAt: number;
  /** The length of the window in milliseconds. */
  windowMs: number;
}

/** How many callers a window remembers: those that used the most. */
const MAX_CALLERS = 64;
/** The weight of a caller that may yet come. */
const NEWCOMER_WEIGHT = 1;
/** At a window's end, as much stays reserved for others as if this part of the window were left: it may last longer than assumed. */
const MIN_TIME_LEFT = 0.03;
/** A caller that is held back may ask again after this time at the earliest. */
const MIN_WAIT_MS = 1000;

/** Records that a caller needs a request now. */
export function recordDemand(state: BudgetState, caller: BudgetCaller, now: number): void {
  for (const window of state.windows.values()) usageOf(window, caller).askedAt = now;
}

/** Counts a request of a caller that was answered or lost. `sentAt` is in milliseconds since the Unix epoch. */
export function countRequest(state: BudgetState, caller: BudgetCaller, sentAt: number): void {
  for (const window of state.windows.values()) {
    const usage = usageOf(window, caller);
    usage.requests += 1;
    usage.askedAt = Math.max(usage.askedAt, sentAt);
  }
}

/** Adds `change` to the requests of a caller in flight. */
export function changeInFlight({ callersInFlight }: BudgetState, { id }: BudgetCaller, change: 1 | -1): void {
  const count = (callersInFlight.get(id) ?? 0) + change;
  if (count > 0) callersInFlight.set(id, count);
  else callersInFlight.delete(id);
}

/** The requests in flight of each caller, here and, as far as claims tell, on other replicas. */
function inFlightByCaller({ claims, callersInFlight }: BudgetState): ReadonlyMap<string, number> {
  const elsewhere = [...claims.values()].flatMap(({ callers = [] }) => callers);
  if (elsewhere.length === 0) return callersInFlight;
  const total = new Map(callersInFlight);
  for (const [id, requests] of elsewhere) total.set(id, (total.get(id) ?? 0) + requests);
  return total;
}

function usageOf({ callers }: RateLimitWindow, { id, weight }: BudgetCaller): CallerUsage {
  const usage = callers.get(id) ?? { weight, requests: 0, askedAt: 0 };
  usage.weight = weight;
  if (!callers.has(id) && callers.size >= MAX_CALLERS) deleteSmallest(callers);
  callers.set(id, usage);
  return usage;
}

function deleteSmallest(callers: Map<string, CallerUsage>): void {
  let smallest: [string, CallerUsage] | null = null;
  for (const entry of callers) if (smallest === null || entry[1].requests < smallest[1].requests) smallest = entry;
  if (smallest !== null) callers.delete(smallest[0]);
}

/** The other callers that are active, by their ids. */
function activeOthers({ callers }: RateLimitWindow, id: string, now: number): [string, CallerUsage][] {
  return [...callers].filter(([otherId, usage]) => otherId !== id && isActive(usage, now));
}

/** Whether no other caller is active. */
export function isAlone({ windows }: BudgetState, { id }: BudgetCaller, now: number): boolean {
  const [window] = windows.values();
  return window === undefined || activeOthers(window, id, now).length === 0;
}

/** The part of a budget, from 0 to 1, that a caller has beside those that are active, and one that may yet come. */
export function partOf({ windows }: BudgetState, { id, weight }: BudgetCaller, now: number): number {
  let others = NEWCOMER_WEIGHT;
  const [window] = windows.values();
  if (window !== undefined) for (const [, other] of activeOthers(window, id, now)) others += other.weight;
  return weight / (weight + others);
}

/** What a caller may spend of a window, in requests. */
interface Division {
  /** What all reads may spend now. */
  left: number;
  /** The caller's share of the whole window. */
  share: number;
  /** What the caller has used of it. */
  used: number;
  /** What would be reserved for others if the whole window were left. */
  reserved: number;
}

/**
 * Divides a window. Others, for whom requests are reserved, are active callers that have used less than this one in proportion to their
 * weights, and somebody who needs `newcomerWeight`.
 */
function divide(
  state: BudgetState,
  window: RateLimitWindow,
  { id, weight }: BudgetCaller,
  now: number,
  { keptForOthers, newcomerWeight }: { keptForOthers?: KeptForOthers | undefined; newcomerWeight: number },
): Division {
  const inFlight = inFlightByCaller(state);
  const usedBy = (callerId: string, requests: number): number => requests + (inFlight.get(callerId) ?? 0);
  const used = usedBy(id, window.callers.get(id)?.requests ?? 0);
  let activeWeight = newcomerWeight;
  let behindWeight = newcomerWeight;
  for (const [otherId, other] of activeOthers(window, id, now)) {
    activeWeight += other.weight;
    if (usedBy(otherId, other.requests) / other.weight < used / weight) behindWeight += other.weight;
  }
  const total = window.limit - keptFromReads(window, keptForOthers);
  return {
    left: available(state, window) - keptFromCallersReads(window, now, keptForOthers),
    share: (total * weight) / (weight + activeWeight),
    used,
    reserved: (total * behindWeight) / (weight + activeWeight),
  };
}

/**
 * Milliseconds until the caller may send a read, in an account that has some left for reads; 0 if it may send it now. A caller that has
 * not used up its share may always.
 */
export function callerWaitMs(
  state: BudgetState,
  caller: BudgetCaller,
  now: number,
  keptForOthers?: KeptForOthers,
): number {
  const waits = currentWindows(state, now).map((window) => {
    const { left, share, used, reserved } = divide(state, window, caller, now, {
      keptForOthers,
      newcomerWeight: NEWCOMER_WEIGHT,
    });
    const partLeft = timeLeft(window, now);
    if (used < share || left > reserved * Math.max(partLeft, MIN_TIME_LEFT)) return 0;
    const windowEndMs = (window.endsAt ?? now + window.lengthMs) - now;
    const isLentLater = left > reserved * MIN_TIME_LEFT;
    const untilLentMs = isLentLater ? (partLeft - left / reserved) * window.lengthMs : windowEndMs;
    return Math.max(MIN_WAIT_MS, Math.min(untilLentMs, windowEndMs));
  });
  return Math.max(...waits);
}

/** The error of a read that its caller may repeat in `milliseconds`. */
export function callerLimitError(milliseconds: number): UpstreamError {
  const retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const message = `You have used up your share of the request budget; the rest is kept for other callers. Try again in ${retryAfterSeconds} s.`;
  return new UpstreamError('notSent', 'RATE_LIMITED', message, { retryAfterSeconds, scope: 'caller' });
}

export function shareOf(state: BudgetState, caller: BudgetCaller, now: number, kept?: KeptForOthers): CallerShare {
  const shares = currentWindows(state, now).map((window): CallerShare => {
    const division = divide(state, window, caller, now, { keptForOthers: kept, newcomerWeight: NEWCOMER_WEIGHT });
    const { left, share, used, reserved } = division;
    const lent = left - reserved * Math.max(timeLeft(window, now), MIN_TIME_LEFT);
    const limit = Math.max(1, Math.ceil(share));
    const remaining = Math.ceil(Math.max(0, Math.min(left, limit, Math.max(share - used, lent))));
    const { endsAt, lengthMs } = window;
    const resetsAt = endsAt === null ? now + lengthMs : Math.max(now, endsAt - ROUNDING_MARGIN_MS);
    if (now < state.lockedOutUntil) return { limit, remaining: 0, resetsAt: state.lockedOutUntil, windowMs: lengthMs };
    return { limit, remaining, resetsAt, windowMs: lengthMs };
  });
  return shares.reduce((tightest, share) =>
    share.remaining / share.limit < tightest.remaining / tightest.limit ? share : tightest,
  );
}

/**
 * How much faster the caller's part of the budget shrinks than its window passes, as `pressureOf` says of the whole budget. What the caller
 * can expect until the window's end is its share, or whatever active callers that have used less than it leave.
 */
export function callerPressureOf(
  state: BudgetState,
  caller: BudgetCaller,
  now: number,
  keptForOthers?: KeptForOthers,
): number {
  const windows = currentWindows(state, now);
  if (now < state.lockedOutUntil) return Infinity;
  const windowPressure = (window: RateLimitWindow): number => {
    const { left, share, used, reserved } = divide(state, window, caller, now, { keptForOthers, newcomerWeight: 0 });
    const partLeft = timeLeft(window, now);
    const expected = Math.min(left, Math.max(share - used, left - reserved * partLeft));
    return expected > 0 ? partLeft / (expected / share) : Infinity;
  };
  return Math.max(...windows.map(windowPressure));
}
