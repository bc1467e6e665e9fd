import type { Clock } from './clock.ts';

/** The minimum time between two warnings about the same problem. */
const WARNING_INTERVAL_MS = 60_000;

/**
 * Limits a warning to one a minute, so that a problem that repeats does not flood the log. Call the returned function each time
 * the problem occurs, with the number of things affected. `warn` gets the total since the previous warning; the occurrences
 * after a warning count towards the next one.
 */
export function createThrottledWarning<Details extends unknown[]>(
  clock: Pick<Clock, 'now'>,
  warn: (count: number, ...details: Details) => void,
): (count: number, ...details: Details) => void {
  let warnedAt = -Infinity;
  let total = 0;
  return (count, ...details) => {
    total += count;
    const now = clock.now();
    if (now - warnedAt < WARNING_INTERVAL_MS) return;
    warn(total, ...details);
    warnedAt = now;
    total = 0;
  };
}
