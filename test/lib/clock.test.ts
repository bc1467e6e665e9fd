import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { systemClock } from '../../src/lib/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DAY_MS = 86_400_000;

test.each([1, 24, 25, 60, 1000])('a timer of %i days expires after that time, and not before', (days) => {
  const callback = vi.fn<() => void>();
  systemClock.after(days * DAY_MS, callback);
  vi.advanceTimersByTime(days * DAY_MS - 1);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
});

test('a timer can be cancelled at any time', () => {
  const callback = vi.fn<() => void>();
  const cancel = systemClock.after(60 * DAY_MS, callback);
  vi.advanceTimersByTime(40 * DAY_MS);
  cancel();
  vi.advanceTimersByTime(40 * DAY_MS);
  expect(callback).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
