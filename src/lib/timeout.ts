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
  return new Promise<T>((resolve, reject) => {
    const cancellation = new Cancellation();
    const cancel = (reason: unknown): void => {
      cleanUp();
      reject(toError(reason));
      cancellation.abort(reason);
    };
    const onAbort = (): void => cancel(signal?.reason);
    const cancelTimer = clock.after(timeoutMs, () => cancel(createError()));
    signal?.addEventListener('abort', onAbort, { once: true });
    /** Without this, timers and listeners of finished requests would pile up until the caller's own signal ends. */
    function cleanUp(): void {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
    }
    settleAs(start(work, cancellation), { resolve, reject }, cleanUp);
  });
}

/** Turns an error that `work` throws synchronously into a rejection. */
function start<T>(work: (signal: CancellationSignal) => Promise<T>, signal: CancellationSignal): Promise<T> {
  try {
    return work(signal);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Resolves after `ms` milliseconds. Rejects with the signal's reason if the signal is aborted first. */
export function sleep(ms: number, clock: Clock, signal?: CancellationSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.reject(toError(signal.reason));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
      reject(toError(signal?.reason));
    };
    const cancelTimer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Settles as `work` does, or rejects with the signal's reason if the signal is aborted first. The work itself is not cancelled. */
export function raceAbort<T>(work: Promise<T>, signal: CancellationSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(toError(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    settleAs(work, { resolve, reject }, () => signal.removeEventListener('abort', onAbort));
  });
}

/** Settles a promise as `work` settles, unless the promise is settled already. Calls `cleanUp` first. */
export function settleAs<T>(
  work: Promise<T>,
  { resolve, reject }: { resolve: (value: T) => void; reject: (error: unknown) => void },
  cleanUp: () => void,
): void {
  work.then(
    (value) => {
      cleanUp();
      return resolve(value);
    },
    (error: unknown) => {
      cleanUp();
      reject(error);
    },
  );
}

export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The operation was aborted.', { cause: reason });
}
