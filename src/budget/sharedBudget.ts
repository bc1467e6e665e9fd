import { BUDGETS_SINCE_KEY } from '../cluster/keys.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Priority, Reservation } from '../realtimekit/requestContext.ts';
import type { Budget } from './localBudget.ts';
import {
  addClaim,
  type Change,
  leasableReads,
  openReservation,
  pressureOf,
  rateLimitedError,
  snapshotOf,
  type Source,
  waitMs,
} from './reserve.ts';
import { createShare } from './share.ts';
import { type BudgetState, createBudgetState, MAX_TRANSIT_MS, parseBudget, serializeBudget } from './window.ts';

interface SharedBudgetOptions {
  store: SharedStore;
  /** The key of the state in the store. */
  key: string;
  /** The longest time that a request may be in flight. */
  requestTimeoutMs: number;
}

/** The maximum size of a lease. */
const MAX_LEASE = 24;
/** How long a lease may be spent. */
const LEASE_MS = 20_000;
/** How many responses wait at most for the next exchange. */
const MAX_UNPUBLISHED = 50;
/** How many responses are remembered while the store is unavailable. The windows of older ones have ended. */
const MAX_REMEMBERED = 2000;
/** How long the store keeps the state after its last change. */
const STATE_TTL_MS = 86_400_000;
const SINCE_TTL_MS = 30 * STATE_TTL_MS;
/** The id of the claim for everything that replicas may have leased before the store lost its data. */
const LOST_LEASES = 'lost leases';

interface Unpublished {
  change: Change;
  /** When the request was sent, if it came from the share; null if it did not, or may already have been published. */
  shareSentAt: number | null;
}

interface Waiting {
  priority: Priority;
  resolve: (reservation: Reservation) => void;
  reject: (error: unknown) => void;
}

/**
 * One budget for all replicas that use the same token. A replica leases some requests at a time from the shared state, with a
 * compare-and-swap, and spends them without asking again. Together with the next lease, it publishes what the responses to
 * them reported. A request that no lease covers, since the store is unavailable or little is left, comes from the replica's share.
 */
export function createSharedBudget({ store, key, requestTimeoutMs }: SharedBudgetOptions): Budget {
  const self = crypto.randomUUID();
  const share = createShare(store, requestTimeoutMs);
  /** The shared state as last read, without the leases of other replicas, and this replica's responses since. */
  const known = createBudgetState();
  /** The shared state as last read; null if the store had none. */
  let text: string | null = null;
  let lease = { requests: 0, endsAt: 0 };
  let unpublished: Unpublished[] = [];
  let waiting: Waiting[] = [];
  let isExchanging = false;
  /** Whether the shared state contains a limit that RealtimeKit reported. */
  let isLimitShared = false;
  /** Until when the shared state has too little left for a lease. */
  const deniedUntil = { read: 0, mutation: 0 };
  /** Whether the next response shows what the leases of `LOST_LEASES` have spent. */
  let canSettle = false;

  const now = (): number => store.now();
  const leaseLeft = (): number => (now() < lease.endsAt ? lease.requests : 0);
  /** When a lease that ends in `LEASE_MS` has certainly been spent and has arrived at RealtimeKit. */
  const countedAfter = (grantedAt: number): number => grantedAt + LEASE_MS + requestTimeoutMs + MAX_TRANSIT_MS;

  const open = (source: Source): Reservation =>
    openReservation(known, now, (change, sentAt) => {
      const shareSentAt = source === 'own' ? sentAt : null;
      unpublished = [...unpublished.slice(1 - MAX_REMEMBERED), { change, shareSentAt }];
      const isFirstReport = !isLimitShared && hasReport(known);
      if (isFirstReport || unpublished.length >= MAX_UNPUBLISHED || now() < known.lockedOutUntil) startExchange();
    });

  function startExchange(): void {
    if (!isExchanging) void exchangeAll();
  }

  async function exchangeAll(): Promise<void> {
    isExchanging = true;
    // Requests of the same turn share one exchange.
    await Promise.resolve();
    do {
      const batch = waiting;
      waiting = [];
      const waits = await exchange(batch.map(({ priority }) => priority)).catch(() => {
        // The store may have carried it out.
        for (const response of unpublished) response.shareSentAt = null;
        return [];
      });
      for (const [index, { priority, resolve, reject }] of batch.entries()) {
        const wait = waits[index];
        deniedUntil[priority] = now() + (wait ?? 0);
        try {
          // A response may have arrived in the meantime.
          const isLeased = wait === 0 && waitMs(known, priority, now()) === 0;
          resolve(isLeased ? open('leased') : openFromShare(priority));
        } catch (error) {
          reject(error);
        }
      }
    } while (waiting.length > 0);
    isExchanging = false;
  }

  function openFromShare(priority: Priority): Reservation {
    const wait = share.take(known, canSettle ? 'mutation' : priority);
    if (wait === 0) return open('own');
    const untilLease = deniedUntil[priority] - now();
    throw rateLimitedError(known, priority, now(), untilLease > 0 ? untilLease : wait);
  }

  /**
   * Publishes what this replica knows, and leases one request for each of `priorities` and some more. Returns the milliseconds
   * to wait for each; 0 if it is leased. Rejects with `StoreUnavailableError`.
   */
  async function exchange(priorities: readonly Priority[]): Promise<number[]> {
    text ??= await store.get(key);
    for (;;) {
      const shared = parseBudget(text);
      const since = shared === null ? await dataSince() : -Infinity;
      const state = shared ?? structuredClone(known);
      const published = new Set(unpublished);
      for (const { change, shareSentAt } of published) {
        if (shared !== null) change(state);
        if (shareSentAt !== null) countShare(state, shareSentAt);
      }
      const grantedAt = now();
      if (countedAfter(since) > grantedAt) addClaim(state, LOST_LEASES, Number.MAX_SAFE_INTEGER, countedAfter(since));
      state.claims.delete(self);
      lease.requests = leaseLeft();
      state.inFlight = known.inFlight + lease.requests;
      const waits = priorities.map((priority) => {
        const wait = waitMs(state, priority, grantedAt, 'leased');
        if (wait === 0) state.inFlight += 1;
        return wait;
      });
      // Little is leased if little is left, so that no replica holds what another one needs.
      const fair = Math.floor(leasableReads(state, grantedAt) / store.replicaCount());
      const more = Math.max(0, Math.min(MAX_LEASE, fair) - lease.requests);
      const { claims } = state;
      addClaim(state, self, state.inFlight + more, countedAfter(grantedAt));
      const next = serializeBudget(state);
      const { isSwapped, current } = await store.compareAndSwap(key, text, next, STATE_TTL_MS);
      text = current;
      if (!isSwapped) continue;
      unpublished = unpublished.filter((response) => !published.has(response));
      lease = { requests: lease.requests + more, endsAt: grantedAt + LEASE_MS };
      const lost = claims.get(LOST_LEASES);
      if (lost !== undefined) share.open();
      canSettle = lost !== undefined && lost.countedFrom <= grantedAt;
      adopt(state);
      return waits;
    }
  }

  /** Since when the store has had its data. If it holds a state that cannot be read, since now. */
  async function dataSince(): Promise<number> {
    const { current } = await store.compareAndSwap(BUDGETS_SINCE_KEY, null, String(now()), SINCE_TTL_MS);
    return (text === null && Number(current)) || now();
  }

  function adopt(state: BudgetState): void {
    isLimitShared = hasReport(state);
    Object.assign(known, state, { claims: new Map(), inFlight: known.inFlight });
    for (const { change } of unpublished) change(known);
  }

  /** What this replica may send without the store. */
  const own = (): number => (store.isUp() ? Infinity : leaseLeft() + Math.max(0, share.left(known)));

  return {
    reserve(priority) {
      if (leaseLeft() > 0 && waitMs(known, priority, now()) === 0) {
        lease.requests -= 1;
        return open('leased');
      }
      if (now() < Math.max(known.lockedOutUntil, deniedUntil[priority])) return openFromShare(priority);
      const { promise, resolve, reject } = Promise.withResolvers<Reservation>();
      waiting.push({ priority, resolve, reject });
      startExchange();
      return promise;
    },
    snapshot: () => snapshotOf(known, now(), own()),
    pressure: () => pressureOf(known, now(), own() * store.replicaCount()),
    async refresh() {
      const found = await store.get(key).catch(() => null);
      const state = parseBudget(found);
      if (state === null || isExchanging) return;
      text = found;
      adopt(state);
    },
  };
}

/** Counts a request from a share in the windows that have certainly counted it. */
function countShare({ windows }: BudgetState, sentAt: number): void {
  for (const window of windows.values())
    if (window.endsAt !== null && sentAt >= window.endsAt - window.lengthMs) window.spentFromShares += 1;
}

const hasReport = ({ windows }: BudgetState): boolean => windows.values().some(({ reportedAt }) => reportedAt > 0);
