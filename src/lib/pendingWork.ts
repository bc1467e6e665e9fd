/** Counts pending work, so that a shutdown can wait for its end. */
export type PendingWork = ReturnType<typeof createPendingWork>;

export function createPendingWork() {
  let pending = 0;
  const idleCallbacks: (() => void)[] = [];

  /** Counts one piece of work. Call the returned function when the work has ended; further calls have no effect. */
  function start(): () => void {
    let hasEnded = false;
    pending += 1;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      pending -= 1;
      if (pending > 0) return;
      for (const callback of idleCallbacks.splice(0)) callback();
    };
  }

  return {
    start,
    /** Counts `work` until it settles, and returns its result. */
    track: async <Result>(work: Promise<Result>): Promise<Result> => work.finally(start()),
    size: (): number => pending,
    /** Resolves as soon as no work is pending. */
    async whenIdle(): Promise<void> {
      if (pending > 0) await new Promise<void>((resolve) => idleCallbacks.push(resolve));
    },
  };
}
