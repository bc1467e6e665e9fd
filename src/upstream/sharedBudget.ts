import type { SharedStore } from '../sharedStore.ts';
import type { Budget } from './budget.ts';
import {
  abandon,
  type BudgetState,
  divided,
  joined,
  newBudgetState,
  pressureOf,
  settle,
  take,
  viewOf,
} from './budgetState.ts';
import { budgetFromText, budgetToText } from './budgetText.ts';

export interface SharedBudgetOptions {
  store: SharedStore;
  /** Where it is kept. */
  key: string;
  /** Milliseconds after which a request is certainly not under way any more. */
  held: number;
}

/** How long it is kept after its last change, in milliseconds: longer than any window or lock lasts. */
const KEPT = 1_800_000;
/** How long the own part still binds a replica once the store is back, in milliseconds: by then all have told what they spent. */
const ALL_ARE_BACK = 5000;

/** Does something to what is known of the limits; what it throws concerns only who asked for it. */
type Change = (state: BudgetState, now: number) => void;

/**
 * One budget for all replicas that use a credential. Each change is made to the state that all have in common, unless another replica
 * was faster: then to that one's. Changes that come at the same time are made at once. While the store is away each replica goes on with
 * its own part of what was left, and for a moment after, until all have told what they spent meanwhile.
 */
export function createSharedBudget({ store, key, held }: SharedBudgetOptions): Budget {
  /** The state as it was last seen in common; null: there was none. */
  let seen: { text: string | null; state: BudgetState } = { text: null, state: newBudgetState() };
  /** The own part, while there is nothing in common. */
  let alone: BudgetState | null = null;
  /** When what was spent of it was told, in the store's time; null: it is not. */
  let toldAt: number | null = null;
  let waiting: { change: Change; done: () => void; failed: (error: unknown) => void }[] = [];
  let isBusy = false;
  let hearsOfReturn = false;

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
      const outcomes = await makeTogether(batch.map((one) => one.change));
      for (const [index, { done, failed }] of batch.entries()) {
        const { error } = outcomes[index] ?? {};
        if (error === undefined) done();
        else failed(error);
      }
    }
    isBusy = false;
  }

  async function makeTogether(changes: readonly Change[]): Promise<Outcome[]> {
    if (toldAt !== null && store.now() - toldAt >= ALL_ARE_BACK) alone = null;
    if (alone === null) toldAt = null;
    if (!store.isUp()) return makeAlone(changes);
    const own = alone && apply(alone, changes, store.now());
    const allowed = changes.filter((_change, index) => own?.[index]?.error === undefined);
    try {
      const outcomes = await makeInCommon(allowed);
      if (alone !== null) toldAt ??= store.now();
      return own === null
        ? outcomes
        : own.map(({ error }) => (error === undefined ? (outcomes.shift() ?? {}) : { error }));
    } catch {
      toldAt = null;
      return own ?? makeAlone(changes);
    }
  }

  async function makeInCommon(changes: readonly Change[]): Promise<Outcome[]> {
    for (;;) {
      const state = stateFor(seen.text);
      const outcomes = apply(state, changes, store.now());
      const text = budgetToText(state);
      const { isSwapped, current } = await store.swap(key, seen.text, text, KEPT);
      if (isSwapped) {
        seen = { text, state };
        return outcomes;
      }
      // What was seen goes on being known where there is nothing in common any more.
      seen = { text: current, state: current === null ? seen.state : (budgetFromText(current) ?? seen.state) };
    }
  }

  /** What all know, and what this replica has learned by itself. */
  function stateFor(text: string | null): BudgetState {
    const common = (text === null ? null : budgetFromText(text)) ?? seen.state;
    return alone === null || toldAt !== null ? copyOf(common) : joined(common, alone);
  }

  function makeAlone(changes: readonly Change[]): Outcome[] {
    alone ??= divided(seen.state, store.replicas(), store.now());
    toldAt = null;
    // The others are to know what was spent here even if nothing more is.
    if (!hearsOfReturn) store.onUp(() => alone !== null && tell(() => {}));
    hearsOfReturn = true;
    return apply(alone, changes, store.now());
  }

  /** Nobody waits for what only tells. */
  const tell = (work: Change): void => void change(work).catch(() => {});
  const current = (): BudgetState => alone ?? seen.state;

  return {
    async spend(kind) {
      const id = crypto.randomUUID();
      let sentAt = 0;
      await change((state, now) => {
        sentAt = now;
        take(state, kind, id, { now, held });
      });
      return {
        answered: (answer) => tell((state, now) => settle(state, id, answer, { now, sentAt })),
        failed: (unsent) => tell((state, now) => abandon(state, id, unsent, now)),
      };
    },
    view: () => viewOf(current(), store.now()),
    pressure: () => pressureOf(current(), store.now()),
    refresh: async () => change(() => {}),
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

function copyOf({ assumed, told, tickets, ...rest }: BudgetState): BudgetState {
  const copies = [...told].map(([name, window]) => [name, { ...window }] as const);
  return { ...rest, assumed: assumed && { ...assumed }, told: new Map(copies), tickets: new Map(tickets) };
}
