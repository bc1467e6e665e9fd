import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Clock } from '../../src/lib/clock.ts';
import { createLocalBudget } from '../../src/budget/localBudget.ts';
import type { Priority } from '../../src/realtimekit/requestContext.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { runs } from '../support/runs.ts';
import { NOON, reporting, tryToReserve } from './localBudgetWorld.ts';

/** The simulated upstream: 20 requests in 60 seconds. */
const LIMIT = 20;
const WINDOW_MS = 60_000;

/** Time passes, other consumers of the token send requests, and then the gateway tries to send some at once. */
interface Step {
  pauseMs: number;
  /** Requests of other consumers. */
  foreignRequests: number;
  requests: number;
  priority: Priority;
  /** Until a request arrives. */
  requestMs: number;
  /** Until each response arrives. Responses may arrive out of order. */
  responseMs: number[];
  /** Whether the responses never come. */
  isLost: boolean;
}

interface StepOptions {
  /** The maximum number of requests of other consumers in each step. */
  maxForeignRequests?: number;
  losesResponses?: boolean;
  isSlow?: boolean;
}

function arbitrarySteps({ maxForeignRequests = 0, losesResponses = false, isSlow = false }: StepOptions = {}) {
  const travelMs = fc.nat(isSlow ? 5000 : 450);
  const step: fc.Arbitrary<Step> = fc.record({
    pauseMs: fc.oneof(fc.nat(500), fc.nat(5000), fc.nat(90_000)),
    foreignRequests: fc.nat(maxForeignRequests),
    requests: fc.nat(12),
    priority: fc.constantFrom<Priority>('read', 'mutation'),
    requestMs: travelMs,
    responseMs: fc.array(travelMs, { minLength: 1, maxLength: 12 }),
    isLost: losesResponses ? fc.boolean() : fc.constant(false),
  });
  return fc.array(step, { maxLength: 60 });
}

const rounding = fc.constantFrom(Math.ceil, Math.floor);

interface SimulationOptions {
  /** How upstream rounds the seconds until the reset. */
  round: (seconds: number) => number;
  /** When upstream starts a window. */
  windows: 'from the first request' | 'by the clock';
}

/** What the upstream counted. */
interface Simulation {
  /** The maximum number of requests in one window. */
  maxPerWindow: number;
  /** Requests in each window that has ended. */
  perWindow: number[];
  /** Requests of the gateway for which there was no room, as a response of the same window had reported. */
  knowinglyOver: number;
}

function simulate(steps: readonly Step[], { round, windows }: SimulationOptions): Simulation {
  const clock = createFakeClock(NOON);
  const budget = createLocalBudget(clock);
  const upstream = createUpstream(clock, windows);
  /** What responses have reported of the current window. */
  let reported = { window: -1, remaining: Infinity };
  let inFlight = 0;
  let knowinglyOver = 0;

  function send(
    { priority, requestMs, isLost }: Pick<Step, 'priority' | 'requestMs' | 'isLost'>,
    responseMs: number,
  ): void {
    const reservation = tryToReserve(budget, priority);
    if (typeof reservation === 'number') return;
    if (reported.window === upstream.window() && reported.remaining - inFlight < 1) knowinglyOver += 1;
    inFlight += 1;
    clock.after(requestMs, () => {
      const { window, remaining, resetMs } = upstream.count();
      clock.after(responseMs, () => {
        inFlight -= 1;
        if (isLost) return reservation.release(true);
        if (window > reported.window) reported = { window, remaining };
        else if (window === reported.window) reported.remaining = Math.min(reported.remaining, remaining);
        const resetSeconds = round(resetMs / 1000);
        return reservation.commit(reporting(remaining, resetSeconds, LIMIT, WINDOW_MS / 1000));
      });
    });
  }

  // Until the first response, the documented limit applies.
  send({ priority: 'read', requestMs: 0, isLost: false }, 0);
  for (const step of steps) {
    clock.advance(step.pauseMs);
    for (let index = 0; index < step.foreignRequests; index += 1) upstream.count();
    for (let index = 0; index < step.requests; index += 1) {
      send(step, step.responseMs[index % step.responseMs.length] ?? 0);
    }
  }
  clock.advance(2 * WINDOW_MS);
  return { ...upstream.totals(), knowinglyOver };
}

function createUpstream(clock: Clock, windows: SimulationOptions['windows']) {
  const counts: number[] = [];
  let endsAt = 0;

  function startWindowIfEnded(): void {
    if (clock.now() < endsAt) return;
    const startedAt = windows === 'by the clock' ? Math.floor(clock.now() / WINDOW_MS) * WINDOW_MS : clock.now();
    endsAt = startedAt + WINDOW_MS;
    counts.push(0);
  }

  return {
    /** The number of the current window; -1 if there is none. */
    window: () => (clock.now() < endsAt ? counts.length - 1 : -1),
    /** A request arrives. */
    count() {
      startWindowIfEnded();
      const window = counts.length - 1;
      const used = (counts[window] ?? 0) + 1;
      counts[window] = used;
      return { window, remaining: Math.max(0, LIMIT - used), resetMs: endsAt - clock.now() };
    },
    totals: () => ({ maxPerWindow: Math.max(0, ...counts), perWindow: counts.slice(0, -1) }),
  };
}

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
