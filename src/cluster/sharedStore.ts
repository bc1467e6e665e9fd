/**
 * What several replicas of the gateway have in common. Every promise rejects with `StoreAway` when the store does not answer in time;
 * nobody needs to wait for one that only tells.
 */
export interface SharedStore {
  /** Whether it can be reached, as far as is known. */
  isUp(): boolean;
  /** Calls `listener` each time that it can be reached again. `hasMissed`: what the others said meanwhile did not come. */
  onReconnect(listener: (hasMissed: boolean) => void): void;
  /** The store's time, in milliseconds since the Unix epoch, so that replicas agree whatever their clocks say. */
  now(): number;
  get(key: string): Promise<string | null>;
  /** Keeps a value for so many milliseconds. */
  set(key: string, value: string, milliseconds: number): Promise<void>;
  /** Puts `after` in the place of `before`, for so many milliseconds, if that is what is there; null: nothing. */
  compareAndSwap(key: string, before: string | null, after: string | null, milliseconds: number): Promise<SwapResult>;
  /** Tells all replicas, this one too. A message follows what was set before it. */
  publish(message: string): Promise<void>;
  subscribe(listener: (message: string) => void): void;
  /** How many replicas there may be: those that were seen lately, and as many as the operator said. */
  replicaCount(): number;
}

export interface SwapResult {
  isSwapped: boolean;
  /** What is there now. */
  current: string | null;
}

/** The store cannot be reached, or is too slow. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreAway';
}
