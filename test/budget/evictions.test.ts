import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runs } from '../support/runs.ts';
import { arbitrarySteps, LIMIT, rounding, simulate, type StepOptions } from './fixedWindowWorld.ts';

describe('a saved budget, evicted at any moment, against an upstream with fixed windows', () => {
  describe.each(['from the first request', 'by the clock'] as const)('that start %s', (windows) => {
    test.each<[string, StepOptions]>([
      ['if responses arrive soon', {}],
      ['if requests and responses are slow', { isSlow: true }],
      ['if responses are lost', { isSlow: true, losesResponses: true }],
    ])('never exceeds the limit %s', (_upstream, options) => {
      fc.assert(
        fc.property(arbitrarySteps({ ...options, isEvicted: true }), rounding, (steps, round) => {
          const { maxPerWindow, knowinglyOver } = simulate(steps, { round, windows });
          expect([maxPerWindow <= LIMIT, knowinglyOver]).toEqual([true, 0]);
        }),
        { numRuns: runs(100) },
      );
    });

    test('never exceeds the documented limit if responses do not report one', () => {
      const documented = { limit: 1200, windowMs: 300_000, isSilent: true, round: Math.ceil };
      fc.assert(
        fc.property(arbitrarySteps({ losesResponses: true, isEvicted: true }), (steps) => {
          const bursts = steps.map((step) => ({ ...step, requests: step.requests * 60 }));
          expect(simulate(bursts, { ...documented, windows }).maxPerWindow).toBeLessThanOrEqual(1200);
        }),
        { numRuns: runs(5) },
      );
    });

    test('never knowingly exceeds the limit with other consumers', () => {
      fc.assert(
        fc.property(arbitrarySteps({ maxForeignRequests: 8, isEvicted: true }), rounding, (steps, round) => {
          expect(simulate(steps, { round, windows }).knowinglyOver).toBe(0);
        }),
        { numRuns: runs(100) },
      );
    });
  });
});
