import * as fc from 'fast-check';

import type { BudgetCaller } from '../../src/budget/callers.ts';
import { createLocalBudget, type LocalBudget } from '../../src/budget/localBudget.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Priority } from '../../src/realtimekit/requestContext.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { createMemorySavedState } from '../support/memorySavedState.ts';
import { caller } from './callersWorld.ts';
import { NOON, OK, reporting, tryToReserve } from './localBudgetWorld.ts';

/** The simulated upstream: 20 requests in 60 seconds. */
export const LIMIT = 20;
export const WINDOW_MS = 60_000;
/** How long a request may be in flight, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Time passes, other consumers of the token send requests, and then the gateway tries to send some at once. */
export interface Step {
  pauseMs: number;
  /** Requests of other consumers. */
  foreignRequests: number;
  requests: number;
  priority: Priority;
  /** How many callers share the budget; 0 if none do. */
  callers: number;
  /** Until a request arrives. */
  requestMs: number;
  /** Until each response arrives. Responses may arrive out of order. */
  responseMs: number[];
  /** Whether the responses never come. */
  isLost: boolean;
  /** When the gateway is evicted, counted from the moment when it sends the requests; null if it is not. */
  evictedAfterMs: number | null;
}

export interface StepOptions {
  /** The maximum number of requests of other consumers in each step. */
  maxForeignRequests?: number;
  losesResponses?: boolean;
  isSlow?: boolean;
  isEvicted?: boolean;
}

export function arbitrarySteps({
  maxForeignRequests = 0,
  losesResponses = false,
  isSlow = false,
  isEvicted = false,
}: StepOptions = {}) {
  const travelMs = fc.nat(isSlow ? 5000 : 450);
  const step: fc.Arbitrary<Step> = fc.record({
    pauseMs: fc.oneof(fc.nat(500), fc.nat(5000), fc.nat(90_000)),
    foreignRequests: fc.nat(maxForeignRequests),
    requests: fc.nat(12),
    priority: fc.constantFrom<Priority>('read', 'mutation'),
    callers: isEvicted ? fc.constantFrom(0, 3) : fc.constant(0),
    requestMs: travelMs,
    responseMs: fc.array(travelMs, { minLength: 1, maxLength: 12 }),
    isLost: losesResponses ? fc.boolean() : fc.constant(false),
    evictedAfterMs: isEvicted ? fc.option(fc.oneof(fc.constant(0), travelMs, fc.nat(20_000))) : fc.constant(null),
  });
  return fc.array(step, { maxLength: 60 });
}

export const rounding = fc.constantFrom(Math.ceil, Math.floor);

export interface SimulationOptions {
  /** How upstream rounds the seconds until the reset. */
  round: (seconds: number) => number;
  /** When upstream starts a window. */
  windows: 'from the first request' | 'by the clock';
  /** The limit; if upstream does not report it, the documented one. */
  limit?: number;
  windowMs?: number;
  /** Whether upstream sends no rate-limit fields. */
  isSilent?: boolean;
}

/** What the upstream counted. */
export interface Simulation {
  /** The maximum number of requests in one window. */
  maxPerWindow: number;
  /** Requests in each window that has ended. */
  perWindow: number[];
  /** Requests of the gateway for which there was no room, as a response of the same window had reported. */
  knowinglyOver: number;
}

/** Plays the steps with a gateway that is evicted, if a step says so, and starts again with its next request. */
export function simulate(steps: readonly Step[], options: SimulationOptions): Simulation {
  const { round, windows, limit = LIMIT, windowMs = WINDOW_MS, isSilent = false } = options;
  const clock = createFakeClock(NOON);
  const savedState = createMemorySavedState(clock);
  const isEverEvicted = steps.some(({ evictedAfterMs }) => evictedAfterMs !== null);
  const saving = isEverEvicted ? { savedState, key: 'budget', requestTimeoutMs: REQUEST_TIMEOUT_MS } : null;
  const upstream = createUpstream(clock, { windows, limit, windowMs });
  /** Null if the gateway is evicted. */
  let budget: LocalBudget | null = null;
  /** What responses have reported of the current window. */
  let reported = { window: -1, remaining: Infinity };
  let inFlight = 0;
  let knowinglyOver = 0;

  function send(
    { priority, requestMs, isLost }: Pick<Step, 'priority' | 'requestMs' | 'isLost'>,
    responseMs: number,
    sender?: BudgetCaller,
  ): void {
    budget ??= createLocalBudget(clock, saving);
    const process = budget;
    const reservation = tryToReserve(process, priority, sender);
    if (typeof reservation === 'number') return;
    if (reported.window === upstream.window() && reported.remaining - inFlight < 1) knowinglyOver += 1;
    inFlight += 1;
    clock.after(requestMs, () => {
      const { window, remaining, resetMs } = upstream.count();
      clock.after(responseMs, () => {
        if (budget !== process) return;
        inFlight -= 1;
        if (isLost) return reservation.release(true);
        if (isSilent) return reservation.commit(OK);
        if (window > reported.window) reported = { window, remaining };
        else if (window === reported.window) reported.remaining = Math.min(reported.remaining, remaining);
        const resetSeconds = round(resetMs / 1000);
        return reservation.commit(reporting(remaining, resetSeconds, limit, windowMs / 1000));
      });
    });
  }

  function evict(): void {
    budget = null;
    inFlight = 0;
  }

  // Until the first response, the documented limit applies.
  send({ priority: 'read', requestMs: 0, isLost: false }, 0);
  for (const step of steps) {
    clock.advance(step.pauseMs);
    for (let index = 0; index < step.foreignRequests; index += 1) upstream.count();
    for (let index = 0; index < step.requests; index += 1) {
      const sender = step.callers === 0 ? undefined : caller(String(index % step.callers));
      send(step, step.responseMs[index % step.responseMs.length] ?? 0, sender);
    }
    if (step.evictedAfterMs === 0) evict();
    else if (step.evictedAfterMs !== null) clock.after(step.evictedAfterMs, evict);
  }
  clock.advance(2 * windowMs);
  return { ...upstream.totals(), knowinglyOver };
}

interface UpstreamOptions extends Pick<SimulationOptions, 'windows'> {
  limit: number;
  windowMs: number;
}

function createUpstream(clock: Clock, { windows, limit, windowMs }: UpstreamOptions) {
  const counts: number[] = [];
  let endsAt = 0;

  function startWindowIfEnded(): void {
    if (clock.now() < endsAt) return;
    const startedAt = windows === 'by the clock' ? Math.floor(clock.now() / windowMs) * windowMs : clock.now();
    endsAt = startedAt + windowMs;
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
      return { window, remaining: Math.max(0, limit - used), resetMs: endsAt - clock.now() };
    },
    totals: () => ({ maxPerWindow: Math.max(0, ...counts), perWindow: counts.slice(0, -1) }),
  };
}
