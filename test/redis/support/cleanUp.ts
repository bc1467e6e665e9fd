import { afterEach } from 'vitest';

const steps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  // What was started last depends on what was there before.
  for (const step of steps.splice(0).toReversed()) await step();
});

/** Runs `step` after the test, however it ended. */
export function afterTest(step: () => Promise<void> | void): void {
  steps.push(step);
}
