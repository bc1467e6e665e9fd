import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Budget } from './localBudget.ts';
import { copyBudget, markProvisional, merge, partition, rebase, unpartition } from './partition.ts';
import { commit, pressureOf, release, reserve, snapshotOf } from './reserve.ts';
import { parseBudget, serializeBudget } from './serialize.ts';
import { type BudgetState, createBudgetState } from './window.ts';

export interface SharedBudgetOptions {
  store: SharedStore;
  /** The key of the state in the store. */
  key: string;
  /** The longest time that a request may be in flight. */
  requestTimeoutMs: number;
}

/** How long the store keeps the state after its last change: longer than any window or lockout. */
const STATE_TTL_MS = 1_800_000;

/**
 * How long a replica stays partitioned after it has published what it spent alone: until the other replicas have published what
 * they spent, and their requests of that time have been answered.
 */
const REJOIN_GRACE_MS = 10_000;

/** Changes a state. An error that it throws goes to whoever requested the change, and affects no other change. */
type Change = (state: BudgetState, now: number) => void;

interface QueuedChange {
  change: Change;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** What became of one change. */
interface Outcome {
  error?: unknown;
}

/**
 * One budget for all replicas that use the same credential. Every change is applied to the shared state with a compare-and-swap,
 * and again to the newer state if another replica was faster. Changes requested at the same time share one swap. While the store
 * is unavailable, or has lost its data, each replica spends only its own partition of what was left.
 */
export function createSharedBudget({ store, key, requestTimeoutMs }: SharedBudgetOptions): Budget {
  /** The shared state as last read or written. `text` is null if the store had none. */
  let shared: { text: string | null; state: BudgetState } = { text: null, state: createBudgetState() };
  /** This replica's own state while it spends only its partition; null if it spends from the shared state. */
  let partitioned: BudgetState | null = null;
  /** When the shared state first included what this replica did alone; null if it does not yet. */
  let rejoinedAt: number | null = null;
  const inFlight = new Set<string>();
  let queue: QueuedChange[] = [];
  let isDraining = false;

  async function apply(change: Change): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ change, resolve, reject });
    if (!isDraining) void drainQueue();
    return promise;
  }

  async function drainQueue(): Promise<void> {
    isDraining = true;
    // Changes of the same microtask turn share one swap.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      const outcomes = await commitShared(batch.map(({ change }) => change));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const { error } = outcomes[index] ?? {};
        if (error === undefined) resolve();
        else reject(error);
      }
    }
    isDraining = false;
  }

  async function commitShared(changes: readonly Change[]): Promise<Outcome[]> {
    if (!store.isUp()) return commitLocal(changes);
    try {
      if (shared.text === null && partitioned === null) observe(await store.get(key));
      for (;;) {
        const now = store.now();
        const state = nextState(now);
        const outcomes = applyAll(state, changes, now);
        const text = serializeBudget(state);
        const { isSwapped, current } = await store.compareAndSwap(key, shared.text, text, STATE_TTL_MS);
        if (isSwapped) {
          if (partitioned !== null) rejoinedAt ??= now;
          const isGraceOver = rejoinedAt !== null && now - rejoinedAt >= REJOIN_GRACE_MS;
          partitioned = isGraceOver ? null : partitioned && state;
          shared = { text, state: unpartition(state) };
          return outcomes;
        }
        observe(current);
      }
    } catch {
      return commitLocal(changes);
    }
  }

  function commitLocal(changes: readonly Change[]): Outcome[] {
    return applyAll(enterPartition(), changes, store.now());
  }

  /**
   * Takes over the store's state. This replica spends only its partition if the state does not continue the one it knew, since
   * the store then lacks what this replica spent; or if it is this replica's first and no response has reported a limit yet.
   */
  function observe(text: string | null): void {
    const found = text === null ? null : parseBudget(text);
    const isOtherGeneration = found?.generation !== shared.state.generation;
    const isUnused = found?.defaultWindow?.endsAt === null;
    if (shared.text === null ? isUnused : isOtherGeneration) enterPartition();
    shared = { text, state: found ?? shared.state };
  }

  /** Makes this replica spend only its partition, until it has rejoined. */
  function enterPartition(): BudgetState {
    const now = store.now();
    if (partitioned === null) {
      const partitionCount = store.replicaCount();
      partitioned = partition(shared.state, { partitionCount, inFlight: inFlight.size, now });
    } else if (rejoinedAt !== null) {
      // The other replicas have spent from the shared state in the meantime, whatever this replica's partition was.
      partitioned = markProvisional(partitioned, now);
    }
    rejoinedAt = null;
    return partitioned;
  }

  /** A copy of the state to change and publish: the shared one, with what this replica learned alone. */
  function nextState(now: number): BudgetState {
    if (shared.text === null) return { ...copyBudget(enterPartition()), generation: crypto.randomUUID() };
    if (partitioned === null) return copyBudget(shared.state);
    return rejoinedAt === null ? merge(shared.state, partitioned, now) : rebase(shared.state, partitioned);
  }

  const applyInBackground = (change: Change): void => void apply(change).catch(() => {});
  const current = (): BudgetState => partitioned ?? shared.state;

  return {
    async reserve(priority) {
      const id = crypto.randomUUID();
      let sentAt = 0;
      await apply((state, now) => {
        sentAt = now;
        reserve(state, priority, id, { now, maxInFlightMs: requestTimeoutMs });
      });
      inFlight.add(id);
      return {
        commit(response) {
          applyInBackground((state, now) => commit(state, id, response, { sentAt, receivedAt: now }));
          inFlight.delete(id);
        },
        release(wasSent) {
          applyInBackground((state, now) => release(state, id, wasSent, now));
          inFlight.delete(id);
        },
      };
    },
    snapshot: () => snapshotOf(current(), store.now()),
    pressure: () => pressureOf(current(), store.now()),
    refresh: async () => apply(() => {}),
    resync() {
      if (partitioned !== null) applyInBackground(() => {});
    },
  };
}

function applyAll(state: BudgetState, changes: readonly Change[], now: number): Outcome[] {
  return changes.map((change) => {
    try {
      change(state, now);
      return {};
    } catch (error) {
      return { error };
    }
  });
}
