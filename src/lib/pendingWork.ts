/** Counts what is under way, so that its end can be waited for. */
export interface PendingWork {
  /** Notes that something begins; call what it returns when that has ended. */
  start(): () => void;
  /** Counts `work` until it settles, and gives it back. */
  track<Result>(work: Promise<Result>): Promise<Result>;
  size(): number;
  /** Resolves once nothing is under way. */
  whenIdle(): Promise<void>;
}

export function createPendingWork(): PendingWork {
  const running = new Set<symbol>();
  const waiting: (() => void)[] = [];

  function start(): () => void {
    const one = Symbol('one');
    running.add(one);
    return () => {
      running.delete(one);
      if (running.size > 0) return;
      for (const resolve of waiting.splice(0)) resolve();
    };
  }

  return {
    start,
    track: async (work) => work.finally(start()),
    size: () => running.size,
    whenIdle: async () => {
      if (running.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
