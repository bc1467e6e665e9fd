/** Counts pending work, so that a shutdown can wait for its end. */
export type PendingWork = ReturnType<typeof createPendingWork>;

export function createPendingWork() {
  const pending = new Set<symbol>();
  const idleCallbacks: (() => void)[] = [];

  /** Counts one piece of work. Call the returned function when the work has ended; further calls have no effect. */
  function start(): () => void {
    const id = Symbol('pending work');
    pending.add(id);
    return () => {
      pending.delete(id);
      if (pending.size > 0) return;
      for (const callback of idleCallbacks.splice(0)) callback();
    };
  }

  return {
    start,
    /** Counts `work` until it settles, and returns its result. */
    track: async <Result>(work: Promise<Result>): Promise<Result> => work.finally(start()),
    size: (): number => pending.size,
    /** Resolves as soon as no work is pending. */
    async whenIdle(): Promise<void> {
      if (pending.size > 0) await new Promise<void>((resolve) => idleCallbacks.push(resolve));
    },
  };
}
