/**
 * Runs at most `maxRunning` tasks at the same time; further tasks wait for their turn, first come, first served.
 *
 * `p-limit` does the same, but every GraphQL operation creates a limit, and there it costs 4.5 µs instead of 0.1 µs.
 */
export function createConcurrencyLimit(maxRunning: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const queue: (() => void)[] = [];

  /** Passes the place of a task that has settled on to the next one. */
  const releasePlace = (): void => {
    const startNext = queue.shift();
    if (startNext === undefined) running -= 1;
    else startNext();
  };

  function run<T>(task: () => Promise<T>): Promise<T> {
    const result = task();
    result.then(releasePlace, releasePlace);
    return result;
  }

  return (task) => {
    if (running >= maxRunning) return new Promise<void>((resolve) => queue.push(resolve)).then(() => run(task));
    running += 1;
    return run(task);
  };
}
