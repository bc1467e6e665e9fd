import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { apiKeySettings, startGatewayWithAuth } from '../support/identityProvider.ts';
import { runs } from '../support/runs.ts';
import { createInterleavings, KEYS, type Step } from './interleaving.ts';

const kind = <Kind extends Step['kind']>(name: Kind) => fc.constant(name);

/** The reader's and the writer's responses are stored. */
const callers = fc.constantFrom('reader', 'reader', 'reader', 'writer', 'nobody', 'unknown');

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: kind('read'), by: callers, get: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('slow read'), get: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('deliver') }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('change'), here: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: kind('wait'), ms: fc.integer({ min: 1, max: 1_200 }) }) },
  ),
  { minLength: 20, maxLength: 60 },
);

test('in whatever order things happen, no answer is older than the maximum age or than a change that passed the isolate, and nobody gets what they may not read', async () => {
  const { run, servedCount } = createInterleavings(await startGatewayWithAuth(apiKeySettings(KEYS)));
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      expect(await run(plan)).toEqual([]);
    }),
    { numRuns: runs(25) },
  );
  expect(servedCount()).toBeGreaterThan(10);
});
