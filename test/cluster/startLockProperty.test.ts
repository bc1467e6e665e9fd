import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runs } from '../support/runs.ts';
import { createWorld, MINUTE, OTHER, resultOf } from './startWorld.ts';

const RUNS = runs(50);

interface Story {
  /** How long commands to the store take, in turn, in milliseconds. */
  latencies: number[];
  trips: { requestMs: number; responseMs: number; isLost: boolean }[];
  /** When each replica starts, what, and how long it lives then. In milliseconds; null: it does not die. */
  starters: { startsAt: number; isOther: boolean; lifetimeMs: number | null }[];
}

/** Stories in which all start the same (`isOther`: a constant), or one of two. */
function stories(rejectsSecond: boolean, isOther: fc.Arbitrary<boolean>): fc.Arbitrary<Story> {
  const delay = fc.constantFrom(0, 50, 900, 2900);
  return fc.record({
    latencies: fc.array(fc.constantFrom(0, 5, 150), { minLength: 1 }),
    trips: fc.array(fc.record({ requestMs: delay, responseMs: delay, isLost: fc.boolean() }), { minLength: 1 }),
    starters: fc.array(
      fc.record({
        startsAt: rejectsSecond ? fc.constantFrom(0, 0, 30, 700) : fc.constant(0),
        isOther,
        lifetimeMs: fc.option(fc.constantFrom(0, 40, 1000, 3000, 9000)),
      }),
      { minLength: 2, maxLength: 6 },
    ),
  });
}

/** Lets a story happen, and returns the livestreams that were created, and those that starts of each kind returned. */
async function play({ latencies, trips, starters }: Story, rejectsSecond: boolean) {
  let commands = 0;
  let requests = 0;
  const world = createWorld({ rejectsSecond, latencyMs: () => latencies[(commands += 1) % latencies.length] ?? 0 });
  world.setTrips(() => trips[(requests += 1) % trips.length] ?? { requestMs: 0, responseMs: 0 });
  const results: { isOther: boolean; result: string }[] = [];
  for (const { startsAt, isOther, lifetimeMs } of starters) {
    const replica = world.open();
    world.clock.after(startsAt, () => {
      const outcome = replica.start(isOther ? OTHER : undefined);
      void outcome.then((settled) => results.push({ isOther, result: resultOf(settled) }));
    });
    if (lifetimeMs !== null) world.clock.after(startsAt + lifetimeMs, () => replica.kill());
  }
  await world.clock.pass(5 * MINUTE);
  expect(results.length).toBeGreaterThanOrEqual(starters.filter(({ lifetimeMs }) => lifetimeMs === null).length);
  const returnedTo = (isForOther: boolean): Set<string> =>
    new Set(
      results
        .filter(({ isOther, result }) => isOther === isForOther && result.startsWith('livestream'))
        .map(({ result }) => result),
    );
  return { started: world.started(), returned: [returnedTo(false), returnedTo(true)] as const };
}

describe.each([
  ['rejects', true],
  ['carries out', false],
])('random starts, if RealtimeKit %s a second start', (_behaviour, rejectsSecond) => {
  test('create one livestream, which every successful start returns, if they are the same and come at the same time', async () => {
    const property = fc.asyncProperty(stories(rejectsSecond, fc.constant(false)), async (story) => {
      const { started, returned } = await play(story, rejectsSecond);
      expect(started.length).toBeLessThanOrEqual(1);
      expect(returned[0].size).toBeLessThanOrEqual(1);
    });
    await fc.assert(property, { numRuns: RUNS });
  }, 600_000);

  test('of two kinds create at most one livestream of each, which every successful start of the kind returns', async () => {
    const property = fc.asyncProperty(stories(rejectsSecond, fc.boolean()), async (story) => {
      const { started, returned } = await play(story, rejectsSecond);
      expect(started.length).toBeLessThanOrEqual(rejectsSecond ? 1 : 2);
      for (const livestreams of returned) expect(livestreams.size).toBeLessThanOrEqual(1);
      expect(returned[0].isDisjointFrom(returned[1])).toBe(true);
    });
    await fc.assert(property, { numRuns: RUNS });
  }, 600_000);
});
