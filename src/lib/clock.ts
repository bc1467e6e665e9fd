/** A source of time and timers. It is injected, so that tests can move time by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once, in `ms` milliseconds. Call the returned function to cancel it. */
  after(ms: number, callback: () => void): () => void;
}

/** The clock and timers of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
