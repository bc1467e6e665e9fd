import * as v from 'valibot';

/** The limit that Cloudflare documents ("API rate limits"). It applies until a response reports another one. */
export const DOCUMENTED_LIMIT = { limit: 1200, lengthMs: 300_000 };
/** RealtimeKit reports the time until reset in whole seconds, and does not say how it rounds. A window is assumed to last this much longer. */
export const ROUNDING_MARGIN_MS = 1000;
/** How long a request may still be on its way to RealtimeKit after the gateway gave up waiting for the response. */
export const MAX_TRANSIT_MS = 10_000;
/** How long a store keeps a budget after its last change. */
export const STATE_TTL_MS = 86_400_000;
/** No time that a state contains is further ahead, except the end of a window that is longer: resets, lockouts and timeouts last ten minutes at most. */
const MAX_AHEAD_MS = 660_000;
/** The requests of a claim if nobody knows how many they are: more than any limit has. */
export const UNKNOWN_REQUESTS = Number.MAX_SAFE_INTEGER;
/** The part of a limit that is reserved for mutations. */
const MUTATION_RESERVE_RATIO = 0.1;
/** What is left of that at a window's end, where callers share the budget. */
const MIN_RESERVE_LEFT = 0.1;

/** What a caller has used of a limit. */
const callerUsageSchema = v.object({
  /** The size of the caller's share in proportion to those of others. */
  weight: v.number(),
  /** Requests in the window that have been answered or lost. */
  requests: v.number(),
  /** When the caller last needed a request, in milliseconds since the Unix epoch. */
  askedAt: v.number(),
});

const windowSchema = v.object({
  /** Requests in `lengthMs` milliseconds. */
  limit: v.pipe(v.number(), v.minValue(1)),
  lengthMs: v.number(),
  /** Requests left. Claims and requests in flight are not yet subtracted. */
  remaining: v.number(),
  /**
   * When the window before had certainly ended, in milliseconds since the Unix epoch: a request that was sent earlier may have
   * been counted there. Null once the response to a later one has shown that this window has started.
   */
  startsAt: v.nullable(v.number()),
  /** When the window has certainly ended, in milliseconds since the Unix epoch; null until a response shows that it has started. */
  endsAt: v.nullable(v.number()),
  /** When a response last reported this limit, in milliseconds since the Unix epoch; 0 if none did. */
  reportedAt: v.number(),
  /** The callers that share the budget, by id. */
  callers: v.pipe(
    v.optional(v.array(v.tuple([v.string(), callerUsageSchema])), []),
    v.transform((entries) => new Map(entries)),
  ),
});

const claimSchema = v.object({
  requests: v.number(),
  /** A response to a request sent at this time or later already counts the claim. In milliseconds since the Unix epoch. */
  countedFrom: v.number(),
  /** By this time, any window that could have counted the claim has ended. */
  expiresAt: v.number(),
  /** The requests in flight of each caller that shares the budget, by the caller's id. */
  callers: v.optional(v.array(v.tuple([v.string(), v.number()]))),
});

const stateSchema = v.object({
  /** Each limit by its name: those that RealtimeKit reported, or the documented one if it has reported none. */
  windows: v.pipe(
    v.array(v.tuple([v.string(), windowSchema])),
    v.minLength(1),
    v.transform((entries) => new Map(entries)),
  ),
  /** Requests that RealtimeKit may yet count: the leases of other replicas, and requests whose responses were lost. */
  claims: v.pipe(
    v.array(v.tuple([v.string(), claimSchema])),
    v.transform((entries) => new Map(entries)),
  ),
  /** The end of the last lockout, in milliseconds since the Unix epoch. */
  lockedOutUntil: v.number(),
  /** When the latest request that was answered had been sent, in milliseconds since the Unix epoch; 0 if none was. */
  answeredAt: v.number(),
});

const storedSchema = v.pipe(v.string(), v.parseJson(), stateSchema);

export type RateLimitWindow = v.InferOutput<typeof windowSchema>;
export type CallerUsage = v.InferOutput<typeof callerUsageSchema>;
/** Everything known about an account's limits. */
export interface BudgetState extends v.InferOutput<typeof stateSchema> {
  /** The requests of this replica that are in flight. */
  inFlight: number;
  /** Those of each caller that shares the budget, by the caller's id. */
  callersInFlight: Map<string, number>;
}

/** The documented limit, with nothing spent. */
export const UNUSED_WINDOW: Omit<RateLimitWindow, 'callers'> = {
  ...DOCUMENTED_LIMIT,
  remaining: DOCUMENTED_LIMIT.limit,
  startsAt: 0,
  endsAt: null,
  reportedAt: 0,
};

export function createBudgetState(): BudgetState {
  return {
    windows: new Map([['', { ...UNUSED_WINDOW, callers: new Map() }]]),
    claims: new Map(),
    lockedOutUntil: 0,
    answeredAt: 0,
    inFlight: 0,
    callersInFlight: new Map(),
  };
}

/** The JSON for a store. It leaves out what is in flight: this replica's claim contains it. */
export function serializeBudget({ windows, claims, lockedOutUntil, answeredAt }: BudgetState): string {
  const entries = Array.from(windows, ([name, { callers, ...window }]) => [
    name,
    callers.size === 0 ? window : { ...window, callers: [...callers] },
  ]);
  return JSON.stringify({ windows: entries, claims: [...claims], lockedOutUntil, answeredAt });
}

/** Null if `text` is not a budget. */
export function parseBudget(text: string | null): BudgetState | null {
  const { success, output } = v.safeParse(storedSchema, text);
  return success ? { ...output, inFlight: 0, callersInFlight: new Map() } : null;
}

/** Brings `state` up to `now`, the current time: shortens what lies too far ahead, resets windows that have ended, and returns the windows. */
export function currentWindows(state: BudgetState, now: number): RateLimitWindow[] {
  limitFutureTimes(state, now);
  return windowsAt(state, now);
}

/** Resets the windows that have ended at `time`, which may lie in the past, deletes the claims that have expired, and returns the windows. */
export function windowsAt({ windows, claims }: BudgetState, time: number): RateLimitWindow[] {
  const current = [...windows.values()];
  for (const window of current) {
    if (window.endsAt === null || time < window.endsAt) continue;
    const callers = callersOfNextWindow(window, time);
    Object.assign(window, { remaining: window.limit, startsAt: window.endsAt, endsAt: null, callers });
  }
  for (const [id, { expiresAt }] of claims) if (time >= expiresAt) claims.delete(id);
  return current;
}

/** Corrects times that are too far ahead of `now`. A clock was then set back, and the gateway would wait until it has caught up. */
export function limitFutureTimes(state: Omit<BudgetState, 'inFlight' | 'callersInFlight'>, now: number): void {
  const latest = now + MAX_AHEAD_MS;
  for (const window of state.windows.values()) {
    const { endsAt, startsAt, lengthMs } = window;
    const fullWindowEndsAt = now + lengthMs + ROUNDING_MARGIN_MS;
    if (endsAt !== null && endsAt > Math.max(latest, fullWindowEndsAt + ROUNDING_MARGIN_MS))
      window.endsAt = fullWindowEndsAt;
    if (startsAt !== null) window.startsAt = Math.min(startsAt, now);
    window.reportedAt = Math.min(window.reportedAt, now);
  }
  for (const claim of state.claims.values()) {
    if (claim.countedFrom <= latest) continue;
    claim.countedFrom = latest;
    claim.expiresAt = latest + longestWindowMs(state);
  }
  if (state.lockedOutUntil > latest) state.lockedOutUntil = now + DOCUMENTED_LIMIT.lengthMs;
  // Nobody knows when that request was sent.
  if (state.answeredAt > now + ROUNDING_MARGIN_MS) state.answeredAt = 0;
}

/** How long a caller counts as active after it last needed a request. */
const ACTIVE_MS = 60_000;

/** Whether a caller is likely to need requests soon. */
export const isActive = ({ askedAt }: CallerUsage, now: number): boolean => Math.abs(now - askedAt) < ACTIVE_MS;

/** The callers at the start of the next window: those that are active have used nothing yet. */
export function callersOfNextWindow({ callers }: RateLimitWindow, now: number): Map<string, CallerUsage> {
  const active = [...callers].filter(([, usage]) => isActive(usage, now));
  return new Map(active.map(([id, usage]) => [id, { ...usage, requests: 0 }]));
}

/** The part of a window that is left, from 0 to 1. A window that has not started is left as a whole. */
export function timeLeft({ endsAt, lengthMs }: RateLimitWindow, now: number): number {
  return endsAt === null ? 1 : Math.min(1, Math.max(0, (endsAt - ROUNDING_MARGIN_MS - now) / lengthMs));
}

/** The same in milliseconds; infinite if no response has reported the window, whose end is then not known exactly. */
export function timeLeftMs(window: RateLimitWindow, now: number): number {
  return window.reportedAt === 0 ? Infinity : timeLeft(window, now) * window.lengthMs;
}

/** The length of the longest window in milliseconds, with the margin. */
export function longestWindowMs(state: Pick<BudgetState, 'windows'>): number {
  return Math.max(...Array.from(state.windows.values(), ({ lengthMs }) => lengthMs)) + ROUNDING_MARGIN_MS;
}

/**
 * Requests that may still be sent. What is in flight or claimed may already be missing from `remaining`: it is then subtracted
 * twice for a while, which errs on the safe side.
 */
export function available(
  { claims, inFlight }: BudgetState,
  { remaining }: Pick<RateLimitWindow, 'remaining'>,
): number {
  let left = remaining - inFlight;
  for (const { requests } of claims.values()) left -= requests;
  return left;
}

/** Requests of `limit` that only mutations may spend. */
export function mutationReserve(limit: number): number {
  return Math.min(limit - 1, Math.ceil(limit * MUTATION_RESERVE_RATIO));
}

/** How many requests of a limit are kept for others while so much of its window is left: in the whole window if that is not given. */
export type KeptForOthers = (limit: number, leftMs?: number) => number;

/** Requests of a window that a read must leave: those that are kept for others, and a tenth of the rest, for mutations. */
export function keptFromReads({ limit }: RateLimitWindow, keptForOthers: KeptForOthers = () => 0): number {
  const kept = keptForOthers(limit);
  return kept + mutationReserve(limit - kept);
}

/**
 * The same where callers share the budget. What is reserved for mutations shrinks with the time that is left, down to a hundredth of the
 * limit: at the window's end it would be of no use to anybody.
 */
export function keptFromCallersReads(
  window: RateLimitWindow,
  now: number,
  keptForOthers: KeptForOthers = () => 0,
): number {
  const kept = keptForOthers(window.limit, timeLeftMs(window, now));
  const reserveLeft = Math.max(MIN_RESERVE_LEFT, timeLeft(window, now));
  return kept + Math.ceil(mutationReserve(window.limit - kept) * reserveLeft);
}

/** Milliseconds until that has shrunk so much that a read can be sent, or until the window has certainly ended. */
export function untilReadMs(window: RateLimitWindow, now: number, keptForOthers: KeptForOthers = () => 0): number {
  const { limit, lengthMs, remaining, endsAt } = window;
  const kept = keptForOthers(limit, timeLeftMs(window, now));
  const reserveLeft = (remaining - 1 - kept) / mutationReserve(limit - kept);
  const untilEndMs = (endsAt ?? now + lengthMs) - now;
  return reserveLeft < MIN_RESERVE_LEFT
    ? untilEndMs
    : Math.min(untilEndMs, (timeLeft(window, now) - reserveLeft) * lengthMs);
}

/** Whether RealtimeKit has reported a limit. */
export const hasReport = ({ windows }: Pick<BudgetState, 'windows'>): boolean =>
  windows.values().some(({ reportedAt }) => reportedAt > 0);
