import type { SavedState } from '../lib/savedState.ts';
import { addClaim } from './reserve.ts';
import {
  available,
  type BudgetState,
  createBudgetState,
  MAX_TRANSIT_MS,
  parseBudget,
  serializeBudget,
  STATE_TTL_MS,
} from './window.ts';

export interface SavedBudgetOptions {
  savedState: SavedState;
  /** The key of the budget in the saved state. */
  key: string;
  /** The longest time that a request may be in flight. */
  requestTimeoutMs: number;
}

/**
 * Reads the state of a budget, and saves it again before each request. The saved text claims what is in flight: after an eviction, these
 * are requests whose responses were lost. So their responses are not saved, except those that show that less is left than the text says.
 */
export function createSavedBudget({ savedState, key, requestTimeoutMs }: SavedBudgetOptions, now: () => number) {
  /** The id of the claim. A process never changes that of the one before. */
  const self = crypto.randomUUID();
  const settleMs = requestTimeoutMs + MAX_TRANSIT_MS;
  const state = parseBudget(savedState.get(key)) ?? createBudgetState();
  /** What the saved text says of each limit, and the end of the last lockout. */
  let saved = { windows: new Map<string, { left: number; endsAt: number | null }>(), lockedOutUntil: 0 };

  function save(inFlight: number): void {
    const copy: BudgetState = { ...state, claims: new Map(state.claims), inFlight: 0 };
    addClaim(copy, self, inFlight, now() + settleMs);
    savedState.set(key, serializeBudget(copy), STATE_TTL_MS);
    const windows = Array.from(copy.windows, ([name, window]) => {
      return [name, { left: available(copy, window), endsAt: window.endsAt }] as const;
    });
    saved = { windows: new Map(windows), lockedOutUntil: copy.lockedOutUntil };
  }

  /** Whether the saved text would let requests through that the state does not. */
  function isOutdated(): boolean {
    if (state.lockedOutUntil > saved.lockedOutUntil) return true;
    return [...state.windows].some(([name, window]) => {
      const { left = Infinity, endsAt = null } = saved.windows.get(name) ?? {};
      // By the saved text, the next window would begin too early.
      const lastsLonger = window.endsAt !== null && (endsAt === null || endsAt < window.endsAt);
      return lastsLonger || available(state, window) < left;
    });
  }

  return {
    state,
    /** Counts one more request before it is sent. Throws if the storage fails: the request must not be sent then. */
    saveRequest: (): void => save(state.inFlight + 1),
    /** Saves what the outcome of a request has shown, if that matters. */
    saveOutcome: (): void => {
      if (!isOutdated()) return;
      try {
        save(state.inFlight);
      } catch {
        // The request has its response. The next one fails if the storage still does.
      }
    },
  };
}
