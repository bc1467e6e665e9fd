import { Quota } from '../../src/sandbox/quota.ts';
import type { Priority } from '../../src/realtimekit/requestContext.ts';
import type { Budget } from '../../src/budget/localBudget.ts';
import { createSharedBudget } from '../../src/budget/sharedBudget.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';

/** How long a request may be under way here, in milliseconds. */
export const HELD = 5000;
export const KEY = 'budget';
const TOKEN = 'token';

export interface BudgetWorldOptions {
  limit: number;
  windowSeconds?: number;
  /** How many replicas the operator says there are. */
  replicas: number;
  /** Of the store, in milliseconds. */
  latency?: () => number;
  /** Whether upstream tells nothing about its limit. */
  isSilent?: boolean;
}

/** How one request fares: milliseconds there and back, and whether its answer is lost. */
export interface Fare {
  up?: number;
  back?: number;
  isLost?: boolean;
}

export interface BudgetReplica {
  store: MemoryReplica;
  budget: Budget;
  isDead: boolean;
}

/** Replicas that pay from one budget, and an upstream that counts in fixed windows as the sandbox does, all on one clock. */
export function createBudgetWorld({ limit, windowSeconds = 60, isSilent = false, ...options }: BudgetWorldOptions) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock, ...options });
  const quota = new Quota();
  const settings = { limit, windowSeconds, lockSeconds: windowSeconds, enforced: false };
  let window = { endsAt: -Infinity, used: 0 };
  let over = 0;

  /** One request arrives. */
  function arrive() {
    if (clock.now() >= window.endsAt) window = { endsAt: clock.now() + windowSeconds * 1000, used: 0 };
    window.used += 1;
    if (window.used > limit) over += 1;
    const { headers } = quota.take(TOKEN, clock.now(), settings);
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    return { status: 200, headers: isSilent ? {} : Object.fromEntries(lower) };
  }

  function open(connection: Parameters<typeof store.connect>[0] = {}): BudgetReplica {
    const own = store.connect(connection);
    const budget = createSharedBudget({ store: own, key: KEY, requestTimeoutMs: HELD });
    own.onReconnect(() => budget.resync());
    return { store: own, budget, isDead: false };
  }

  const after = (milliseconds: number, callback: () => void): void => {
    if (milliseconds === 0) callback();
    else clock.after(milliseconds, callback);
  };

  /** Whether the budget lets it through. */
  async function send(replica: BudgetReplica, kind: Priority, { up = 0, back = 0, isLost = false }: Fare = {}) {
    const taken = await Promise.resolve(replica.budget.reserve(kind)).catch(() => null);
    if (taken === null || replica.isDead) return false;
    after(up, () => {
      const answer = arrive();
      after(back, () => {
        if (replica.isDead) return;
        if (isLost) taken.release(true);
        else taken.commit(answer);
      });
    });
    return true;
  }

  return {
    clock,
    store,
    open,
    send,
    arrive,
    /** How many of so many requests at the same moment are let through. */
    async burst(replica: BudgetReplica, kind: Priority, count: number, fare: Fare = {}): Promise<number> {
      const sent = Promise.all(Array.from({ length: count }, async () => send(replica, kind, fare)));
      await clock.pass(1000);
      return (await sent).filter(Boolean).length;
    },
    kill(replica: BudgetReplica): void {
      replica.isDead = true;
      replica.store.kill();
    },
    /** Requests that upstream had no room for. */
    over: () => over,
    used: () => window.used,
  };
}

export type BudgetWorld = ReturnType<typeof createBudgetWorld>;
