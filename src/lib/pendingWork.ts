/** Counts what is under way, so that its end can be waited for. */
export interface UnderWay {
  /** Notes that something begins; call what it returns when that has ended. */
  begin(): () => void;
  /** Counts `work` until it settles, and gives it back. */
  during<Result>(work: Promise<Result>): Promise<Result>;
  size(): number;
  /** Resolves once nothing is under way. */
  none(): Promise<void>;
}

export function createUnderWay(): UnderWay {
  const running = new Set<symbol>();
  const waiting: (() => void)[] = [];

  function begin(): () => void {
    const one = Symbol('one');
    running.add(one);
    return () => {
      running.delete(one);
      if (running.size > 0) return;
      for (const resolve of waiting.splice(0)) resolve();
    };
  }

  return {
    begin,
    during: async (work) => work.finally(begin()),
    size: () => running.size,
    none: async () => {
      if (running.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
