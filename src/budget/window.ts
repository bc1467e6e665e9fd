/** The limit of Cloudflare's documents ("API rate limits"): what holds until the headers tell another one. */
export const DOCUMENTED = { limit: 1200, length: 300_000 };
/** Upstream tells whole seconds, and does not say how it rounds them: a window is believed to last so much longer. */
export const ROUNDING = 1000;
/** The share of the limit that reads leave to mutations. */
const RESERVE = 0.1;

/** One limit: so many requests in so long. */
export interface RateLimitWindow {
  limit: number;
  /** Milliseconds. */
  length: number;
  /** Requests left; those of the tickets are not yet taken out. */
  remaining: number;
  /** When it certainly has ended; null while no answer tells that it has begun. */
  endsAt: number | null;
  /** When an answer last told of it. */
  toldAt: number;
  /** What this process may send by itself, where it has but a part; null: whatever is left. */
  part: Part | null;
}

/** The part of a window that one of several processes has which know nothing of each other. */
export interface Part {
  /** Requests in all, those that were sent too. */
  size: number;
  /** Requests that were sent, or may have been counted in this window. */
  spent: number;
  /** Whether no answer has told yet how much there is to be divided. */
  isGuessed: boolean;
}

/** A request that is under way, or of which nobody knows whether upstream has counted it; times in milliseconds since the Unix epoch. */
export interface ReservationRecord {
  /** Answers to requests that are sent from here on tell of it. */
  from: number;
  /** From here on whatever counted it is over. */
  until: number;
}

/** All that is known of an account's limits. It is plain data, so that it can be kept in common by several processes. */
export interface BudgetState {
  /** The documented limit; null once upstream told its own. */
  assumed: RateLimitWindow | null;
  /** By the limit's name. */
  told: Map<string, RateLimitWindow>;
  tickets: Map<string, ReservationRecord>;
  blockedUntil: number;
  /** Among how many processes each window is divided; 1: it is not. */
  parts: number;
  /** Where it is divided: since when, in milliseconds since the Unix epoch. */
  dividedAt: number;
  /** Where it is divided: this process's own requests under way. */
  inFlight: number;
  /** What tells it from another one that was begun anew. */
  origin: string;
}

export function newBudgetState(origin = ''): BudgetState {
  const known = {
    assumed: { ...BEGINNING },
    told: new Map<string, RateLimitWindow>(),
    tickets: new Map<string, ReservationRecord>(),
  };
  return { ...known, blockedUntil: 0, parts: 1, dividedAt: 0, inFlight: 0, origin };
}

/** The documented limit, of which nothing is spent. */
export const BEGINNING: RateLimitWindow = {
  ...DOCUMENTED,
  remaining: DOCUMENTED.limit,
  endsAt: null,
  toldAt: 0,
  part: null,
};

/** The windows as they are at `now`: those that have ended have begun anew, and what may have been counted in them is forgotten. */
export function windowsOf(state: BudgetState, now: number): RateLimitWindow[] {
  const all = state.assumed === null ? [...state.told.values()] : [state.assumed];
  for (const window of all) {
    if (window.endsAt !== null && now >= window.endsAt) {
      Object.assign(window, { remaining: window.limit, endsAt: null, part: partOf(state, window.limit) });
    }
  }
  for (const [id, { until }] of state.tickets) if (now >= until) state.tickets.delete(id);
  return all;
}

/** This process's part of a window that begins: what is under way may be counted in it. */
export function partOf({ parts, inFlight }: BudgetState, requests: number): Part | null {
  return parts === 1 ? null : { size: Math.floor(requests / parts), spent: inFlight, isGuessed: false };
}

/** What is under way may be in `left` already: it counts twice for a moment, which errs on the safe side. */
export function available({ tickets }: BudgetState, { remaining, part }: RateLimitWindow): number {
  return Math.min(remaining - tickets.size, part === null ? Infinity : part.size - part.spent);
}

/** Requests that reads leave to mutations. */
export function reserveOf({ limit }: RateLimitWindow): number {
  return Math.min(limit - 1, Math.ceil(limit * RESERVE));
}
