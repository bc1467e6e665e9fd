import {
  available,
  type BudgetState,
  currentWindows,
  keptFromReads,
  type KeptForOthers,
  type RateLimitWindow,
} from './window.ts';

/**
 * The pressure of what is left alone may be this much higher than the pressure of the spending: near the end of a window, few
 * requests make a great difference to it.
 */
const WINDOW_TOLERANCE = 1.5;

/** What was spent of one limit, compared with an even pace. */
interface Pace {
  /** Requests that were spent ahead of the pace. It outlasts windows, so that the next one does not begin with the same excess. */
  ahead: number;
  /** When `ahead` was brought up to date, in milliseconds since the Unix epoch, and what was left then. */
  updatedAt: number;
  left: number;
  endsAt: number | null;
}

/**
 * Returns a function that measures how hard the budget for reads is pressed: 1 if it is spent no faster than it lasts; otherwise, what
 * a whole window allows divided by what is left of that after what was spent ahead of the pace. Infinity if nothing is left for reads.
 *
 * Each limit is a leaky bucket (the continuous-state leaky bucket of ITU-T I.371): what is spent fills it, and it drains at the pace at
 * which the rest of the budget lasts until its window ends. Call the function before each request, too: a bucket drains only while it
 * is not empty.
 */
export function createPressure(
  state: BudgetState,
  now: () => number,
  keptForOthers: () => KeptForOthers = () => none,
): () => number {
  /** By the name of the limit. */
  const paces = new Map<string, Pace>();

  function pressureOf(name: string, window: RateLimitWindow, time: number): number {
    const { limit, lengthMs, endsAt } = window;
    const kept = keptFromReads(window, keptForOthers());
    const reads = limit - kept;
    const left = available(state, window) - kept;
    const leftMs = endsAt === null ? lengthMs : Math.min(lengthMs, Math.max(1, endsAt - time));
    // Of a limit that has just been reported, only what is left is known.
    const aheadAtFirst = Math.max(0, (reads * leftMs) / lengthMs - left);
    const pace = paces.get(name) ?? { ahead: aheadAtFirst, updatedAt: time, left, endsAt };
    paces.set(name, pace);
    const isNewWindow = pace.endsAt !== null && (endsAt === null || endsAt - pace.endsAt > lengthMs / 2);
    const spent = isNewWindow ? 0 : pace.left - left;
    const drained = Math.min(reads / lengthMs, Math.max(0, left) / leftMs) * Math.max(0, time - pace.updatedAt);
    pace.ahead = Math.max(0, pace.ahead + spent - drained);
    pace.updatedAt = time;
    pace.left = left;
    pace.endsAt = endsAt;
    if (left <= 0 || pace.ahead >= reads) return Infinity;
    const windowPressure = leftMs / lengthMs / (left / reads);
    return Math.max(1 / (1 - pace.ahead / reads), windowPressure / WINDOW_TOLERANCE);
  }

  return () => {
    const time = now();
    currentWindows(state, time);
    let pressure = 1;
    for (const [name, window] of state.windows) pressure = Math.max(pressure, pressureOf(name, window, time));
    if (paces.size > state.windows.size)
      for (const name of paces.keys()) if (!state.windows.has(name)) paces.delete(name);
    return time < state.lockedOutUntil ? Infinity : pressure;
  };
}

const none: KeptForOthers = () => 0;
