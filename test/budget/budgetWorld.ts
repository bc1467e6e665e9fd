import type { BudgetCaller } from '../../src/budget/callers.ts';
import type { Priority } from '../../src/realtimekit/requestContext.ts';
import type { Budget } from '../../src/budget/localBudget.ts';
import { createSharedBudget } from '../../src/budget/sharedBudget.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';
import { reporting } from './localBudgetWorld.ts';

/** How long a request may be in flight in these tests. */
export const REQUEST_TIMEOUT_MS = 5000;
export const KEY = 'budget';
/** Longer than any response takes in these tests. A gateway that receives no reports knows the end of a window only so exactly. */
const UNCERTAIN_MS = 10_000;

export interface BudgetWorldOptions {
  limit?: number;
  windowSeconds?: number;
  /** The number of replicas that the operator configured. */
  minReplicas: number;
  /** How long a command to the store takes there and back. */
  latencyMs?: () => number;
  /** Whether callers share the budget. */
  hasCallers?: boolean;
  /** Whether upstream sends no rate-limit fields. */
  isSilent?: boolean;
  /** Whether upstream starts its windows at fixed times, rather than with the first request. */
  isByTheClock?: boolean;
}

/** How a request travels. */
export interface Trip {
  /** Until the request arrives. */
  requestMs?: number;
  /** Until the response arrives. */
  responseMs?: number;
  /** Whether the response is lost. */
  isLost?: boolean;
  /** Who needs the request, if callers share the budget. */
  caller?: BudgetCaller | undefined;
}

export interface BudgetReplica {
  store: MemoryReplica;
  budget: Budget;
  isDead: boolean;
  inFlight: number;
  /** What the last response reported, and of which window. */
  reported: { window: number; remaining: number };
}

/** Replicas with a shared budget, and an upstream that counts in fixed windows, all on one clock. */
export function createBudgetWorld({
  limit = 1200,
  windowSeconds = 300,
  minReplicas,
  latencyMs = () => 0,
  hasCallers = false,
  isSilent = false,
  isByTheClock = false,
}: BudgetWorldOptions) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock, minReplicas, latencyMs });
  const windowMs = windowSeconds * 1000;
  let window = { number: 0, endsAt: -Infinity, own: 0, foreign: 0 };
  let [over, knowinglyOver] = [0, 0];
  let hadUncertainEnd = false;

  function currentWindow() {
    if (clock.now() >= window.endsAt) {
      hadUncertainEnd ||= isSilent && clock.now() < window.endsAt + UNCERTAIN_MS;
      const startsAt = isByTheClock ? Math.floor(clock.now() / windowMs) * windowMs : clock.now();
      window = { number: window.number + 1, endsAt: startsAt + windowMs, own: 0, foreign: 0 };
    }
    return window;
  }

  /** Upstream receives a request. Returns its response. */
  function receive() {
    const { own, foreign, number, endsAt } = currentWindow();
    window.own = own + 1;
    if (window.own > limit) over += 1;
    const remaining = Math.max(0, limit - window.own - foreign);
    const response = reporting(remaining, Math.ceil((endsAt - clock.now()) / 1000), limit, windowSeconds);
    return { remaining, window: number, response: isSilent ? { status: 200, headers: {} } : response };
  }

  function open(options: Parameters<typeof store.connect>[0] = {}): BudgetReplica {
    const connection = store.connect(options);
    const budget = createSharedBudget({
      store: connection,
      key: KEY,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      hasCallers,
    });
    connection.onReconnect(() => budget.resync());
    return { store: connection, budget, isDead: false, inFlight: 0, reported: { window: 0, remaining: 0 } };
  }

  const after = (milliseconds: number, callback: () => void): void => {
    if (milliseconds === 0) callback();
    else clock.after(milliseconds, callback);
  };

  /** Sends a request if the budget lets it through, and returns whether it did. */
  async function send(
    replica: BudgetReplica,
    priority: Priority,
    { requestMs = 0, responseMs = 0, isLost = false, caller }: Trip = {},
  ): Promise<boolean> {
    const reservation = await Promise.try(() => replica.budget.reserve(priority, caller)).catch(() => null);
    if (reservation === null || replica.isDead) return false;
    const { reported } = replica;
    const isKnown = reported.window === window.number && clock.now() < window.endsAt;
    if (isKnown && reported.remaining - replica.inFlight < 1) knowinglyOver += 1;
    replica.inFlight += 1;
    after(requestMs, () => {
      const { response, ...report } = receive();
      after(responseMs, () => {
        if (replica.isDead) return;
        replica.inFlight -= 1;
        if (isLost) return reservation.release(true);
        const isLower = report.window > replica.reported.window || report.remaining < replica.reported.remaining;
        if (!isSilent && report.window >= replica.reported.window && isLower) replica.reported = report;
        return reservation.commit(response);
      });
    });
    return true;
  }

  return {
    clock,
    store,
    open,
    send,
    /** Tries to send `count` requests at the same moment, and returns how many the budget let through. */
    async burst(replica: BudgetReplica, priority: Priority, count: number, trip: Trip = {}): Promise<number> {
      const sent = Promise.all(Array.from({ length: count }, async () => send(replica, priority, trip)));
      await clock.pass(3000);
      return (await sent).filter(Boolean).length;
    },
    /** Another client of the token sends `count` requests. */
    spendElsewhere(count: number): void {
      currentWindow().foreign += count;
    },
    kill(replica: BudgetReplica): void {
      replica.isDead = true;
      replica.store.kill();
    },
    /** Requests of the gateway that exceeded upstream's limit, even without those of other clients. */
    over: () => over,
    /** Whether a window began so soon after the one before that a gateway without reports may confuse them, as documented. */
    hadUncertainEnd: () => hadUncertainEnd,
    /** Requests for which there was no room, as a response to the same replica had reported. */
    knowinglyOver: () => knowinglyOver,
    /** Requests of the gateway in upstream's current window. */
    used: () => window.own,
  };
}

export type BudgetWorld = ReturnType<typeof createBudgetWorld>;

/** The item at `index`, modulo the length of the list. */
export function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('The list is empty.');
  return found;
}
