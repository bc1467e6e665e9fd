import type { Clock } from '../clock.ts';
import { UpstreamError } from '../errors.ts';
import { readRateLimit, type ToldLimit } from './rateLimitHeaders.ts';
import type { TransportResponse } from './transport.ts';

/** The limit of Cloudflare's documents ("API rate limits"): what holds until the headers tell another one. */
const DOCUMENTED = { limit: 1200, length: 300_000 };
/** The share of the limit that reads leave to mutations. */
const RESERVE = 0.1;
/** Upstream tells whole seconds, and does not say how it rounds them: a window is believed to last so much longer. */
const ROUNDING = 1000;
/** Seconds that a 429 is heeded which tells nothing at all: the published lock-out. */
const LOCK = 300;
/** The same for one that tells that requests are left: it was not about the limit. */
const SHORT_LOCK = 10;
/** The longest time that upstream is believed, in seconds: whoever sends nothing learns nothing better. */
const LONGEST = 600;
/** How long a request that nobody waits for any more may still be on its way to upstream, in milliseconds. */
const ON_ITS_WAY = 10_000;
/** Milliseconds that a refusal asks for which only requests in flight are the reason of. */
const SOON = 1000;
/** How many limits are kept in mind. */
const MOST_TOLD = 16;

/** What is left of the tightest limit. */
export interface BudgetView {
  /** Requests in a whole window. */
  limit: number;
  remaining: number;
  /** Milliseconds since the Unix epoch. */
  resetsAt: number;
}

/** One request that was let through: how it ended has to be told; only the first word counts. */
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
  /** Requests left; those in flight and those that were lost are not yet taken out. */
  left: number;
  /** When it certainly has ended; null while no answer tells that it has begun. */
  endsAt: number | null;
  /** When an answer last told of it. */
  toldAt: number;
}

/** A request of which nobody knows whether upstream has counted it; times in milliseconds since the Unix epoch. */
interface Lost {
  /** Answers to requests that are sent from here on tell of it. */
  from: number;
  /** From here on whatever counted it is over. */
  until: number;
}

export function createBudget(clock: Clock): Budget {
  let assumed: Window | null = whole(DOCUMENTED);
  const told = new Map<string, Window>();
  let inFlight = 0;
  let lost: Lost[] = [];
  let blockedUntil = 0;

  function windows(): Window[] {
    const now = clock.now();
    const all = assumed === null ? [...told.values()] : [assumed];
    for (const window of all) if (window.endsAt !== null && now >= window.endsAt) Object.assign(window, whole(window));
    if (lost.length > 0) lost = lost.filter(({ until }) => now < until);
    return all;
  }

  /** What was in flight may be in `left` already: it counts twice for a moment, which errs on the safe side. */
  const available = (window: Window): number => window.left - inFlight - lost.length;

  function spend(kind: 'read' | 'mutation'): Spending {
    const now = clock.now();
    if (now < blockedUntil) throw refusal('RealtimeKit has locked its API for this account.', blockedUntil - now);
    const wait = Math.max(...windows().map((window) => waitFor(window, kind === 'read' ? reserveOf(window) : 0, now)));
    if (wait > 0) throw refusal(EXHAUSTED[kind], wait);
    inFlight += 1;
    let isOpen = true;
    const end = (): boolean => {
      const wasOpen = isOpen;
      if (isOpen) inFlight -= 1;
      isOpen = false;
      return wasOpen;
    };
    return {
      answered(response) {
        if (!end()) return;
        const limits = readRateLimit(response.headers);
        learn(limits, now);
        if (response.status === 429) block(response.headers['retry-after'], limits);
      },
      failed(unsent) {
        if (!end() || unsent) return;
        const length = Math.max(...windows().map((window) => window.length));
        lost.push({ from: clock.now() + ON_ITS_WAY, until: clock.now() + length + ROUNDING });
      },
    };
  }

  /** Milliseconds until the window has more than `kept` requests; 0: it has. */
  function waitFor(window: Window, kept: number, now: number): number {
    if (available(window) > kept) return 0;
    return window.left > kept ? SOON : Math.max(SOON, (window.endsAt ?? now + window.length) - now);
  }

  /**
   * What an answer tells goes before our own count, and settles what was lost before it was asked for; a limit of which it tells
   * nothing is counted down.
   */
  function learn(limits: readonly ToldLimit[], sentAt: number): void {
    const now = clock.now();
    windows();
    const settled = lost.filter(({ from }) => from <= sentAt).length;
    lost = lost.filter(({ from }) => from > sentAt);
    if (assumed !== null) assumed.left -= 1 + settled;
    for (const [name, window] of told) if (limits.every((limit) => limit.name !== name)) window.left -= 1 + settled;
    for (const { name } of limits) if (!told.has(name) && told.size >= MOST_TOLD) forgetOldest();
    for (const limit of limits) told.set(limit.name, corrected(told.get(limit.name), limit, sentAt, now));
    if (limits.length > 0) {
      assumed = null;
      for (const [name, { toldAt, length }] of told) if (now - toldAt > 2 * length) told.delete(name);
    }
    // Upstream's window began with a request that arrived, which was before its answer came.
    for (const window of windows()) window.endsAt ??= now + window.length + ROUNDING;
  }

  function forgetOldest(): void {
    const [oldest] = [...told].toSorted(([, left], [, right]) => left.toldAt - right.toldAt);
    if (oldest !== undefined) told.delete(oldest[0]);
  }

  function block(retryAfter: string | undefined, limits: readonly ToldLimit[]): void {
    const asked = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : null;
    const exhausted = limits.find(({ remaining }) => remaining === 0)?.resetSeconds;
    const seconds = asked ?? exhausted ?? (limits.length === 0 ? LOCK : SHORT_LOCK);
    blockedUntil = Math.max(blockedUntil, clock.now() + Math.min(seconds, LONGEST) * 1000);
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

function whole({ limit, length, toldAt = 0 }: { limit: number; length: number; toldAt?: number }): Window {
  return { limit, length, left: limit, endsAt: null, toldAt };
}

function reserveOf({ limit }: Window): number {
  return Math.min(limit - 1, Math.ceil(limit * RESERVE));
}

function pressureOf(window: Window, available: number, now: number): number {
  const reserve = reserveOf(window);
  const budgetLeft = (available - reserve) / (window.limit - reserve);
  const timeLeft = window.endsAt === null ? 1 : Math.min(1, (window.endsAt - now) / window.length);
  return budgetLeft > 0 ? timeLeft / budgetLeft : Infinity;
}

/**
 * A window with what an answer told. Answers overtake each other, so that within one window only the least counts; one that tells
 * an end which cannot be this window's belongs to the next, or to the one before.
 */
function corrected(known: Window | undefined, limit: ToldLimit, sentAt: number, now: number): Window {
  const window = {
    limit: Math.max(1, limit.limit ?? known?.limit ?? DOCUMENTED.limit, limit.remaining),
    length: limit.windowSeconds === null ? (known?.length ?? DOCUMENTED.length) : limit.windowSeconds * 1000,
    toldAt: now,
  };
  const timeLeft = Math.min(limit.resetSeconds, LONGEST) * 1000;
  const endsAt = now + timeLeft + ROUNDING;
  const earliestEnd = sentAt + timeLeft - ROUNDING;
  const isNew = known === undefined || known.endsAt === null || earliestEnd >= known.endsAt;
  if (isNew) return { ...window, left: limit.remaining, endsAt };
  const isPast = endsAt < (known.endsAt ?? now) - known.length / 2;
  if (isPast) return { ...known, left: known.left - 1 };
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
