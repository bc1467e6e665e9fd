import { parseRateLimits, type RateLimit } from './rateLimitHeaders.ts';
import { parseRetryAfter } from '../realtimekit/envelope.ts';
import type { TransportResponse } from '../realtimekit/transport.ts';
import {
  type BudgetState,
  callersOfNextWindow,
  type CallerUsage,
  currentWindows,
  DOCUMENTED_LIMIT,
  hasReport,
  limitFutureTimes,
  type RateLimitWindow,
  ROUNDING_MARGIN_MS,
  UNKNOWN_REQUESTS,
  windowsAt,
} from './window.ts';

/** The lockout after a 429 without any rate-limit field: the one that Cloudflare documents. */
const DEFAULT_LOCKOUT_SECONDS = 300;
/** The lockout after a 429 that reports requests left, or a window that ends at once: the limit was not the cause. */
const SHORT_LOCKOUT_SECONDS = 10;
/** A longer reset or `Retry-After` is cut to this: a gateway that sends nothing would never learn that it was wrong. */
const MAX_TRUSTED_SECONDS = 600;
/** How many limits a state remembers. */
const MAX_REPORTED_LIMITS = 16;

/** In milliseconds since the Unix epoch. */
interface ResponseTimes {
  sentAt: number;
  receivedAt: number;
}

/** Updates `state` with a response: its `Ratelimit` fields and, after a 429, `Retry-After`. Malformed fields are ignored. */
export function applyHeaders(
  state: BudgetState,
  { status, headers }: Pick<TransportResponse, 'status' | 'headers'>,
  times: ResponseTimes,
): void {
  const limits = parseRateLimits(headers);
  reconcile(state, limits, times);
  if (status === 429) lockOut(state, headers['retry-after'], limits, times.receivedAt);
}

/**
 * What a response reports replaces our own count. Claims that it already counts are deleted. A limit that it does not mention is
 * counted down by us.
 */
function reconcile(state: BudgetState, limits: readonly RateLimit[], times: ResponseTimes): void {
  const { sentAt, receivedAt } = times;
  windowsAt(state, receivedAt);
  const { windows, claims } = state;
  state.answeredAt = Math.max(state.answeredAt, sentAt);
  let counted = 1;
  for (const [id, { countedFrom, requests }] of claims) {
    const isKnown = requests < UNKNOWN_REQUESTS;
    // Only a report says how much of an unknown number was spent.
    if (countedFrom > sentAt || !(isKnown || limits.length > 0)) continue;
    claims.delete(id);
    if (isKnown) counted += requests;
  }
  for (const [name, window] of windows) {
    if (limits.every((limit) => limit.name !== name)) window.remaining -= counted;
    const isOutdated = receivedAt - window.reportedAt > 2 * window.lengthMs;
    if (limits.length > 0 && (window.reportedAt === 0 || isOutdated)) windows.delete(name);
  }
  for (const limit of limits) {
    const known = windows.get(limit.name) ?? null;
    if (known === null && windows.size >= MAX_REPORTED_LIMITS) deleteOldest(windows);
    windows.set(limit.name, updatedWindow(known, limit, times));
  }
  for (const window of windowsAt(state, receivedAt)) {
    if (window.startsAt === null) continue;
    // RealtimeKit started its window when a request arrived, so at the latest when the response did.
    window.endsAt = Math.max(window.endsAt ?? 0, receivedAt + window.lengthMs + ROUNDING_MARGIN_MS);
    if (sentAt >= window.startsAt) window.startsAt = null;
  }
}

/**
 * Adds to `state` what it lacks of `known`: another replica may have replaced the data that a store lost by what it knew itself. As with
 * responses, the lowest count of a window wins.
 */
export function addMissing(
  state: BudgetState,
  known: Omit<BudgetState, 'inFlight' | 'callersInFlight'>,
  now: number,
): void {
  limitFutureTimes(known, now);
  state.lockedOutUntil = Math.max(state.lockedOutUntil, known.lockedOutUntil);
  state.answeredAt = Math.max(state.answeredAt, known.answeredAt);
  if (hasReport(known) && !hasReport(state)) state.windows = structuredClone(known.windows);
  currentWindows(state, now);
  for (const [name, window] of known.windows) {
    const other = state.windows.get(name);
    if (other === undefined || window.endsAt === null || window.remaining >= other.remaining) continue;
    const otherEndsAt = other.endsAt ?? (other.startsAt ?? 0) + other.lengthMs;
    const isPreviousWindow = window.endsAt < otherEndsAt - other.lengthMs / 2;
    if (!isPreviousWindow) state.windows.set(name, structuredClone(window));
  }
}

function deleteOldest(windows: Map<string, RateLimitWindow>): void {
  const [oldest] = [...windows].toSorted(([, left], [, right]) => left.reportedAt - right.reportedAt);
  if (oldest !== undefined) windows.delete(oldest[0]);
}

function lockOut(state: BudgetState, retryAfter: string | undefined, limits: readonly RateLimit[], now: number): void {
  const exhausted = limits.find(({ remaining }) => remaining === 0)?.resetSeconds;
  const fallback = limits.length === 0 ? DEFAULT_LOCKOUT_SECONDS : SHORT_LOCKOUT_SECONDS;
  const seconds = Math.min(parseRetryAfter(retryAfter) ?? (exhausted || fallback), MAX_TRUSTED_SECONDS);
  state.lockedOutUntil = Math.max(state.lockedOutUntil, now + seconds * 1000);
}

/**
 * The window after a response. Responses may arrive out of order, so within one window the lowest count wins. A response whose
 * end cannot be this window's belongs to the next window, or to the one before.
 */
function updatedWindow(
  known: RateLimitWindow | null,
  limit: RateLimit,
  { sentAt, receivedAt }: ResponseTimes,
): RateLimitWindow {
  const { remaining, windowSeconds } = limit;
  const window = {
    limit: Math.max(1, limit.limit ?? known?.limit ?? DOCUMENTED_LIMIT.limit, remaining),
    lengthMs: windowSeconds === null ? (known?.lengthMs ?? DOCUMENTED_LIMIT.lengthMs) : windowSeconds * 1000,
    startsAt: null,
    reportedAt: receivedAt,
    callers: known?.callers ?? new Map<string, CallerUsage>(),
  };
  const endsAt = receivedAt + resetMs(limit) + ROUNDING_MARGIN_MS;
  if (known === null) return { ...window, remaining, endsAt };
  if (startsNewWindow(known, limit, sentAt))
    return { ...window, remaining, endsAt, callers: callersOfNextWindow(known, receivedAt) };
  const isPreviousWindow = endsAt < (known.endsAt ?? receivedAt) - known.lengthMs / 2;
  if (isPreviousWindow) return { ...known, remaining: known.remaining - 1 };
  return {
    ...window,
    remaining: Math.min(known.remaining, remaining),
    endsAt: Math.min(known.endsAt ?? endsAt, endsAt),
  };
}

const resetMs = ({ resetSeconds }: RateLimit): number => Math.min(resetSeconds, MAX_TRUSTED_SECONDS) * 1000;

/** Whether `limit` describes a window that started after the known one ended. */
function startsNewWindow(known: RateLimitWindow, limit: RateLimit, sentAt: number): boolean {
  return known.endsAt === null || sentAt + resetMs(limit) - ROUNDING_MARGIN_MS >= known.endsAt;
}
