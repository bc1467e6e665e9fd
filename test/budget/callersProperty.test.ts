import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { runs, timeoutMs } from '../support/runs.ts';
import { caller, createCallersWorld } from './callersWorld.ts';

const STEPS = 60;
const STEP_MS = 4321;

interface Story {
  limit: number;
  windowSeconds: number;
  callers: { weight: number; /** Requests in each step, repeated. */ arrivals: number[]; mutationEvery: number }[];
}

const stories: fc.Arbitrary<Story> = fc.record({
  limit: fc.integer({ min: 20, max: 400 }),
  windowSeconds: fc.constantFrom(60, 100, 300),
  callers: fc.array(
    fc.record({
      weight: fc.constantFrom(0.1, 0.5, 1, 1, 1, 2, 10),
      arrivals: fc.array(fc.constantFrom(0, 0, 1, 1, 2, 5, 30, 2000), { minLength: 1, maxLength: 12 }),
      mutationEvery: fc.constantFrom(0, 0, 0, 7, 50),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

/** Plays a story. Returns what broke a promise. */
function play({ limit, windowSeconds, callers }: Story): string[] {
  const world = createCallersWorld({ limit, windowSeconds });
  const people = callers.map((options, index) => ({ ...options, who: caller(String(index), options.weight) }));
  // Until the first response, the documented limit is assumed.
  world.ask(caller('first'));
  const broken: string[] = [];
  let asked = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const endsAt = world.windowEndsAt();
    const isLastStep = world.clock.now() < endsAt && world.clock.now() + STEP_MS >= endsAt;
    // Whoever asks in the last second may have what is left.
    if (isLastStep) world.clock.advance(endsAt - world.clock.now() - 1);
    let isAnyoneHeldBack = false;
    for (const { who, arrivals, mutationEvery } of people) {
      const requests = arrivals[step % arrivals.length] ?? 0;
      for (let request = 0; request < requests; request += 1) {
        asked += 1;
        const priority = mutationEvery > 0 && asked % mutationEvery === 0 ? 'mutation' : 'read';
        const share = world.budget.share(who);
        const { outcome } = world.ask(who, priority);
        if (outcome === 'sent') continue;
        if (outcome === 'caller' && priority === 'mutation') broken.push('A mutation waited for reads.');
        if (priority === 'read' && (share?.remaining ?? 0) > 0) broken.push('A share was refused.');
        isAnyoneHeldBack = true;
        break;
      }
    }
    const idle = limit - world.used();
    // Of a small limit, a single request is more than a percent.
    if (isLastStep && isAnyoneHeldBack && world.clock.now() < world.windowEndsAt() && idle > Math.max(0.05 * limit, 3))
      broken.push(`${idle} of ${limit} were idle at the end while somebody waited.`);
    world.clock.advance(isLastStep ? 2500 : STEP_MS);
  }
  if (world.over() > 0) broken.push('The limit was exceeded.');
  return broken;
}

test(
  'whoever asks for whatever: the limit holds, no share is refused, mutations wait for no reads, and nothing is idle in the end',
  () => {
    fc.assert(
      fc.property(stories, (story) => {
        expect(play(story)).toEqual([]);
      }),
      { numRuns: runs(50) },
    );
  },
  timeoutMs(60_000),
);
