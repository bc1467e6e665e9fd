import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { runScenario, scenarios } from './scenario.ts';
import { runs, timeoutMs } from '../support/runs.ts';
import { createLiveWorld } from './world.ts';

/** Each scenario puts every promise at risk many times. */
const RUNS = runs(10);
const TIMEOUT_MS = timeoutMs(60_000);
/** How long requests take to reach upstream, and their responses to come back, in milliseconds. */
const latencies = fc.array(fc.tuple(fc.constantFrom(0, 500), fc.constantFrom(0, 500, 1500)), { minLength: 1 });

/**
 * Random starts, stops, renames and failures, through the gateway and past it; subscribers that come, leave and read slowly; queries,
 * webhooks, and an upstream that is slow or down. `runScenario` checks what must hold. A failure prints the seed and the scenario.
 */
test.each([true, false])(
  'in random scenarios, subscribers receive real states in order, each once, and finally the current one (bulk reads: %s)',
  async (bulkReads) => {
    const property = fc.asyncProperty(
      scenarios,
      latencies,
      fc.constantFrom(0, 4000, 12_000),
      async (actions, delays, playbackUrlDelayMs) => {
        let requestCount = 0;
        const world = await createLiveWorld({
          settings: { playbackUrlDelayMs },
          caching: { bulkReads },
          latency: () => delays[(requestCount += 1) % delays.length] ?? [0, 0],
        });
        await runScenario(actions, world);
      },
    );
    await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
  },
  TIMEOUT_MS,
);
