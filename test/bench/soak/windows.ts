/** How many requests fell into one window at most. */
export interface Most {
  /** Of the windows in which upstream counts: each begins with the first request after the one before. */
  counted: number;
  /** Of all stretches of that length, wherever they begin. */
  anywhere: number;
}

/** Of `times`, in milliseconds, and windows of that length. */
export function mostInWindow(times: readonly number[], length: number): Most {
  const sorted = times.toSorted((one, other) => one - other);
  return { counted: Math.max(0, ...countedIn(sorted, length)), anywhere: mostAnywhere(sorted, length) };
}

function countedIn(sorted: readonly number[], length: number): number[] {
  const counts: number[] = [];
  let endsAt = -Infinity;
  for (const time of sorted) {
    if (time >= endsAt) {
      endsAt = time + length;
      counts.push(0);
    }
    counts.push((counts.pop() ?? 0) + 1);
  }
  return counts;
}

function mostAnywhere(sorted: readonly number[], length: number): number {
  let first = 0;
  let most = 0;
  for (const [index, time] of sorted.entries()) {
    while ((sorted[first] ?? time) <= time - length) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
