/** Whether the tests run thoroughly rather than quickly: `npm run test:thorough` sets THOROUGH=1. */
export const IS_THOROUGH = process.env['THOROUGH'] === '1';

/** How many times longer a thorough run takes over a property. */
const THOROUGH_FACTOR = 20;

/** How many cases a property is tested with: `usual`, or many times more in a thorough run. */
export function runs(usual: number): number {
  return IS_THOROUGH ? usual * THOROUGH_FACTOR : usual;
}

/** A test's timeout in ms: `usualMs`, or longer in a thorough run. Generous, so that a busy machine fails no test. */
export function timeoutMs(usualMs: number): number {
  return IS_THOROUGH ? usualMs * THOROUGH_FACTOR : usualMs;
}

/**
 * The seeds that a test with a random story of its own runs with: the first one, or all of them in a thorough run.
 * STORY_SEED=7 picks any seed, to repeat a failure or to look for a new one.
 */
export function storySeeds(...seeds: [number, ...number[]]): number[] {
  const chosen = process.env['STORY_SEED'];
  if (chosen !== undefined) return [Number(chosen)];
  return IS_THOROUGH ? seeds : seeds.slice(0, 1);
}
