/** Counts pending work, so that a shutdown can wait for its end. */
export interface PendingWork {
  /** Counts one piece of work. Call the returned function when the work has ended; further calls have no effect. */
  start(): () => void;
  /** Counts `work` until it settles, and returns its result. */
  track<Result>(work: Promise<Result>): Promise<Result>;
  size(): number;
  /** Resolves as soon as no work is pending. */
  whenIdle(): Promise<void>;
}

export function createPendingWork(): PendingWork {
  const pending = new Set<symbol>();
  const idleCallbacks: (() => void)[] = [];

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
    track: async (work) => work.finally(start()),
    size: () => pending.size,
    whenIdle: async () => {
      if (pending.size > 0) await new Promise<void>((resolve) => idleCallbacks.push(resolve));
    },
  };
}
