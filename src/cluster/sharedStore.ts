/**
 * A key-value store with publish and subscribe that all replicas of the gateway share. Every promise rejects with
 * `StoreUnavailableError` if the store does not answer in time.
 */
export interface SharedStore {
  /** Whether the store could be reached at the last attempt. */
  isUp(): boolean;
  /** Calls `listener` each time the store can be reached again. `mayHaveMissed`: messages may have been lost in the meantime. */
  onReconnect(listener: (mayHaveMissed: boolean) => void): void;
  /** The store's time in milliseconds since the Unix epoch. Replicas agree on it, whatever their own clocks say. */
  now(): number;
  /** Null if the store has no value for `key`. */
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /**
   * Sets `key` to `next` for `ttlMs`, but only if its value is `expected`. Null stands for no value. `current` is the value after the
   * call. Atomic.
   */
  compareAndSwap(
    key: string,
    expected: string | null,
    next: string | null,
    ttlMs: number,
  ): Promise<{ isSwapped: boolean; current: string | null }>;
  /**
   * Returns the value of `key`. Takes `lock` if it is free, unless the value is JSON that begins with `{"logical":` and a number
   * greater than `newerThan`. Atomic.
   */
  getOrLock(key: string, newerThan: number, lock: Lock): Promise<{ value: string | null; isLocked: boolean }>;
  /** Sends `message` to all replicas, including this one. Who receives it also sees what was set before. */
  publish(message: string): Promise<void>;
  subscribe(listener: (message: string) => void): void;
  /** How many replicas there may be: as many as were active lately, and at least as many as the operator configured. */
  replicaCount(): number;
}

/** A key that `holder` has as its value for `ttlMs`, unless it has one already. */
interface Lock {
  key: string;
  holder: string;
  ttlMs: number;
}

/** The store cannot be reached, or is too slow. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}
