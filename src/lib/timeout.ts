import type { Clock } from './clock.ts';

export interface DeadlineOptions {
  milliseconds: number;
  clock: Clock;
  /** The caller's own signal; its reason is passed on. */
  signal?: AbortSignal | undefined;
  /** What the work is rejected with when time is up. */
  expired: () => Error;
}

/** Runs `work` until it ends, its time is up or the caller leaves, whichever comes first; the work's signal tells it. */
export function withTimeout<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, signal } = options;
  if (signal?.aborted === true) return Promise.reject(asError(signal.reason));
  const outcome = Promise.withResolvers<T>();
  const controller = new AbortController();
  const giveUp = (reason: unknown): void => {
    end();
    outcome.reject(asError(reason));
    controller.abort(reason);
  };
  const leave = (): void => giveUp(signal?.reason);
  const cancelTimer = clock.after(options.milliseconds, () => giveUp(options.expired()));
  signal?.addEventListener('abort', leave);
  /** Timer and listener at once, or each request would leave both behind until the caller's own end. */
  function end(): void {
    cancelTimer();
    signal?.removeEventListener('abort', leave);
  }
  // Within a promise, so that work that throws at once is no other case.
  return settleFrom(new Promise<T>((start) => start(work(controller.signal))), outcome, end);
}

/** Waits; rejects with the signal's reason when it is aborted meanwhile. */
export async function sleep(milliseconds: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let cancel = (): void => {};
  const elapsed = new Promise<void>((resolve) => {
    cancel = clock.after(milliseconds, resolve);
  });
  try {
    await raceAbort(elapsed, signal);
  } finally {
    cancel();
  }
}

/** What `work` gives, or the signal's reason once that is aborted; the work itself may go on. */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const outcome = Promise.withResolvers<T>();
  const onAbort = (): void => outcome.reject(asError(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return settleFrom(work, outcome, () => signal.removeEventListener('abort', onAbort));
}

/** `outcome`'s promise: it ends as `work` does, after `end` has cleared up, unless it has been settled before. */
function settleFrom<T>(work: Promise<T>, outcome: PromiseWithResolvers<T>, end: () => void): Promise<T> {
  work.then(
    (value) => {
      end();
      return outcome.resolve(value);
    },
    (error: unknown) => {
      end();
      outcome.reject(error);
    },
  );
  return outcome.promise;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The work was cancelled.', { cause: reason });
}
