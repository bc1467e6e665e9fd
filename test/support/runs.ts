/** Whether to test many cases rather than few: `npm run test:thorough` sets THOROUGH=1. */
export const IS_THOROUGH = process.env['THOROUGH'] === '1';

/** A thorough run tests so many times more cases. */
const THOROUGH_FACTOR = 12;
/** Its tests may take so many times longer. */
const THOROUGH_TIMEOUT_FACTOR = 20;

/** The number of cases to test a property with: `usual`, or many times more in a thorough run. */
export function runs(usual: number): number {
  return IS_THOROUGH ? usual * THOROUGH_FACTOR : usual;
}

/** One in three of the `items`, starting with the one at `offset`, or all of them in a thorough run. */
export function someOf<Item>(items: readonly Item[], offset: number): Item[] {
  return items.filter((_item, index) => IS_THOROUGH || index % 3 === offset % 3);
}

/** A test's timeout in ms: `usualMs`, or longer in a thorough run. Generous, so that a busy machine fails no test. */
export function timeoutMs(usualMs: number): number {
  return IS_THOROUGH ? usualMs * THOROUGH_TIMEOUT_FACTOR : usualMs;
}

/**
 * The seeds to run a random scenario with: the first one, or all of them in a thorough run. The environment variable
 * SCENARIO_SEED overrides them, to repeat a failure or to look for a new one. Tests put `SCENARIO_SEED=…` into their titles.
 */
export function scenarioSeeds(...seeds: [number, ...number[]]): number[] {
  const chosen = process.env['SCENARIO_SEED'];
  if (chosen !== undefined) return [Number(chosen)];
  return IS_THOROUGH ? seeds : seeds.slice(0, 1);
}
