import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Priority } from '../realtimekit/requestContext.ts';
import { waitMs } from './reserve.ts';
import { type BudgetState, longestWindowMs, MAX_TRANSIT_MS, mutationReserve, sharesOf } from './window.ts';

/** The part of a share that a process leaves to the one that replaces it. */
const SUCCESSOR_RATIO = 1 / 6;

/**
 * One replica's share of each window: requests that it may send without coordination. There is a share for every replica that
 * may run at the same time, so all together fit into a window whatever the replicas know of each other.
 */
export function createShare(store: SharedStore, requestTimeoutMs: number) {
  const openedAt = store.now();
  /** Whether this process may have replaced another one, which may have spent its part of the share. */
  let mayBeSuccessor = store.isUp();
  let sentAt: number[] = [];

  /** In any window that may have counted a request that was sent now. Windows of RealtimeKit may start at any time. */
  const windowMs = (state: BudgetState): number => longestWindowMs(state) + requestTimeoutMs + MAX_TRANSIT_MS;

  /** Requests that are left; a tenth is left to mutations. */
  function left(state: BudgetState, priority: Priority = 'mutation'): number {
    const now = store.now();
    const since = now - windowMs(state);
    sentAt = sentAt.filter((time) => time > since);
    const limit = Math.min(...Array.from(state.windows.values(), (window) => window.limit));
    const whole = Math.floor(sharesOf(limit) / store.replicaCount());
    const successors = Math.floor(whole * SUCCESSOR_RATIO);
    const size = mayBeSuccessor && openedAt > since ? successors : whole - successors;
    return size - sentAt.length - (priority === 'read' && size > 0 ? mutationReserve(size) : 0);
  }

  return {
    left,
    /** Takes one request. Returns the milliseconds to wait; 0 if it may be sent now. */
    take(state: BudgetState, priority: Priority): number {
      const now = store.now();
      const wait = waitMs(state, priority, now);
      if (wait > 0) return wait;
      if (left(state, priority) <= 0) return (sentAt[0] ?? openedAt) + windowMs(state) - now;
      sentAt.push(now);
      return 0;
    },
    /** The budget has just begun to be shared: this process has replaced none. */
    open(): void {
      mayBeSuccessor = false;
    },
  };
}
