import { parseRetryAfter } from '../realtimekit/envelope.ts';
import { parseRateLimits, type RateLimit } from './rateLimitHeaders.ts';
import type { TransportResponse } from '../realtimekit/transport.ts';
import {
  type BudgetState,
  currentWindows,
  DOCUMENTED_LIMIT,
  newPartition,
  type Partition,
  type RateLimitWindow,
  ROUNDING_MARGIN_MS,
} from './window.ts';

/** The lockout after a 429 without any rate-limit field: the one that Cloudflare documents. */
const DEFAULT_LOCKOUT_SECONDS = 300;
/** The lockout after a 429 that reports requests left, or a window that ends at once: the limit was not the cause. */
const SHORT_LOCKOUT_SECONDS = 10;
/** A longer reset or `Retry-After` is cut to this: a gateway that sends nothing would never learn that it was wrong. */
const MAX_TRUSTED_SECONDS = 600;
/** How many limits a state remembers. */
const MAX_REPORTED_LIMITS = 16;

export type ResponseHead = Pick<TransportResponse, 'status' | 'headers'>;

/** In milliseconds since the Unix epoch. */
export interface ResponseTimes {
  sentAt: number;
  receivedAt: number;
}

/** Updates `state` with a response: its `Ratelimit` fields and, after a 429, `Retry-After`. Malformed fields are ignored. */
export function applyHeaders(state: BudgetState, { status, headers }: ResponseHead, times: ResponseTimes): void {
  const limits = parseRateLimits(headers);
  reconcile(state, limits, times);
  if (status === 429) lockOut(state, headers['retry-after'], limits, times.receivedAt);
}

/**
 * What a response reports replaces our own count. Reservations that it already counts are closed. A limit that it does not
 * mention is counted down by us.
 */
function reconcile(state: BudgetState, limits: readonly RateLimit[], times: ResponseTimes): void {
  const { sentAt, receivedAt } = times;
  currentWindows(state, receivedAt);
  const { reported, reservations } = state;
  let counted = 1;
  for (const [id, { countedFrom }] of reservations) if (countedFrom <= sentAt && reservations.delete(id)) counted += 1;
  if (state.defaultWindow !== null) state.defaultWindow.remaining -= counted;
  for (const [name, window] of reported) if (limits.every((limit) => limit.name !== name)) window.remaining -= counted;
  for (const { name } of limits)
    if (!reported.has(name) && reported.size >= MAX_REPORTED_LIMITS) deleteOldest(reported);
  for (const limit of limits) {
    const known = reported.get(limit.name) ?? null;
    const partition = updatedPartition(state, known ?? state.defaultWindow, limit, sentAt);
    reported.set(limit.name, { ...updatedWindow(known, limit, times), partition });
  }
  if (limits.length > 0) {
    state.defaultWindow = null;
    for (const [name, { reportedAt, lengthMs }] of reported) {
      if (receivedAt - reportedAt > 2 * lengthMs) reported.delete(name);
    }
  }
  // RealtimeKit started its window when a request arrived, so at the latest when the response did.
  for (const window of currentWindows(state, receivedAt)) {
    if (window.endsAt !== null) continue;
    window.endsAt = receivedAt + window.lengthMs + ROUNDING_MARGIN_MS;
    if (window.partition !== null && sentAt >= state.partitionedAt) window.partition.isProvisional = false;
  }
}

function deleteOldest(reported: Map<string, RateLimitWindow>): void {
  const [oldest] = [...reported].toSorted(([, left], [, right]) => left.reportedAt - right.reportedAt);
  if (oldest !== undefined) reported.delete(oldest[0]);
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
): Omit<RateLimitWindow, 'partition'> {
  const { remaining, windowSeconds } = limit;
  const window = {
    limit: Math.max(1, limit.limit ?? known?.limit ?? DOCUMENTED_LIMIT.limit, remaining),
    lengthMs: windowSeconds === null ? (known?.lengthMs ?? DOCUMENTED_LIMIT.lengthMs) : windowSeconds * 1000,
    reportedAt: receivedAt,
  };
  const endsAt = receivedAt + resetMs(limit) + ROUNDING_MARGIN_MS;
  if (known === null || startsNewWindow(known, limit, sentAt)) return { ...window, remaining, endsAt };
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
function startsNewWindow(known: RateLimitWindow | null, limit: RateLimit, sentAt: number): boolean {
  return known === null || known.endsAt === null || sentAt + resetMs(limit) - ROUNDING_MARGIN_MS >= known.endsAt;
}

/**
 * This replica's partition after a response: what the replica has spent already, which the others have not, and at most an even
 * share of what remains. All partitions together then never exceed the limit.
 */
function updatedPartition(
  state: BudgetState,
  known: RateLimitWindow | null,
  limit: RateLimit,
  sentAt: number,
): Partition | null {
  const { partitionCount, inFlight, reservations, partitionedAt } = state;
  if (partitionCount === 1) return null;
  const share = Math.max(0, Math.floor((limit.remaining - reservations.size) / partitionCount));
  const current = known?.partition ?? { size: Infinity, spent: inFlight, isProvisional: true };
  if (current.isProvisional) {
    // The other replicas may have spent what a response to an earlier request reported as remaining.
    return { ...current, size: Math.min(current.size, share), isProvisional: sentAt < partitionedAt };
  }
  if (known === null || !startsNewWindow(known, limit, sentAt)) return current;
  const { size, spent } = (known.endsAt === null ? null : newPartition(state, known.limit)) ?? current;
  return { size: Math.min(size, spent + share), spent, isProvisional: false };
}
