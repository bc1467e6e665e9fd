import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Budget } from './localBudget.ts';
import { copyOf, partition, markProvisional, merge, rebase, unpartition } from './partition.ts';
import { release, pressureOf, commit, reserve, snapshotOf } from './reserve.ts';
import { budgetFromText, budgetToText } from './serialize.ts';
import { type BudgetState, newBudgetState } from './window.ts';

export interface SharedBudgetOptions {
  store: SharedStore;
  /** Where it is kept. */
  key: string;
  /** Milliseconds after which a request is certainly not under way any more. */
  held: number;
}

/** How long it is kept after its last change, in milliseconds: longer than any window or lock lasts. */
const KEPT = 1_800_000;

/**
 * How long each replica keeps to its own part after it was alone, in milliseconds: until the others have told what they did meanwhile,
 * and their requests of that time are answered.
 */
const REJOIN_GRACE_MS = 10_000;

/** Does something to what is known of the limits; what it throws concerns only who asked for it. */
type Change = (state: BudgetState, now: number) => void;

/**
 * One budget for all replicas that use a credential. Each change is made to the state that all have in common, unless another replica
 * was faster: then to that one's. Changes that come at the same time are made at once. While the store is away, or has forgotten, each
 * replica keeps to its own part of what was left.
 */
export function createSharedBudget({ store, key, held }: SharedBudgetOptions): Budget {
  /** The state as it was last seen in common; null: there was none. */
  let seen: { text: string | null; state: BudgetState } = { text: null, state: newBudgetState() };
  /** What is known here, while this replica keeps to its own part. */
  let partitioned: BudgetState | null = null;
  /** Since when the others know it too; null: they do not. */
  let joinedAt: number | null = null;
  const underWay = new Set<string>();
  let waiting: { change: Change; done: () => void; failed: (error: unknown) => void }[] = [];
  let isBusy = false;

  async function change(work: Change): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ change: work, done: resolve, failed: reject });
    if (!isBusy) void makeChanges();
    return promise;
  }

  async function makeChanges(): Promise<void> {
    isBusy = true;
    // Those that come in the same turn are made at once.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const outcomes = await commitShared(batch.map((one) => one.change));
      for (const [index, { done, failed }] of batch.entries()) {
        const { error } = outcomes[index] ?? {};
        if (error === undefined) done();
        else failed(error);
      }
    }
    isBusy = false;
  }

  async function commitShared(changes: readonly Change[]): Promise<Outcome[]> {
    if (!store.isUp()) return commitLocal(changes);
    try {
      if (seen.text === null && partitioned === null) observe(await store.get(key));
      for (;;) {
        const now = store.now();
        const state = nextState(now);
        const outcomes = apply(state, changes, now);
        const text = budgetToText(state);
        const { isSwapped, current } = await store.compareAndSwap(key, seen.text, text, KEPT);
        if (isSwapped) {
          if (partitioned !== null) joinedAt ??= now;
          const isReunited = joinedAt !== null && now - joinedAt >= REJOIN_GRACE_MS;
          partitioned = isReunited ? null : partitioned && state;
          seen = { text, state: unpartition(state) };
          return outcomes;
        }
        observe(current);
      }
    } catch {
      return commitLocal(changes);
    }
  }

  /**
   * Takes in what is in common now, if it goes on from what was: else what this replica knows the others have yet to learn. Of what no
   * answer has told yet each has but a part.
   */
  function observe(current: string | null): void {
    const found = current === null ? null : budgetFromText(current);
    const isNew = found?.origin !== seen.state.origin;
    const isUntold = found?.assumed?.endsAt === null;
    if (seen.text === null ? isUntold : isNew) keepToOwnPart();
    seen = { text: current, state: found ?? seen.state };
  }

  function keepToOwnPart(): BudgetState {
    const now = store.now();
    if (partitioned === null)
      partitioned = partition(seen.state, { parts: store.replicaCount(), inFlight: underWay.size, now });
    // The others have spent of what all had in common, whatever this one's part was.
    else if (joinedAt !== null) partitioned = markProvisional(partitioned, now);
    joinedAt = null;
    return partitioned;
  }

  /** What all know, and what this replica has learned by itself: to be changed, and then told. */
  function nextState(now: number): BudgetState {
    if (seen.text === null) return { ...copyOf(keepToOwnPart()), origin: crypto.randomUUID() };
    if (partitioned === null) return copyOf(seen.state);
    return joinedAt === null ? merge(seen.state, partitioned, now) : rebase(seen.state, partitioned);
  }

  function commitLocal(changes: readonly Change[]): Outcome[] {
    return apply(keepToOwnPart(), changes, store.now());
  }

  /** Nobody waits for what only tells. */
  const tell = (work: Change): void => void change(work).catch(() => {});
  const current = (): BudgetState => partitioned ?? seen.state;

  return {
    async reserve(priority) {
      const id = crypto.randomUUID();
      let sentAt = 0;
      await change((state, now) => {
        sentAt = now;
        reserve(state, priority, id, { now, held });
      });
      underWay.add(id);
      return {
        commit(answer) {
          tell((state, now) => commit(state, id, answer, { now, sentAt }));
          underWay.delete(id);
        },
        release(wasSent) {
          tell((state, now) => release(state, id, wasSent, now));
          underWay.delete(id);
        },
      };
    },
    snapshot: () => snapshotOf(current(), store.now()),
    pressure: () => pressureOf(current(), store.now()),
    refresh: async () => change(() => {}),
    resync() {
      if (partitioned !== null) tell(() => {});
    },
  };
}

interface Outcome {
  error?: unknown;
}

function apply(state: BudgetState, changes: readonly Change[], now: number): Outcome[] {
  return changes.map((work) => {
    try {
      work(state, now);
      return {};
    } catch (error) {
      return { error };
    }
  });
}
