/**
 * A synchronous key-value store that survives this process, for runtimes that may evict the gateway at any moment and start it again with
 * empty memory. Nobody else writes to it. What the gateway sends after a write must not leave before the write is durable.
 *
 * Keys have at most 256 characters; keys and texts contain no secrets. Both methods throw if the storage fails.
 */
export interface SavedState {
  /** Null if nothing is saved under `key`, or if its time has passed. */
  get(key: string): string | null;
  /** Replaces what is saved under `key`. After `ttlMs` milliseconds, `get` returns null. */
  set(key: string, text: string, ttlMs: number): void;
}
