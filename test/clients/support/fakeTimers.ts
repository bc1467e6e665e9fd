import { expect, onTestFinished, vi } from 'vitest';

/** Stops the timers of the client, and makes `Math.random` return 0.77, until the test ends. The gateway has its own clock. */
export function fakeClientTimers() {
  vi.spyOn(Math, 'random').mockReturnValue(0.77);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const setTimeout = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => {
    setTimeout.mockRestore();
    vi.useRealTimers();
  });
  const delays = (): number[] => setTimeout.mock.calls.map(([, delayMs = 0]) => delayMs);

  return {
    /** Waits until the client has set a timer for a delay from `minMs` to `maxMs`, and returns the delay. */
    async waitForTimer(minMs: number, maxMs: number): Promise<number> {
      const inRange = (): number[] => delays().filter((delayMs) => delayMs >= minMs && delayMs <= maxMs);
      await expect.poll(() => inRange().length).toBeGreaterThan(0);
      return inRange()[0] ?? 0;
    },
    advance: (durationMs: number): void => void vi.advanceTimersByTime(durationMs),
    /** Waits until the client has set a timer for a delay, and lets it expire. */
    async expire(delayMs: number): Promise<void> {
      await this.waitForTimer(delayMs, delayMs);
      vi.advanceTimersByTime(delayMs);
    },
  };
}
