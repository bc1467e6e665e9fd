/** The limit that Cloudflare documents ("API rate limits"). It applies until a response reports another one. */
export const DOCUMENTED_LIMIT = { limit: 1200, lengthMs: 300_000 };
/** RealtimeKit reports the time until reset in whole seconds, and does not say how it rounds. A window is assumed to last this much longer. */
export const ROUNDING_MARGIN_MS = 1000;
/** The part of a limit that is reserved for mutations. */
const MUTATION_RESERVE_RATIO = 0.1;

/** One rate limit: `limit` requests in `lengthMs` milliseconds. */
export interface RateLimitWindow {
  limit: number;
  lengthMs: number;
  /** Requests left. Open reservations are not yet subtracted. */
  remaining: number;
  /** When the window has certainly ended, in milliseconds since the Unix epoch; null until a response shows that it has started. */
  endsAt: number | null;
  /** When a response last reported this limit, in milliseconds since the Unix epoch; 0 if none did. */
  reportedAt: number;
  /** What this replica may spend while it cannot coordinate with the others; null if it may spend all that remains. */
  partition: Partition | null;
}

/** One replica's part of a window while the replicas cannot coordinate. */
export interface Partition {
  /** Requests in all, including those that were sent. */
  size: number;
  /** Requests that were sent, or that RealtimeKit may have counted in this window. */
  spent: number;
  /** True until a response reports how many requests there are to divide. */
  isProvisional: boolean;
}

/**
 * A request that is in flight, or that RealtimeKit may or may not have counted. Times are in milliseconds since the Unix epoch.
 */
export interface ReservationRecord {
  /** A response to a request sent at this time or later already counts this one. */
  countedFrom: number;
  /** By this time, any window that could have counted the request has ended. */
  expiresAt: number;
}

/** Everything known about an account's limits. Plain data, so that replicas can share it. */
export interface BudgetState {
  /** The documented limit; null once RealtimeKit has reported a limit of its own. */
  defaultWindow: RateLimitWindow | null;
  /** The limits that RealtimeKit reported, by name. */
  reported: Map<string, RateLimitWindow>;
  /** Open reservations, by the id of their request. */
  reservations: Map<string, ReservationRecord>;
  /** The end of the last lockout, in milliseconds since the Unix epoch. */
  lockedOutUntil: number;
  /** How many replicas each window is divided among; 1 if the state is not partitioned. */
  partitionCount: number;
  /** Since when the state is partitioned, in milliseconds since the Unix epoch. */
  partitionedAt: number;
  /** This replica's requests in flight. Only used while the state is partitioned. */
  inFlight: number;
  /** Identifies the line of states that began with one empty store. A different generation means that the store lost its data. */
  generation: string;
}

/** The documented limit, with nothing spent. */
export const UNUSED_WINDOW: RateLimitWindow = {
  ...DOCUMENTED_LIMIT,
  remaining: DOCUMENTED_LIMIT.limit,
  endsAt: null,
  reportedAt: 0,
  partition: null,
};

export function createBudgetState(generation = ''): BudgetState {
  return {
    defaultWindow: { ...UNUSED_WINDOW },
    reported: new Map(),
    reservations: new Map(),
    lockedOutUntil: 0,
    partitionCount: 1,
    partitionedAt: 0,
    inFlight: 0,
    generation,
  };
}

/** Brings `state` up to `now`: resets windows that have ended, deletes expired reservations, and returns the windows. */
export function currentWindows(state: BudgetState, now: number): RateLimitWindow[] {
  const windows = state.defaultWindow === null ? [...state.reported.values()] : [state.defaultWindow];
  for (const window of windows) {
    if (window.endsAt === null || now < window.endsAt) continue;
    window.remaining = window.limit;
    window.endsAt = null;
    window.partition = newPartition(state, window.limit);
  }
  for (const [id, { expiresAt }] of state.reservations) if (now >= expiresAt) state.reservations.delete(id);
  return windows;
}

/** This replica's partition of a window that starts with `requests`. Requests in flight may be counted in the new window. */
export function newPartition({ partitionCount, inFlight }: BudgetState, requests: number): Partition | null {
  if (partitionCount === 1) return null;
  return { size: Math.floor(requests / partitionCount), spent: inFlight, isProvisional: false };
}

/**
 * Requests that may still be sent. A request in flight may already be missing from `remaining`: it is then subtracted twice
 * for a short time, which errs on the safe side.
 */
export function available({ reservations }: BudgetState, { remaining, partition }: RateLimitWindow): number {
  return Math.min(remaining - reservations.size, partition === null ? Infinity : partition.size - partition.spent);
}

/** Requests of a window that only mutations may spend. */
export function mutationReserve({ limit }: RateLimitWindow): number {
  return Math.min(limit - 1, Math.ceil(limit * MUTATION_RESERVE_RATIO));
}
