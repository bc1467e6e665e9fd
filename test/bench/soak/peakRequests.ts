/** The highest number of requests in one rate-limit window. */
export interface PeakRequests {
  /** In upstream's fixed windows. Each window begins with the first request after the previous window's end. */
  fixedWindow: number;
  /** In any period as long as a window. */
  slidingWindow: number;
}

/** Finds the peaks of the request times `timesMs`, in any order. */
export function findPeakRequests(timesMs: readonly number[], windowMs: number): PeakRequests {
  const sorted = timesMs.toSorted((left, right) => left - right);
  return {
    fixedWindow: Math.max(0, ...countPerFixedWindow(sorted, windowMs)),
    slidingWindow: maxInSlidingWindow(sorted, windowMs),
  };
}

function countPerFixedWindow(sortedMs: readonly number[], windowMs: number): number[] {
  const counts: number[] = [];
  let endsAt = -Infinity;
  for (const time of sortedMs) {
    if (time >= endsAt) {
      endsAt = time + windowMs;
      counts.push(0);
    }
    counts.push((counts.pop() ?? 0) + 1);
  }
  return counts;
}

function maxInSlidingWindow(sortedMs: readonly number[], windowMs: number): number {
  let first = 0;
  let max = 0;
  for (const [index, time] of sortedMs.entries()) {
    while ((sortedMs[first] ?? time) <= time - windowMs) first += 1;
    max = Math.max(max, index - first + 1);
  }
  return max;
}
