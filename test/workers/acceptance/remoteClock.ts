import { createFakeClock as create, type FakeClock } from '../../support/fakeClock.ts';

export type { FakeClock };

const listeners = new Set<() => void>();

/** Creates a fake clock that reports when a test has advanced it. */
export function createFakeClock(startMs?: number): FakeClock {
  const clock = create(startMs);
  return {
    ...clock,
    advance(durationMs) {
      clock.advance(durationMs);
      for (const listener of listeners) listener();
    },
  };
}

/** Calls `listener` whenever a clock was advanced, until the returned function is called. */
export function onAdvance(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
