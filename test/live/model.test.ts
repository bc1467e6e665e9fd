import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { play, stories } from './scenario.ts';
import { createLiveWorld } from './world.ts';
import { runs, timeoutMs } from '../support/runs.ts';

/** Enough for each of the promises to be at risk many times; whoever changes how is told what sets a few hundred for once. */
const RUNS = runs(10);
/** Milliseconds: a busy machine fails nothing. */
const TIMEOUT = timeoutMs(60_000);
/** Of requests, in milliseconds. */
const latencies = fc.array(fc.tuple(fc.constantFrom(0, 500), fc.constantFrom(0, 500, 1500)), { minLength: 1 });

/**
 * Random starts, stops, names and failures, here and elsewhere, readers who come, go and dawdle, queries, webhooks, and an upstream
 * that is slow or broken: what must hold in all of it is listed in `play`. A failure tells the seed, the path and the story.
 */
test.each([true, false])(
  'whatever happens, readers are told states that were, in order, each once, and in the end what is (by lists: %s)',
  async (bulkReads) => {
    const property = fc.asyncProperty(
      stories,
      latencies,
      fc.constantFrom(0, 4000, 12_000),
      async (deeds, delays, playbackUrlDelayMs) => {
        let sent = 0;
        const world = await createLiveWorld({
          settings: { playbackUrlDelayMs },
          caching: { bulkReads },
          latency: () => delays[(sent += 1) % delays.length] ?? [0, 0],
        });
        await play(deeds, world);
      },
    );
    await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
  },
  TIMEOUT,
);
