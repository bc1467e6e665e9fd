import { afterEach } from 'vitest';

const steps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  // In reverse order: what was started later may depend on what was started earlier.
  for (const step of steps.splice(0).toReversed()) await step();
});

/** Runs `step` after the test, whether it passed or failed. */
export function afterTest(step: () => Promise<void> | void): void {
  steps.push(step);
}
