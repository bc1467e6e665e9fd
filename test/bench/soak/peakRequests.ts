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
    fixedWindow: Math.max(0, ...countPerFixedWindow(sorted, windowMs).map(({ count }) => count)),
    slidingWindow: maxInSlidingWindow(sorted, windowMs),
  };
}

/** The start of each of upstream's windows, and its requests. */
export function countPerFixedWindow(
  sortedMs: readonly number[],
  windowMs: number,
): { startsAt: number; count: number }[] {
  const windows: { startsAt: number; count: number }[] = [];
  for (const time of sortedMs) {
    const last = windows.at(-1);
    if (last === undefined || time >= last.startsAt + windowMs) windows.push({ startsAt: time, count: 1 });
    else last.count += 1;
  }
  return windows;
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
