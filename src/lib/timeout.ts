import { Cancellation, type CancellationSignal } from './cancellation.ts';
import type { Clock } from './clock.ts';

export interface TimeoutOptions {
  timeoutMs: number;
  clock: Clock;
  /** Ends the work early, with the signal's reason. */
  signal?: CancellationSignal | undefined;
  /** Creates the error to reject with after the timeout. */
  createError: () => Error;
}

/**
 * Runs `work` and returns its result. Rejects after `timeoutMs`, or with the reason of `signal` when that is aborted first; either
 * aborts the signal that `work` gets, with the same reason.
 */
export function withTimeout<T>(
  { timeoutMs, clock, signal, createError }: TimeoutOptions,
  work: (signal: CancellationSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) return Promise.reject(toError(signal.reason));
  return new Promise((resolve, reject) => {
    const cancellation = new Cancellation();
    // Before there is a timer: an error that `work` throws synchronously would leave it behind. It rejects the promise, too.
    const running = work(cancellation);
    const abort = (reason: unknown): void => {
      end();
      cancellation.abort(reason);
      reject(toError(reason));
    };
    const onAbort = (): void => abort(signal?.reason);
    const cancelTimer = clock.after(timeoutMs, () => abort(createError()));
    signal?.addEventListener('abort', onAbort, { once: true });
    // Timers and listeners of finished requests would pile up until the caller's own signal ends.
    const end = (): void => {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
    };
    forward(running, { end, resolve, reject });
  });
}

/** Resolves after `ms` milliseconds. Rejects with the signal's reason if the signal is aborted first. */
export function sleep(ms: number, clock: Clock, signal?: CancellationSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancelTimer = clock.after(ms, resolve);
  return raceAbort(promise, signal, cancelTimer);
}

/**
 * Settles as `work` does. If the signal is aborted first, rejects with its reason and calls `onAborted`. The work itself is not
 * cancelled.
 */
export function raceAbort<T>(
  work: Promise<T>,
  signal: CancellationSignal | undefined,
  onAborted?: () => void,
): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(toError(signal.reason));
      onAborted?.();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const end = (): void => signal.removeEventListener('abort', onAbort);
    forward(work, { end, resolve, reject });
  });
}

interface Settling<T> {
  /** Called first. */
  end: () => void;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
}

/** Passes on how `work` settles. */
function forward<T>(work: Promise<T>, { end, resolve, reject }: Settling<T>): void {
  work.then(
    (value) => {
      end();
      return resolve(value);
    },
    (error: unknown) => {
      end();
      reject(toError(error));
    },
  );
}

export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The operation was aborted.', { cause: reason });
}
