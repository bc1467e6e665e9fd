import { expect } from 'vitest';

/** Polls `read` until it returns `expected`. Returns how many milliseconds that took. */
export async function timeUntil(read: () => unknown, expected: unknown, timeoutMs = 10_000): Promise<number> {
  const startedAt = performance.now();
  await expect.poll(read, { interval: 5, timeout: timeoutMs }).toEqual(expected);
  return performance.now() - startedAt;
}

/** Calls `check` again and again until `durationMs` have passed. */
export async function repeatFor(durationMs: number, check: () => Promise<void> | void = () => {}): Promise<void> {
  const startedAt = performance.now();
  const isOver = async (): Promise<boolean> => {
    await check();
    return performance.now() - startedAt >= durationMs;
  };
  await expect.poll(isOver, { interval: 20, timeout: durationMs + 5000 }).toBe(true);
}
