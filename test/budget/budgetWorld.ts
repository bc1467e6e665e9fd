import { Quota } from '../../src/sandbox/quota.ts';
import type { Priority } from '../../src/realtimekit/requestContext.ts';
import type { Budget } from '../../src/budget/localBudget.ts';
import { createSharedBudget } from '../../src/budget/sharedBudget.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';

/** How long a request may be in flight in these tests. */
export const REQUEST_TIMEOUT_MS = 5000;
export const KEY = 'budget';
const TOKEN = 'token';

export interface BudgetWorldOptions {
  limit: number;
  windowSeconds?: number;
  /** The number of replicas that the operator configured. */
  minReplicas: number;
  /** How long a command to the store takes there and back. */
  latencyMs?: () => number;
  /** Whether upstream sends no rate-limit fields. */
  isSilent?: boolean;
}

/** How a request travels. */
export interface Trip {
  /** Until the request arrives. */
  requestMs?: number;
  /** Until the response arrives. */
  responseMs?: number;
  /** Whether the response is lost. */
  isLost?: boolean;
}

export interface BudgetReplica {
  store: MemoryReplica;
  budget: Budget;
  isDead: boolean;
}

/** Replicas with a shared budget, and an upstream that counts in fixed windows as the sandbox does, all on one clock. */
export function createBudgetWorld({
  limit,
  windowSeconds = 60,
  minReplicas,
  latencyMs = () => 0,
  isSilent = false,
}: BudgetWorldOptions) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock, minReplicas, latencyMs });
  const quota = new Quota();
  const settings = { limit, windowSeconds, lockoutSeconds: windowSeconds, enforced: false };
  let window = { endsAt: -Infinity, used: 0 };
  let over = 0;

  /** Upstream receives a request. Returns its response. */
  function receive() {
    if (clock.now() >= window.endsAt) window = { endsAt: clock.now() + windowSeconds * 1000, used: 0 };
    window.used += 1;
    if (window.used > limit) over += 1;
    const { headers } = quota.count(TOKEN, clock.now(), settings);
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    return { status: 200, headers: isSilent ? {} : Object.fromEntries(lowerCase) };
  }

  function open(options: Parameters<typeof store.connect>[0] = {}): BudgetReplica {
    const connection = store.connect(options);
    const budget = createSharedBudget({ store: connection, key: KEY, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    connection.onReconnect(() => budget.resync());
    return { store: connection, budget, isDead: false };
  }

  const after = (milliseconds: number, callback: () => void): void => {
    if (milliseconds === 0) callback();
    else clock.after(milliseconds, callback);
  };

  /** Sends a request if the budget lets it through, and returns whether it did. */
  async function send(
    replica: BudgetReplica,
    priority: Priority,
    { requestMs = 0, responseMs = 0, isLost = false }: Trip = {},
  ): Promise<boolean> {
    const reservation = await Promise.resolve(replica.budget.reserve(priority)).catch(() => null);
    if (reservation === null || replica.isDead) return false;
    after(requestMs, () => {
      const response = receive();
      after(responseMs, () => {
        if (replica.isDead) return;
        if (isLost) reservation.release(true);
        else reservation.commit(response);
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
      await clock.pass(1000);
      return (await sent).filter(Boolean).length;
    },
    kill(replica: BudgetReplica): void {
      replica.isDead = true;
      replica.store.kill();
    },
    /** Requests that exceeded upstream's limit. */
    over: () => over,
    /** Requests in upstream's current window. */
    used: () => window.used,
  };
}

export type BudgetWorld = ReturnType<typeof createBudgetWorld>;
