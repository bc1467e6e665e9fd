import { expect, onTestFinished, vi } from 'vitest';

/** Stops the timers of the client until the test ends. The gateway's clock is another one: `gateway.clock`. */
export function fakeClientTimers() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const setTimeout = vi.spyOn(globalThis, 'setTimeout');
  const delays = (): number[] => setTimeout.mock.calls.map(([, delayMs = 0]) => delayMs);
  return {
    /** Waits until the client has set a timer of at least `minMs`, and returns its delay in ms. */
    async waitForTimer(minMs: number): Promise<number> {
      await expect.poll(() => Math.max(0, ...delays())).toBeGreaterThanOrEqual(minMs);
      return delays().find((delayMs) => delayMs >= minMs) ?? 0;
    },
    /** The longest delay so far, in ms. */
    longestDelay: (): number => Math.max(0, ...delays()),
    advance: (durationMs: number): void => void vi.advanceTimersByTime(durationMs),
  };
}
