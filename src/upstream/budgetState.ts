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
/** What a process by itself may send before an answer tells it how much is left. */
const FIRST_RATION = 10;
/** How old what it knows of that may be, in milliseconds. */
const BLIND_AFTER = 5000;

/** What is left of the tightest limit. */
export interface BudgetView {
  /** Requests in a whole window. */
  limit: number;
  remaining: number;
  /** Milliseconds since the Unix epoch. */
  resetsAt: number;
}

/** What a request is for: a tenth of the budget is kept for mutations. */
export type Purpose = 'read' | 'mutation';

export type Answered = Pick<TransportResponse, 'status' | 'headers'>;

/** One limit: so many requests in so long. */
export interface Window {
  limit: number;
  /** Milliseconds. */
  length: number;
  /** Requests left; those of the tickets are not yet taken out. */
  left: number;
  /** When it certainly has ended; null while no answer tells that it has begun. */
  endsAt: number | null;
  /** When an answer last told of it. */
  toldAt: number;
  /** Requests that this process may still send, where it has but a part; null: whatever is left. */
  ration: number | null;
  /** Whether the ration is a guess, until an answer tells. */
  isGuessed: boolean;
}

/** A request that is under way, or of which nobody knows whether upstream has counted it; times in milliseconds since the Unix epoch. */
export interface Ticket {
  /** Answers to requests that are sent from here on tell of it. */
  from: number;
  /** From here on whatever counted it is over. */
  until: number;
}

/** All that is known of an account's limits. It is plain data, so that it can be kept in common by several processes. */
export interface BudgetState {
  /** The documented limit; null once upstream told its own. */
  assumed: Window | null;
  /** By the limit's name. */
  told: Map<string, Window>;
  tickets: Map<string, Ticket>;
  blockedUntil: number;
  /** Among how many processes each window is divided; 1: it is not. */
  parts: number;
}

export function newBudgetState(): BudgetState {
  return { assumed: whole(DOCUMENTED, 1), told: new Map(), tickets: new Map(), blockedUntil: 0, parts: 1 };
}

/** The part of what is left that one of `parts` processes may spend which know nothing of each other. */
export function divided(state: BudgetState, parts: number, now: number): BudgetState {
  windowsOf(state, now);
  const share = (window: Window): Window => {
    const ration = Math.max(0, Math.floor(available(state, window) / parts));
    const isGuessed = window.endsAt === null || now - window.toldAt > BLIND_AFTER;
    return { ...window, ration: isGuessed ? Math.min(FIRST_RATION, ration) : ration, isGuessed };
  };
  const told = new Map([...state.told].map(([name, window]) => [name, share(window)]));
  return { ...state, assumed: state.assumed && share(state.assumed), told, tickets: new Map(state.tickets), parts };
}

/** What two who counted by themselves know together: of each window the less, and every ticket. */
export function joined(one: BudgetState, other: BudgetState): BudgetState {
  const told = new Map(one.told);
  for (const [name, window] of other.told) told.set(name, lesser(told.get(name), window));
  const undivided = new Map([...told].map(([name, window]) => [name, { ...window, ...UNDIVIDED }]));
  return {
    assumed:
      told.size > 0 || one.assumed === null || other.assumed === null ? null : lesser(one.assumed, other.assumed),
    told: undivided,
    tickets: new Map([...one.tickets, ...other.tickets]),
    blockedUntil: Math.max(one.blockedUntil, other.blockedUntil),
    parts: 1,
  };
}

const UNDIVIDED = { ration: null, isGuessed: false };

function lesser(known: Window | undefined, other: Window): Window {
  if (known === undefined) return { ...other, ...UNDIVIDED };
  const [earlier, later] = [known, other].toSorted((left, right) => (left.endsAt ?? 0) - (right.endsAt ?? 0));
  if (earlier === undefined || later === undefined) return known;
  // One that has not begun may be the same.
  const isSame = earlier.endsAt === null || earlier.endsAt > (later.endsAt ?? 0) - later.length / 2;
  return { ...later, left: isSame ? Math.min(earlier.left, later.left) : later.left, ...UNDIVIDED };
}

/** Takes one request out; throws `RATE_LIMITED`, with the seconds to wait, when there is none to take. */
export function take(
  state: BudgetState,
  kind: Purpose,
  id: string,
  { now, held }: { now: number; held: number },
): void {
  if (now < state.blockedUntil) {
    throw refusal('RealtimeKit has locked its API for this account.', state.blockedUntil - now);
  }
  const windows = windowsOf(state, now);
  const kept = (window: Window): number => (kind === 'read' ? reserveOf(window) : 0);
  const wait = Math.max(...windows.map((window) => waitFor(state, window, kept(window), now)));
  if (wait > 0) throw refusal(EXHAUSTED[kind], wait);
  for (const window of windows) if (window.ration !== null) window.ration -= 1;
  // Whoever took it may end without a word.
  hold(state, id, windows, now + held);
}

/** Upstream answered a request that was sent at `sentAt`. Only the first word about a ticket counts. */
export function settle(
  state: BudgetState,
  id: string,
  answer: Answered,
  { now, sentAt }: { now: number; sentAt: number },
): void {
  if (!state.tickets.delete(id)) return;
  const limits = readRateLimit(answer.headers);
  learn(state, limits, sentAt, now);
  if (answer.status === 429) block(state, answer.headers['retry-after'], limits, now);
}

/** No answer came; `unsent`: the request never left. */
export function abandon(state: BudgetState, id: string, unsent: boolean, now: number): void {
  if (state.tickets.delete(id) && !unsent) hold(state, id, windowsOf(state, now), now);
}

export function viewOf(state: BudgetState, now: number): BudgetView {
  const [tightest = whole(DOCUMENTED, 1)] = windowsOf(state, now).toSorted(
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

function windowsOf(state: BudgetState, now: number): Window[] {
  const all = state.assumed === null ? [...state.told.values()] : [state.assumed];
  for (const window of all) {
    if (window.endsAt !== null && now >= window.endsAt) Object.assign(window, whole(window, state.parts));
  }
  for (const [id, { until }] of state.tickets) if (now >= until) state.tickets.delete(id);
  return all;
}

/** What is under way may be in `left` already: it counts twice for a moment, which errs on the safe side. */
function available({ tickets }: BudgetState, { left, ration }: Window): number {
  return Math.min(left - tickets.size, ration ?? Infinity);
}

function hold({ tickets }: BudgetState, id: string, windows: readonly Window[], from: number): void {
  const length = Math.max(...windows.map((window) => window.length));
  tickets.set(id, { from: from + ON_ITS_WAY, until: from + length + ROUNDING });
}

/** Milliseconds until the window has more than `kept` requests; 0: it has. A part of a window has a part of what is kept. */
function waitFor(state: BudgetState, window: Window, kept: number, now: number): number {
  const isShort = window.left - state.tickets.size <= kept;
  // All of a guess may be less than the part of what is kept: then but one of it is.
  const keptHere = Math.min(kept / state.parts, window.isGuessed ? 1 : Infinity);
  const isRationed = window.ration !== null && window.ration <= keptHere;
  if (!isShort && !isRationed) return 0;
  const isSoon = isRationed ? window.isGuessed : window.left > kept;
  return isSoon ? SOON : Math.max(SOON, (window.endsAt ?? now + window.length) - now);
}

/**
 * What an answer tells goes before our own count, and settles what was lost before it was asked for; a limit of which it tells
 * nothing is counted down.
 */
function learn(state: BudgetState, limits: readonly ToldLimit[], sentAt: number, now: number): void {
  windowsOf(state, now);
  const { told, tickets } = state;
  let settled = 0;
  for (const [id, { from }] of tickets) if (from <= sentAt && tickets.delete(id)) settled += 1;
  if (state.assumed !== null) state.assumed.left -= 1 + settled;
  for (const [name, window] of told) if (limits.every((limit) => limit.name !== name)) window.left -= 1 + settled;
  for (const { name } of limits) if (!told.has(name) && told.size >= MOST_TOLD) forgetOldest(told);
  for (const limit of limits) {
    const known = told.get(limit.name);
    told.set(limit.name, corrected(known, limit, { sentAt, now, part: partAfter(state, known, limit) }));
  }
  if (limits.length > 0) {
    state.assumed = null;
    for (const [name, { toldAt, length }] of told) if (now - toldAt > 2 * length) told.delete(name);
  }
  // Upstream's window began with a request that arrived, which was before its answer came.
  for (const window of windowsOf(state, now)) {
    if (window.endsAt !== null) continue;
    window.endsAt = now + window.length + ROUNDING;
    if (window.isGuessed)
      Object.assign(window, partAfter(state, window, { limit: window.limit, remaining: window.left }));
  }
}

function forgetOldest(told: Map<string, Window>): void {
  const [oldest] = [...told].toSorted(([, left], [, right]) => left.toldAt - right.toldAt);
  if (oldest !== undefined) told.delete(oldest[0]);
}

function block(state: BudgetState, retryAfter: string | undefined, limits: readonly ToldLimit[], now: number): void {
  const asked = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : null;
  const exhausted = limits.find(({ remaining }) => remaining === 0)?.resetSeconds;
  const seconds = asked ?? exhausted ?? (limits.length === 0 ? LOCK : SHORT_LOCK);
  state.blockedUntil = Math.max(state.blockedUntil, now + Math.min(seconds, LONGEST) * 1000);
}

function whole(
  { limit, length, toldAt = 0 }: { limit: number; length: number; toldAt?: number },
  parts: number,
): Window {
  return { limit, length, left: limit, endsAt: null, toldAt, ...partOf(limit, parts) };
}

function partOf(requests: number, parts: number): Pick<Window, 'ration' | 'isGuessed'> {
  return { ration: parts === 1 ? null : Math.max(0, Math.floor(requests / parts)), isGuessed: false };
}

/**
 * The part of a window of which an answer tells for the first time. What was sent before it told is no gift: it comes out of that part, for
 * the others take theirs of the same.
 */
function partAfter(
  { assumed, parts, tickets }: BudgetState,
  known: Window | undefined,
  { limit, remaining }: Pick<ToldLimit, 'limit' | 'remaining'>,
): Pick<Window, 'ration' | 'isGuessed'> {
  const before = known ?? (assumed?.isGuessed ? assumed : undefined);
  if (before === undefined || before.ration === null) return partOf(remaining - tickets.size, parts);
  const part = Math.floor(remaining / parts);
  if (before.isGuessed) return { ration: Math.max(0, part - (FIRST_RATION - before.ration)), isGuessed: false };
  if (before.endsAt !== null) return partOf(remaining - tickets.size, parts);
  return { ration: Math.min(before.ration, Math.floor((limit ?? before.limit) / parts)), isGuessed: false };
}

function reserveOf({ limit }: Window): number {
  return Math.min(limit - 1, Math.ceil(limit * RESERVE));
}

/** A part of a window is to last as long as the whole; one that is guessed is but a beginning. */
function pressureIn(state: BudgetState, window: Window, now: number): number {
  const reserve = reserveOf(window);
  const left = window.isGuessed ? window.left - state.tickets.size : available(state, window) * state.parts;
  const budgetLeft = (left - reserve) / (window.limit - reserve);
  const timeLeft = window.endsAt === null ? 1 : Math.min(1, (window.endsAt - now) / window.length);
  return budgetLeft > 0 ? timeLeft / budgetLeft : Infinity;
}

/**
 * A window with what an answer told. Answers overtake each other, so that within one window only the least counts; one that tells
 * an end which cannot be this window's belongs to the next, or to the one before.
 */
function corrected(
  known: Window | undefined,
  limit: ToldLimit,
  { sentAt, now, part }: { sentAt: number; now: number; part: Pick<Window, 'ration' | 'isGuessed'> },
): Window {
  const window = {
    limit: Math.max(1, limit.limit ?? known?.limit ?? DOCUMENTED.limit, limit.remaining),
    length: limit.windowSeconds === null ? (known?.length ?? DOCUMENTED.length) : limit.windowSeconds * 1000,
    toldAt: now,
  };
  const timeLeft = Math.min(limit.resetSeconds, LONGEST) * 1000;
  const endsAt = now + timeLeft + ROUNDING;
  const earliestEnd = sentAt + timeLeft - ROUNDING;
  const isNew = known === undefined || known.endsAt === null || earliestEnd >= known.endsAt;
  if (isNew) return { ...window, left: limit.remaining, endsAt, ...part };
  const isPast = endsAt < (known.endsAt ?? now) - known.length / 2;
  if (isPast) return { ...known, left: known.left - 1 };
  return {
    ...window,
    left: Math.min(known.left, limit.remaining),
    endsAt: Math.min(known.endsAt ?? endsAt, endsAt),
    ...(known.isGuessed ? part : { ration: known.ration, isGuessed: false }),
  };
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
