import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Priority } from '../realtimekit/requestContext.ts';
import { waitMs } from './reserve.ts';
import { available, type BudgetState, currentWindows, hasReport, longestWindowMs, mutationReserve } from './window.ts';

/** The part of what is left that the shares of all replicas are together. */
const SHARES_RATIO = 1 / 6;
/** The part of a limit that is in no share. It pays for the probes of replicas that do not know how much is left. */
const PROBES_RATIO = 1 / 20;
/** How often each replica can probe in a window. */
const PROBES_PER_REPLICA = 4;

export interface ShareOptions {
  store: SharedStore;
  /** The time after which a response to a later request certainly counts what was sent, or leased, before. */
  settleMs: number;
  /** How long a replica may rely on a response, from when its request was sent. */
  freshMs: number;
}

/**
 * One replica's share: requests that it may send without coordination in each period. It is so small a part of what is left that the
 * shares of all replicas fit into it, until the responses of the next period show every replica what the others sent.
 */
export function createShare({ store, settleMs, freshMs }: ShareOptions) {
  let sentAt: number[] = [];

  const probes = (limit: number): number => Math.max(store.replicaCount(), Math.ceil(limit * PROBES_RATIO));

  function sizeOf(state: BudgetState, priority: Priority, now: number): number {
    const left = currentWindows(state, now).map((window) => available(state, window) - probes(window.limit));
    // Without reports, a process does not learn what the one before it has spent of the share.
    const processes = store.replicaCount() * (hasReport(state) ? 1 : 2);
    const size = Math.max(1, Math.floor((Math.min(...left) * SHARES_RATIO) / processes));
    return priority === 'read' ? size - mutationReserve(size) : size;
  }

  /** Whether this replica knows how much is left, or may send a request to find out. */
  function mayAsk(state: BudgetState, now: number): boolean {
    if (state.answeredAt > now - freshMs) return true;
    const unanswered = sentAt.filter((time) => time > Math.max(state.answeredAt, now - settleMs)).length;
    const limit = Math.min(...currentWindows(state, now).map((window) => window.limit));
    return unanswered < Math.max(1, Math.floor(probes(limit) / store.replicaCount() / PROBES_PER_REPLICA));
  }

  return {
    /** Takes one request. Returns 0 if it may be sent now, the milliseconds to wait, or null if the next response decides that. */
    take(state: BudgetState, priority: Priority): number | null {
      const now = store.now();
      const wait = waitMs(state, priority, now, probes);
      if (wait > 0) return wait;
      // Without reports, the other replicas would learn of these requests only from the store.
      const periodMs = settleMs + (hasReport(state) ? 0 : longestWindowMs(state));
      sentAt = sentAt.filter((time) => time > now - periodMs);
      if (sentAt.length >= sizeOf(state, priority, now)) return (sentAt[0] ?? now) + periodMs - now;
      if (!mayAsk(state, now)) return null;
      sentAt.push(now);
      return 0;
    },
  };
}
