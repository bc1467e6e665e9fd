import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runs } from '../support/runs.ts';
import { arbitrarySteps, LIMIT, rounding, simulate, type Step } from './fixedWindowWorld.ts';

describe('a local budget against an upstream with fixed windows', () => {
  test.each([
    ['from the first request', false],
    ['from the first request', true],
    ['by the clock', false],
    ['by the clock', true],
  ] as const)('never exceeds the limit without other consumers (windows start %s, slow: %s)', (windows, isSlow) => {
    fc.assert(
      fc.property(arbitrarySteps({ isSlow }), rounding, (steps, round) => {
        const { maxPerWindow, knowinglyOver } = simulate(steps, { round, windows });
        expect([maxPerWindow <= LIMIT, knowinglyOver]).toEqual([true, 0]);
      }),
    );
  });

  test.each(['from the first request', 'by the clock'] as const)(
    'never knowingly exceeds the limit with other consumers (windows start %s)',
    (windows) => {
      fc.assert(
        fc.property(arbitrarySteps({ maxForeignRequests: 8 }), rounding, (steps, round) => {
          expect(simulate(steps, { round, windows }).knowinglyOver).toBe(0);
        }),
      );
    },
  );

  test('spends the whole budget for reads in each window if reads keep coming', () => {
    const step: Step = {
      pauseMs: 500,
      foreignRequests: 0,
      requests: 3,
      priority: 'read',
      requestMs: 20,
      responseMs: [30, 60, 10],
      isLost: false,
      callers: 0,
      evictedAfterMs: null,
    };
    const steps = Array.from({ length: 600 }, () => step);
    const { perWindow } = simulate(steps, { round: Math.ceil, windows: 'from the first request' });
    expect(perWindow.length).toBeGreaterThanOrEqual(4);
    for (const requests of perWindow) expect(requests).toBe(18);
  });

  test.each(['from the first request', 'by the clock'] as const)(
    'never exceeds the limit if responses are lost (windows start %s)',
    (windows) => {
      fc.assert(
        fc.property(arbitrarySteps({ losesResponses: true }), rounding, (steps, round) => {
          const { maxPerWindow, knowinglyOver } = simulate(steps, { round, windows });
          expect([maxPerWindow <= LIMIT, knowinglyOver]).toEqual([true, 0]);
        }),
        { numRuns: runs(75) },
      );
    },
  );
});
