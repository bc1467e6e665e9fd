/** A source of time and timers. It is injected, so that tests can move time by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once, in `ms` milliseconds. Call the returned function to cancel it. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest delay of a platform timer, about 25 days. A timer with a longer one would expire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock and timers of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const wait = (restMs: number) =>
      restMs <= MAX_TIMER_MS
        ? setTimeout(callback, restMs)
        : setTimeout(() => (timer = wait(restMs - MAX_TIMER_MS)), MAX_TIMER_MS);
    let timer = wait(ms);
    return () => clearTimeout(timer);
  },
};
