import { readRateLimit, type RateLimit } from './rateLimitHeaders.ts';
import type { TransportResponse } from '../realtimekit/transport.ts';
import {
  type BudgetState,
  DOCUMENTED,
  type Part,
  partOf,
  ROUNDING,
  type RateLimitWindow,
  windowsOf,
} from './window.ts';

/** Seconds that a 429 is heeded which tells nothing at all: the published lock-out. */
const DEFAULT_LOCKOUT_SECONDS = 300;
/** The same for one that tells that requests are left: it was not about the limit. */
const SHORT_LOCK = 10;
/** The longest time that upstream is believed, in seconds: whoever sends nothing learns nothing better. */
const LONGEST = 600;
/** How many limits are kept in mind. */
const MOST_TOLD = 16;

export type Answered = Pick<TransportResponse, 'status' | 'headers'>;

/** When a request was sent, and when its answer came, in milliseconds since the Unix epoch. */
export interface Times {
  sentAt: number;
  now: number;
}

/** Takes in what an answer tells. */
export function applyHeaders(state: BudgetState, { status, headers }: Answered, times: Times): void {
  const limits = readRateLimit(headers);
  reconcile(state, limits, times);
  if (status === 429) lockOut(state, headers['retry-after'], limits, times.now);
}

/**
 * What an answer tells goes before our own count, and settles what was lost before it was asked for; a limit of which it tells
 * nothing is counted down.
 */
function reconcile(state: BudgetState, limits: readonly RateLimit[], { sentAt, now }: Times): void {
  windowsOf(state, now);
  const { told, tickets } = state;
  let settled = 0;
  for (const [id, { from }] of tickets) if (from <= sentAt && tickets.delete(id)) settled += 1;
  if (state.assumed !== null) state.assumed.remaining -= 1 + settled;
  for (const [name, window] of told) if (limits.every((limit) => limit.name !== name)) window.remaining -= 1 + settled;
  for (const { name } of limits) if (!told.has(name) && told.size >= MOST_TOLD) forgetOldest(told);
  for (const limit of limits) {
    const known = told.get(limit.name) ?? null;
    const part = partAfter(state, known ?? state.assumed, limit, sentAt);
    told.set(limit.name, { ...corrected(known, limit, { sentAt, now }), part });
  }
  if (limits.length > 0) {
    state.assumed = null;
    for (const [name, { toldAt, length }] of told) if (now - toldAt > 2 * length) told.delete(name);
  }
  // Upstream's window began with a request that arrived, which was before its answer came.
  for (const window of windowsOf(state, now)) {
    if (window.endsAt !== null) continue;
    window.endsAt = now + window.length + ROUNDING;
    if (window.part !== null && sentAt >= state.dividedAt) window.part.isGuessed = false;
  }
}

function forgetOldest(told: Map<string, RateLimitWindow>): void {
  const [oldest] = [...told].toSorted(([, left], [, right]) => left.toldAt - right.toldAt);
  if (oldest !== undefined) told.delete(oldest[0]);
}

function lockOut(state: BudgetState, retryAfter: string | undefined, limits: readonly RateLimit[], now: number): void {
  const asked = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : null;
  const exhausted = limits.find(({ remaining }) => remaining === 0)?.resetSeconds;
  const seconds = asked ?? exhausted ?? (limits.length === 0 ? DEFAULT_LOCKOUT_SECONDS : SHORT_LOCK);
  state.blockedUntil = Math.max(state.blockedUntil, now + Math.min(seconds, LONGEST) * 1000);
}

/**
 * A window with what an answer told. Answers overtake each other, so that within one window only the least counts; one that tells
 * an end which cannot be this window's belongs to the next, or to the one before.
 */
function corrected(
  known: RateLimitWindow | null,
  limit: RateLimit,
  { sentAt, now }: Times,
): Omit<RateLimitWindow, 'part'> {
  const window = {
    limit: Math.max(1, limit.limit ?? known?.limit ?? DOCUMENTED.limit, limit.remaining),
    length: limit.windowSeconds === null ? (known?.length ?? DOCUMENTED.length) : limit.windowSeconds * 1000,
    toldAt: now,
  };
  const timeLeft = resetIn(limit);
  const endsAt = now + timeLeft + ROUNDING;
  if (known === null || isNext(known, limit, sentAt)) return { ...window, remaining: limit.remaining, endsAt };
  const isPast = endsAt < (known.endsAt ?? now) - known.length / 2;
  if (isPast) return { ...known, remaining: known.remaining - 1 };
  return {
    ...window,
    remaining: Math.min(known.remaining, limit.remaining),
    endsAt: Math.min(known.endsAt ?? endsAt, endsAt),
  };
}

const resetIn = ({ resetSeconds }: RateLimit): number => Math.min(resetSeconds, LONGEST) * 1000;

/** Whether an answer tells of a window that has begun since what is known. */
function isNext(known: RateLimitWindow | null, limit: RateLimit, sentAt: number): boolean {
  return known === null || known.endsAt === null || sentAt + resetIn(limit) - ROUNDING >= known.endsAt;
}

/**
 * This process's part, after an answer: beside what it has spent, which the others have not, never more than its part of what is left.
 * Then all parts together are never more than there is.
 */
function partAfter(state: BudgetState, known: RateLimitWindow | null, limit: RateLimit, sentAt: number): Part | null {
  const { parts, inFlight, tickets, dividedAt } = state;
  if (parts === 1) return null;
  const share = Math.max(0, Math.floor((limit.remaining - tickets.size) / parts));
  const part = known?.part ?? { size: Infinity, spent: inFlight, isGuessed: true };
  // What was left before it was divided, the others may have spent since.
  if (part.isGuessed) return { ...part, size: Math.min(part.size, share), isGuessed: sentAt < dividedAt };
  if (known === null || !isNext(known, limit, sentAt)) return part;
  const { size, spent } = (known.endsAt === null ? null : partOf(state, known.limit)) ?? part;
  return { size: Math.min(size, spent + share), spent, isGuessed: false };
}
