import type { Clock } from '../clock.ts';

export interface DeadlineOptions {
  milliseconds: number;
  clock: Clock;
  /** The caller's own signal; its reason is passed on. */
  signal?: AbortSignal | undefined;
  /** What the work is rejected with when time is up. */
  expired: () => Error;
}

/** Runs `work` until it ends, its time is up or the caller leaves, whichever comes first; the work's signal tells it. */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const leave = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  const cancelTimer = clock.after(options.milliseconds, () => controller.abort(options.expired()));
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } finally {
    // Both at once, or each request would leave a timer and a listener behind until the caller's own end.
    cancelTimer();
    signal?.removeEventListener('abort', leave);
  }
}

/** Waits; rejects with the signal's reason when it is aborted meanwhile. */
export async function sleep(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let cancel = (): void => {};
  const elapsed = new Promise<void>((resolve) => {
    cancel = clock.after(milliseconds, resolve);
  });
  try {
    await unlessAborted(elapsed, signal);
  } finally {
    cancel();
  }
}

/** What `work` gives, or the signal's reason once that is aborted; the work itself may go on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(asError(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The work was cancelled.', { cause: reason });
}
