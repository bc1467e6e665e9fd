import { BUDGETS_SINCE_KEY } from '../cluster/keys.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import type { UpstreamError } from '../domain/errors.ts';
import type { Reservation } from '../realtimekit/requestContext.ts';
import { type BudgetCaller, callerPressureOf, isAlone, recordDemand, shareOf } from './callers.ts';
import type { Budget } from './localBudget.ts';
import { createPressure } from './pressure.ts';
import { addMissing } from './reconcile.ts';
import {
  addClaim,
  availableReads,
  type Change,
  claimForCallers,
  claimLostLeases,
  type Demand,
  openReservation,
  rateLimitedError,
  shareError,
  SHORT_RETRY_MS,
  snapshotOf,
  takeRequest,
  waitMs,
} from './reserve.ts';
import { createShare } from './share.ts';
import {
  type BudgetState,
  createBudgetState,
  hasReport,
  type KeptForOthers,
  MAX_TRANSIT_MS,
  parseBudget,
  serializeBudget,
  STATE_TTL_MS,
} from './window.ts';

export interface SharedBudgetOptions {
  store: SharedStore;
  /** The key of the state in the store. */
  key: string;
  /** The longest time that a request may be in flight. */
  requestTimeoutMs: number;
  /** Whether callers share the budget: the same for all replicas. Default: false. */
  hasCallers?: boolean;
}

/** The maximum size of a lease. */
const MAX_LEASE = 24;
/** The same as a part of the limit, where callers share the budget. */
const MAX_CALLERS_LEASE_RATIO = 1 / 50;
/** How long a lease may be spent. */
const LEASE_MS = 20_000;
/** How many responses wait at most for the next exchange. */
const MAX_UNPUBLISHED = 50;
/** How many responses are remembered while the store is unavailable. The windows of older ones have ended. */
const MAX_REMEMBERED = 2000;

/** In a window without the store, the shares of all replicas together are somewhat more than half of the limit. */
const withoutStore = (limit: number): number => limit / 2;

interface PendingRequest {
  demand: Demand;
  resolve: (reservation: Reservation) => void;
  reject: (error: unknown) => void;
}

/**
 * One budget for all replicas that use the same token. A replica leases some requests at a time from the shared state, with a
 * compare-and-swap, and spends them without asking again. Together with the next lease, it publishes what the responses to
 * them reported. A request that no lease covers, since the store is unavailable or little is left, comes from the replica's share.
 */
export function createSharedBudget({ store, key, requestTimeoutMs, hasCallers = false }: SharedBudgetOptions): Budget {
  const self = crypto.randomUUID();
  const now = (): number => store.now();
  /** The time after which a lease has certainly been spent, and its requests have arrived at RealtimeKit. */
  const settleMs = LEASE_MS + requestTimeoutMs + MAX_TRANSIT_MS;
  const share = createShare({ store, requestTimeoutMs, hasCallers, settleMs, freshMs: LEASE_MS });
  const { unleased } = share;
  /** The shared state as last read, without the leases of other replicas, and this replica's responses since. */
  const known = createBudgetState();
  const keptNow = (): KeptForOthers => (store.isUp() ? unleased : withoutStore);
  const updatePressure = createPressure(known, now, keptNow);
  /** The shared state as last read; null if the store had none. */
  let text: string | null = null;
  let lease = { requests: 0, endsAt: 0 };
  let unpublished: Change[] = [];
  /** Requests that wait for the next exchange. */
  let waiting: PendingRequest[] = [];
  /** Requests that wait for a response that shows how much is left. */
  let blocked: PendingRequest[] = [];
  let isExchanging = false;
  /** Whether the shared state contains a limit that RealtimeKit reported. */
  let isLimitShared = false;
  /** Until when the shared state has too little left for a lease. */
  let deniedUntil = { read: 0, mutation: 0 };
  /** The shared state may lack what replicas spent before, while the store was unavailable: it needs a response to a later request. */
  let connectedAt = now();

  /** What a replica may not spend for a caller that is held back, another one cannot lease: leases of a small limit are smaller then. */
  function maxLease({ windows }: BudgetState): number {
    const limit = Math.min(...Array.from(windows.values(), (window) => window.limit));
    return hasCallers ? Math.min(MAX_LEASE, Math.ceil(limit * MAX_CALLERS_LEASE_RATIO)) : MAX_LEASE;
  }

  const leaseLeft = (): number => (now() < lease.endsAt ? lease.requests : 0);

  const open = (caller: BudgetCaller | undefined): Reservation => {
    updatePressure();
    return openReservation(known, now, caller, (change) => {
      if (change !== null) unpublished = [...unpublished.slice(1 - MAX_REMEMBERED), change];
      waiting.push(...blocked.splice(0));
      const isFirstReport = !isLimitShared && hasReport(known);
      const isDue = isFirstReport || unpublished.length >= MAX_UNPUBLISHED || now() < known.lockedOutUntil;
      if (isDue || waiting.length > 0) startExchange();
    });
  };

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
      const waits = await exchange(batch.map(({ demand }) => demand)).catch(() => []);
      for (const [index, request] of batch.entries()) {
        const { demand, resolve, reject } = request;
        const wait = waits[index] ?? null;
        if (wait instanceof Error) {
          reject(wait);
          continue;
        }
        deniedUntil[demand.priority] = now() + (wait ?? 0);
        // A response may have arrived in the meantime.
        if (wait === 0 && waitMs(known, demand, now()) === 0) resolve(open(demand.caller));
        else spendShare(request);
      }
    } while (waiting.length > 0);
    isExchanging = false;
  }

  function spendShare(request: PendingRequest): void {
    const { demand, resolve, reject } = request;
    const wait = share.take(known, demand);
    if (wait === 0) return resolve(open(demand.caller));
    if (wait instanceof Error) return reject(wait);
    if (wait === null && known.inFlight > 0) return void blocked.push(request);
    const untilLease = deniedUntil[demand.priority] - now();
    const retryMs = Math.min(wait ?? SHORT_RETRY_MS, untilLease > 0 ? untilLease : Infinity);
    return reject(rateLimitedError(known, demand.priority, now(), retryMs));
  }

  /**
   * Publishes what this replica knows, and leases one request for each of `demands` and some more. Returns, for each, 0 if it is
   * leased, the milliseconds to wait, null if that depends on the next response, or the error of a caller that must leave the rest to
   * others. Rejects with `StoreUnavailableError`.
   */
  async function exchange(demands: readonly Demand[]): Promise<(number | null | UpstreamError)[]> {
    const knewState = text !== null;
    text ??= await store.get(key);
    for (;;) {
      const shared = parseBudget(text);
      const since = shared === null ? await dataSince(knewState) : -Infinity;
      const state = shared ?? structuredClone(known);
      const published = new Set(unpublished);
      if (shared !== null) for (const change of published) change(state);
      const grantedAt = now();
      addMissing(state, known, grantedAt);
      if (since + settleMs > grantedAt) claimLostLeases(state, since + settleMs);
      state.claims.delete(self);
      lease.requests = leaseLeft();
      state.inFlight = known.inFlight + lease.requests;
      state.callersInFlight = new Map(known.callersInFlight);
      const mayLease = state.answeredAt >= connectedAt;
      const waits = demands.map((demand) => {
        const wait = waitMs(state, demand, grantedAt, unleased);
        return wait > 0 || !mayLease ? wait || null : takeRequest(state, demand, grantedAt, unleased);
      });
      // Little is leased if little is left, so that no replica holds what another one needs.
      const fair = mayLease ? Math.floor(availableReads(state, grantedAt, unleased) / store.replicaCount()) : 0;
      const more = Math.max(0, Math.min(maxLease(state), fair) - lease.requests);
      addClaim(state, self, state.inFlight + more, grantedAt + settleMs);
      claimForCallers(state, self);
      const { isSwapped, current } = await store.compareAndSwap(key, text, serializeBudget(state), STATE_TTL_MS);
      text = current;
      if (!isSwapped) continue;
      unpublished = unpublished.filter((change) => !published.has(change));
      lease = { requests: lease.requests + more, endsAt: grantedAt + LEASE_MS };
      adopt(state);
      return waits;
    }
  }

  /** Since when the store has had its data: since now if it no longer has the state that it had, or one that cannot be read. */
  async function dataSince(hadState: boolean): Promise<number> {
    const { current } = await store.compareAndSwap(BUDGETS_SINCE_KEY, null, String(now()), 30 * STATE_TTL_MS);
    return (text === null && !hadState && Number(current)) || now();
  }

  function adopt(state: BudgetState): void {
    isLimitShared = hasReport(state);
    const { inFlight, callersInFlight, ...before } = known;
    Object.assign(known, state, { claims: new Map(), inFlight, callersInFlight });
    for (const change of unpublished) change(known);
    addMissing(known, before, now());
  }

  return {
    reserve(priority, caller) {
      const demand = { priority, caller };
      if (caller !== undefined) {
        recordDemand(known, caller, now());
        const error = waitMs(known, demand, now(), unleased) > 0 ? null : shareError(known, demand, now(), unleased);
        if (error !== null) throw error;
      }
      if (leaseLeft() > 0 && waitMs(known, demand, now()) === 0) {
        lease.requests -= 1;
        return open(caller);
      }
      const { promise, resolve, reject } = Promise.withResolvers<Reservation>();
      const request = { demand, resolve, reject };
      if (now() < Math.max(known.lockedOutUntil, deniedUntil[priority])) spendShare(request);
      else {
        waiting.push(request);
        startExchange();
      }
      return promise;
    },
    snapshot: () => snapshotOf(known, now()),
    pressure: (caller) =>
      caller === undefined || isAlone(known, caller, now())
        ? updatePressure()
        : callerPressureOf(known, caller, now(), keptNow()),
    share: (caller) => (caller === undefined ? null : shareOf(known, caller, now(), keptNow())),
    async refresh() {
      const found = await store.get(key).catch(() => null);
      const state = parseBudget(found);
      if (state === null || isExchanging) return;
      text = found;
      adopt(state);
    },
    resync() {
      connectedAt = now();
      deniedUntil = { read: 0, mutation: 0 };
    },
  };
}
