import type { SharedStore } from '../cluster/sharedStore.ts';
import type { UpstreamError } from '../domain/errors.ts';
import { callerLimitError, partOf } from './callers.ts';
import { type Demand, waitMs } from './reserve.ts';
import {
  available,
  type BudgetState,
  currentWindows,
  hasReport,
  longestWindowMs,
  mutationReserve,
  type RateLimitWindow,
  timeLeftMs,
} from './window.ts';

/** The part of what is left that the shares of all replicas are together. */
const SHARES_RATIO = 1 / 6;
/** The part of a limit that is not leased even at a window's end. It pays for the probes of some replicas. */
const MIN_UNLEASED_RATIO = 1 / 40;
/** The part of a limit that is in no share. It pays for the probes of replicas that do not know how much is left. */
const PROBES_RATIO = 1 / 20;
/** How often each replica can probe in a window. */
const PROBES_PER_REPLICA = 4;

export interface ShareOptions {
  store: SharedStore;
  /** The longest time that a request may be in flight. */
  requestTimeoutMs: number;
  /** Whether callers share the budget, so that nothing may be left of it when a window ends. Replicas must agree on it. */
  hasCallers: boolean;
  /** The time after which a response to a later request certainly counts what was sent, or leased, before. */
  settleMs: number;
  /** How long a replica may rely on a response, from when its request was sent. */
  freshMs: number;
}

/**
 * One replica's share: requests that it may send without coordination in each period. It is so small a part of what is left that the
 * shares of all replicas fit into it, until the responses of the next period show every replica what the others sent.
 */
export function createShare({ store, requestTimeoutMs, hasCallers, settleMs, freshMs }: ShareOptions) {
  /** The requests of the last period. */
  let sent: { at: number; callerId: string | undefined }[] = [];

  const probes = (limit: number): number => Math.max(store.replicaCount(), Math.ceil(limit * PROBES_RATIO));

  /**
   * The part of a share that may still be spent. Where callers share the budget, it is nothing near a window's end: what is spent before
   * is known to all replicas by the time at which they lease the shares, too, although a slow response lets the window seem to end later.
   */
  function partLeft(window: RateLimitWindow, now: number): number {
    const leftMs = timeLeftMs(window, now) - settleMs - requestTimeoutMs;
    return hasCallers ? Math.min(1, Math.max(0, leftMs / settleMs)) : 1;
  }

  function sizeOf(state: BudgetState, { priority }: Demand, now: number): number {
    const left = currentWindows(state, now).map(
      (window) => (available(state, window) - probes(window.limit)) * partLeft(window, now),
    );
    // Without reports, a process does not learn what the one before it has spent of the share.
    const processes = store.replicaCount() * (hasReport(state) ? 1 : 2);
    const size = Math.max(1, Math.floor((Math.min(...left) * SHARES_RATIO) / processes));
    return priority === 'read' ? size - mutationReserve(size) : size;
  }

  /** Whether this replica knows how much is left, or may send a request to find out. */
  function mayAsk(state: BudgetState, now: number): boolean {
    if (state.answeredAt > now - freshMs) return true;
    const unanswered = sent.filter(({ at }) => at > Math.max(state.answeredAt, now - settleMs)).length;
    const limit = Math.min(...currentWindows(state, now).map((window) => window.limit));
    return unanswered < Math.max(1, Math.floor(probes(limit) / store.replicaCount() / PROBES_PER_REPLICA));
  }

  /**
   * Milliseconds until the caller may use more of the share of `size` requests: as with the whole budget, what is left of it is kept for
   * others, and less of it as the period passes.
   */
  function callerWaitMs(state: BudgetState, { priority, caller }: Demand, size: number, periodMs: number): number {
    if (caller === undefined || priority === 'mutation') return 0;
    const now = store.now();
    const part = partOf(state, caller, now);
    const used = sent.filter(({ callerId }) => callerId === caller.id).length;
    const endsAt = (sent[0]?.at ?? now) + periodMs;
    const lentAt = endsAt - ((size - sent.length) / (size * (1 - part))) * periodMs;
    return used < size * part ? 0 : Math.max(0, lentAt - now);
  }

  return {
    /** Requests of a limit that must not be leased while so much of its window is left. */
    unleased: (limit: number, leftMs = Infinity): number => {
      const part = hasCallers ? Math.min(1, leftMs / settleMs) : 1;
      return Math.ceil(limit * Math.max(MIN_UNLEASED_RATIO, SHARES_RATIO * part));
    },
    /**
     * Takes one request. Returns 0 if it may be sent now, the milliseconds to wait, null if the next response decides that, or the error
     * of a caller that must leave the rest to others.
     */
    take(state: BudgetState, demand: Demand): number | null | UpstreamError {
      const now = store.now();
      const wait = waitMs(state, demand, now, probes);
      if (wait > 0) return wait;
      // Without reports, the other replicas would learn of these requests only from the store.
      const periodMs = settleMs + (hasReport(state) ? 0 : longestWindowMs(state));
      // None was sent later, unless the clock was set back.
      for (const request of sent) request.at = Math.min(request.at, now);
      sent = sent.filter(({ at }) => at > now - periodMs);
      const size = sizeOf(state, demand, now);
      if (sent.length >= size) return (sent[0]?.at ?? now) + periodMs - now;
      const callerWait = callerWaitMs(state, demand, size, periodMs);
      if (callerWait > 0) return callerLimitError(callerWait);
      if (!mayAsk(state, now)) return null;
      sent.push({ at: now, callerId: demand.caller?.id });
      return 0;
    },
  };
}
