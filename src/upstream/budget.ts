import type { Clock } from '../clock.ts';
import { UpstreamError } from '../errors.ts';
import { readRateLimit, type ToldLimit } from './rateLimit.ts';
import type { TransportResponse } from './transport.ts';

/** Upstream's published limit (upstream-api.md, "Limits"): what holds until its headers tell another one. */
const DOCUMENTED = { limit: 1200, length: 300_000 };
/** The share of the limit that reads leave to mutations. */
const RESERVE = 0.1;
/** Upstream tells whole seconds, and does not say how it rounds them: a window is believed to last so much longer. */
const ROUNDING = 1000;
/** How long a 429 is heeded that does not tell how long, in milliseconds. */
const UNTOLD_BLOCK = 60_000;

/** What is left of the tightest limit. */
export interface BudgetView {
  /** Requests in a whole window. */
  limit: number;
  remaining: number;
  /** Milliseconds since the Unix epoch. */
  resetsAt: number;
}

/** One request that was let through: how it ended has to be told once. */
export interface Spending {
  /** Upstream answered. */
  answered(response: Pick<TransportResponse, 'status' | 'headers'>): void;
  /** No answer came; `unsent`: the request never left. */
  failed(unsent: boolean): void;
}

/**
 * The request budget of one account: what upstream's headers told, the documented limit until they do, and our own count in
 * between. It never lets a request through that would pass the limit, and keeps a tenth of it for mutations.
 */
export interface Budget {
  /** Takes one request out; throws `RATE_LIMITED`, with the seconds to wait, when there is none to take. */
  spend(kind: 'read' | 'mutation'): Spending;
  view(): BudgetView;
  /**
   * How much faster the budget shrinks than its window passes: 1 is even, infinite is nothing left for reads. It is the part
   * of the window that is left, divided by the part of the reads' budget that is left.
   */
  pressure(): number;
}

/** One limit: so many requests in so long. */
interface Window {
  limit: number;
  /** Milliseconds. */
  length: number;
  /** Requests left, those in flight not yet taken out. */
  left: number;
  /** When it certainly has ended; null while it has not begun. */
  endsAt: number | null;
}

export function createBudget(clock: Clock): Budget {
  let assumed: Window | null = whole(DOCUMENTED);
  const told = new Map<string, Window>();
  let inFlight = 0;
  let blockedUntil = 0;

  function windows(): Window[] {
    const now = clock.now();
    const all = assumed === null ? [...told.values()] : [assumed];
    for (const window of all) if (window.endsAt !== null && now >= window.endsAt) Object.assign(window, whole(window));
    return all;
  }

  /** What was in flight may be in `left` already: it counts twice for a moment, which errs on the safe side. */
  const available = (window: Window): number => window.left - inFlight;

  function spend(kind: 'read' | 'mutation'): Spending {
    const now = clock.now();
    if (now < blockedUntil) throw refusal('RealtimeKit has locked its API for this account.', blockedUntil - now);
    const all = windows();
    for (const window of all) {
      const kept = kind === 'read' ? reserveOf(window) : 0;
      if (available(window) <= kept) throw refusal(EXHAUSTED[kind], (window.endsAt ?? now + window.length) - now);
    }
    inFlight += 1;
    for (const window of all) window.endsAt ??= now + window.length + ROUNDING;
    return {
      answered(response) {
        inFlight -= 1;
        learn(readRateLimit(response.headers), now);
        if (response.status === 429) block(response);
      },
      failed(unsent) {
        inFlight -= 1;
        if (!unsent) learn([], now);
      },
    };
  }

  /** What an answer tells goes before our own count; a limit of which it tells nothing is counted down. */
  function learn(limits: readonly ToldLimit[], sentAt: number): void {
    for (const window of windows()) if (window === assumed) window.left -= 1;
    for (const [name, window] of told) if (limits.every((limit) => limit.name !== name)) window.left -= 1;
    for (const limit of limits) told.set(limit.name, corrected(told.get(limit.name), limit, sentAt, clock.now()));
    if (told.size > 0) assumed = null;
  }

  function block({ headers }: Pick<TransportResponse, 'headers'>): void {
    const seconds = /^\d{1,6}$/.exec(headers['retry-after'] ?? '')?.[0];
    const exhausted = readRateLimit(headers).find(({ remaining }) => remaining === 0);
    const wait = seconds === undefined ? (exhausted?.resetSeconds ?? UNTOLD_BLOCK / 1000) : Number(seconds);
    blockedUntil = Math.max(blockedUntil, clock.now() + wait * 1000);
  }

  return {
    spend,
    view() {
      const now = clock.now();
      const [tightest = whole(DOCUMENTED)] = windows().toSorted(
        (left, right) => available(left) / left.limit - available(right) / right.limit,
      );
      const { limit, length, endsAt } = tightest;
      if (now < blockedUntil) return { limit, remaining: 0, resetsAt: blockedUntil };
      const resetsAt = endsAt === null ? now + length : Math.max(now, endsAt - ROUNDING);
      return { limit, remaining: Math.max(0, available(tightest)), resetsAt };
    },
    pressure() {
      const now = clock.now();
      if (now < blockedUntil) return Infinity;
      return Math.max(...windows().map((window) => pressureOf(window, available(window), now)));
    },
  };
}

function whole({ limit, length }: Pick<Window, 'limit' | 'length'>): Window {
  return { limit, length, left: limit, endsAt: null };
}

function reserveOf({ limit }: Window): number {
  return Math.ceil(limit * RESERVE);
}

function pressureOf(window: Window, available: number, now: number): number {
  const reserve = reserveOf(window);
  const budgetLeft = (available - reserve) / (window.limit - reserve);
  const timeLeft = window.endsAt === null ? 1 : Math.min(1, (window.endsAt - now) / window.length);
  return budgetLeft <= 0 ? Infinity : timeLeft / budgetLeft;
}

/**
 * A window with what an answer told. Answers overtake each other, so that within one window only the least counts; one that tells
 * an end which cannot be this window's belongs to the next, or to the one before.
 */
function corrected(known: Window | undefined, limit: ToldLimit, sentAt: number, now: number): Window {
  const window = {
    limit: Math.max(1, limit.limit ?? known?.limit ?? DOCUMENTED.limit, limit.remaining),
    length: limit.windowSeconds === null ? (known?.length ?? DOCUMENTED.length) : limit.windowSeconds * 1000,
  };
  const endsAt = now + limit.resetSeconds * 1000 + ROUNDING;
  const earliestEnd = sentAt + limit.resetSeconds * 1000 - ROUNDING;
  const isNew = known === undefined || known.endsAt === null || earliestEnd >= known.endsAt;
  if (isNew) return { ...window, left: limit.remaining, endsAt };
  const isPast = endsAt < (known.endsAt ?? now) - known.length / 2;
  if (isPast) return known;
  return { ...window, left: Math.min(known.left, limit.remaining), endsAt: Math.min(known.endsAt ?? endsAt, endsAt) };
}

const EXHAUSTED = {
  read: 'The request budget for reads is used up: the rest of it is kept for mutations.',
  mutation: 'The request budget is used up.',
} as const;

function refusal(reason: string, milliseconds: number): UpstreamError {
  const retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const words = `${reason} Try again in ${retryAfterSeconds} s.`;
  return new UpstreamError('unsent', 'RATE_LIMITED', words, { retryAfterSeconds });
}
