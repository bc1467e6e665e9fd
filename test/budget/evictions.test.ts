import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runs } from '../support/runs.ts';
import {
  arbitrarySteps,
  LIMIT,
  rounding,
  simulate,
  type Step,
  type StepOptions,
  WINDOW_MS,
} from './fixedWindowWorld.ts';

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

  test('knows of a window that began before the one in the saved state had certainly ended', () => {
    const none = { pauseMs: 0, foreignRequests: 0, requests: 0, callers: 0, requestMs: 0, responseMs: [0] };
    const step = { ...none, priority: 'read', isLost: false, evictedAfterMs: null } as const;
    const steps: Step[] = [
      // The window of the first request ends now, but its end was rounded.
      { ...step, pauseMs: WINDOW_MS, foreignRequests: 1, requests: 6, evictedAfterMs: 1 },
      { ...step, pauseMs: 918, requests: 11, responseMs: [83] },
      { ...step, pauseMs: 82, requests: 3, priority: 'mutation' },
    ];
    expect(simulate(steps, { round: Math.ceil, windows: 'from the first request' }).knowinglyOver).toBe(0);
  });
});
