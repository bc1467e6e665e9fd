import type { Clock } from './clock.ts';

export interface TimeoutOptions {
  timeoutMs: number;
  clock: Clock;
  /** Ends the work early, with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Creates the error to reject with after the timeout. */
  createError: () => Error;
}

/**
 * Runs `work` and returns its result. Rejects after `timeoutMs`, or with the reason of `signal` when that is aborted first; either
 * aborts the signal that `work` gets, with the same reason.
 */
export function withTimeout<T>(options: TimeoutOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, signal } = options;
  if (signal?.aborted === true) return Promise.reject(toError(signal.reason));
  const outcome = Promise.withResolvers<T>();
  const controller = new AbortController();
  const cancel = (reason: unknown): void => {
    cleanUp();
    outcome.reject(toError(reason));
    controller.abort(reason);
  };
  const onAbort = (): void => cancel(signal?.reason);
  const cancelTimer = clock.after(options.timeoutMs, () => cancel(options.createError()));
  signal?.addEventListener('abort', onAbort);
  /** Without this, timers and listeners of finished requests would pile up until the caller's own signal ends. */
  function cleanUp(): void {
    cancelTimer();
    signal?.removeEventListener('abort', onAbort);
  }
  // The constructor turns a synchronous throw of `work` into a rejection.
  const result = new Promise<T>((resolve) => resolve(work(controller.signal)));
  return settleWith(result, outcome, cleanUp);
}

/** Resolves after `ms` milliseconds. Rejects with the signal's reason if the signal is aborted first. */
export async function sleep(ms: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let cancelTimer = (): void => {};
  const elapsed = new Promise<void>((resolve) => {
    cancelTimer = clock.after(ms, resolve);
  });
  try {
    await raceAbort(elapsed, signal);
  } finally {
    cancelTimer();
  }
}

/** Settles as `work` does, or rejects with the signal's reason if the signal is aborted first. The work itself is not cancelled. */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const outcome = Promise.withResolvers<T>();
  const onAbort = (): void => outcome.reject(toError(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return settleWith(work, outcome, () => signal.removeEventListener('abort', onAbort));
}

/** Settles `outcome` as `work` settles, unless it is settled already, and cleans up first. Returns the promise of `outcome`. */
function settleWith<T>(work: Promise<T>, outcome: PromiseWithResolvers<T>, cleanUp: () => void): Promise<T> {
  work.then(
    (value) => {
      cleanUp();
      return outcome.resolve(value);
    },
    (error: unknown) => {
      cleanUp();
      outcome.reject(error);
    },
  );
  return outcome.promise;
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The operation was aborted.', { cause: reason });
}
