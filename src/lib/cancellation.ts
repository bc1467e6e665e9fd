/** The part of the platform's `AbortSignal` that the gateway uses. */
export interface CancellationSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * An abort controller and its signal in one object, for use inside the gateway. Every read needs some, and the platform's take
 * several times as long. Functions of the platform, such as `fetch`, do not accept it.
 */
export class Cancellation implements CancellationSignal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: (() => void)[] = [];

  /** Calls the listeners, in the order in which they were added. Further calls have no effect. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }
}

/** Returns a cancellation that aborts with `signal` and its reason. */
export function followSignal(signal: CancellationSignal): Cancellation {
  const cancellation = new Cancellation();
  const abort = (): void => cancellation.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return cancellation;
}
