/** Runs work at once while fewer than `most` of it is under way, else as soon as some of it has ended. */
export function createConcurrencyLimit(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];

  /** Hands its place on to the one that waits longest. */
  const end = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  function run<T>(work: () => Promise<T>): Promise<T> {
    const result = work();
    result.then(end, end);
    return result;
  }

  return (work) => {
    if (running >= most) return new Promise<void>((resolve) => waiting.push(resolve)).then(() => run(work));
    running += 1;
    return run(work);
  };
}
