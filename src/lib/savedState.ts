/**
 * A synchronous key-value store that survives this process, for runtimes that may evict the gateway at any moment and start it again with
 * empty memory. Nobody else writes to it. What the gateway sends after a write must not leave before the write is durable.
 *
 * Keys have at most 256 characters; keys and texts contain no secrets. Each method throws if the storage fails.
 */
export interface SavedState {
  /** Null if nothing is saved under `key`, or if its time has passed. */
  get(key: string): string | null;
  /** Replaces what is saved under `key`. It need not be kept for longer than `ttlMs` milliseconds. */
  set(key: string, text: string, ttlMs: number): void;
  delete(key: string): void;
}
