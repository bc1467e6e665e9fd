import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runs, timeoutMs } from '../support/runs.ts';
import { at, type BudgetWorldOptions, createBudgetWorld } from './budgetWorld.ts';
import { caller } from './callersWorld.ts';

type Step =
  | { kind: 'pass'; milliseconds: number }
  | {
      kind: 'burst';
      replica: number;
      count: number;
      /** How many callers send the requests; 0 if callers do not share the budget. */
      callers: number;
      priority: 'read' | 'mutation';
      trips: { requestMs: number; responseMs: number; isLost: boolean }[];
    }
  /** A replica sends one request after the other. */
  | { kind: 'stream'; replica: number; count: number; priority: 'read' | 'mutation' }
  /** Another client of the token sends requests. */
  | { kind: 'foreign'; count: number }
  /** A replica dies or is shut down, and another process replaces it, with or without the store. */
  | { kind: 'replace'; replica: number; isCrash: boolean; downMs: number; clockAheadMs: number }
  /** `outcomes`: for each replica, whether the store carries out its commands in flight when it breaks. */
  | { kind: 'store'; change: 'break' | 'heal' | 'clear'; carriesOut: boolean[] }
  /** One replica loses or regains its connection to the store. */
  | { kind: 'connection'; replica: number; isUp: boolean };

interface Story extends Required<Pick<BudgetWorldOptions, 'isSilent' | 'isByTheClock' | 'hasCallers'>> {
  steps: Step[];
  replicaCount: number;
  roundTripMs: number;
  /** Whether the replicas have shared a budget for some time. */
  isSettled: boolean;
}

const priority = fc.constantFrom('read' as const, 'mutation' as const);
const replica = fc.nat(5);
const travelMs = fc.constantFrom(1, 1, 100, 700, 2500);

const STEPS = {
  pass: fc.record({
    kind: fc.constant('pass' as const),
    milliseconds: fc.constantFrom(300, 4000, 20_000, 36_000, 250_000, 301_000, 320_000),
  }),
  burst: fc.record({
    kind: fc.constant('burst' as const),
    replica,
    count: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(1000)),
    callers: fc.constantFrom(0, 1, 3),
    priority,
    trips: fc.array(fc.record({ requestMs: travelMs, responseMs: travelMs, isLost: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    }),
  }),
  stream: fc.record({
    kind: fc.constant('stream' as const),
    replica,
    count: fc.integer({ min: 1, max: 100 }),
    priority,
  }),
  foreign: fc.record({ kind: fc.constant('foreign' as const), count: fc.nat(600) }),
  replace: fc.record({
    kind: fc.constant('replace' as const),
    replica,
    isCrash: fc.boolean(),
    downMs: fc.constantFrom(0, 1000, 4000),
    clockAheadMs: fc.integer({ min: -30, max: 30 }),
  }),
  store: fc.record({
    kind: fc.constant('store' as const),
    change: fc.constantFrom('break' as const, 'heal' as const, 'clear' as const),
    carriesOut: fc.array(fc.boolean(), { minLength: 1 }),
  }),
  connection: fc.record({ kind: fc.constant('connection' as const), replica, isUp: fc.boolean() }),
};

/** Stories with any steps except those of the kinds `without`. */
function arbitraryStories({ without = [], isSilent }: { without?: readonly Step['kind'][]; isSilent: boolean }) {
  const { burst, ...others }: Record<string, fc.Arbitrary<Step>> & { burst: fc.Arbitrary<Step> } = STEPS;
  const rest = Object.entries(others)
    .filter(([kind]) => without.every((excluded) => excluded !== kind))
    .map(([, arbitrary]) => arbitrary);
  const step = fc.oneof({ weight: rest.length, arbitrary: burst }, ...rest);
  return fc.record({
    steps: fc.array(step, { maxLength: 16, size: 'max' }),
    replicaCount: fc.integer({ min: 2, max: 6 }),
    roundTripMs: fc.constantFrom(0, 10, 400),
    isSettled: fc.constantFrom(true, true, true, false),
    isSilent: fc.constant(isSilent),
    hasCallers: fc.boolean(),
    isByTheClock: isSilent ? fc.constant(false) : fc.boolean(),
  });
}

/** Plays a story. Returns the requests over upstream's limit, and how many reads the budget lets through in the end. */
async function play({ steps, replicaCount, roundTripMs, isSettled, ...upstream }: Story) {
  const world = createBudgetWorld({ ...upstream, minReplicas: replicaCount, latencyMs: () => roundTripMs });
  const alive = Array.from({ length: replicaCount }, () => world.open());
  let isStoreUp = true;

  async function changeStore({ change, carriesOut }: Step & { kind: 'store' }): Promise<void> {
    if (change === 'clear') world.store.clear();
    if (change === 'break') {
      isStoreUp = false;
      for (const [index, { store }] of alive.entries()) store.break(at(carriesOut, index) ? 'late' : 'lost');
    }
    if (change === 'heal') {
      isStoreUp = true;
      for (const { store } of alive) {
        store.heal();
        await world.clock.pass(100);
      }
    }
  }

  async function playStep(step: Step): Promise<void> {
    switch (step.kind) {
      case 'pass':
        return world.clock.pass(step.milliseconds);
      case 'burst':
        for (let request = 0; request < step.count; request += 1)
          void world.send(at(alive, step.replica), step.priority, {
            ...at(step.trips, request),
            caller: upstream.hasCallers && step.callers > 0 ? caller(String(request % step.callers)) : undefined,
          });
        return world.clock.pass(roundTripMs);
      case 'stream':
        for (let request = 0; request < step.count; request += 1) {
          void world.send(at(alive, step.replica), step.priority, { responseMs: 1 });
          if (request % 7 === 0) await world.clock.pass(roundTripMs + 1);
        }
        return undefined;
      case 'foreign':
        return world.spendElsewhere(step.count);
      case 'replace': {
        const { isCrash, downMs, clockAheadMs } = step;
        const [old] = alive.splice(step.replica % alive.length, 1);
        if (old !== undefined && isCrash) world.kill(old);
        await world.clock.pass(downMs);
        alive.push(world.open({ clockAheadMs, isUp: isStoreUp }));
        return undefined;
      }
      case 'store':
        return changeStore(step);
      case 'connection': {
        const { store } = at(alive, step.replica);
        if (step.isUp && isStoreUp) store.heal();
        if (!step.isUp) store.break();
        return undefined;
      }
    }
  }

  if (isSettled) {
    // Until then, replicas of a new store spend only their shares.
    for (const quietMs of [36_000, 320_000]) {
      for (const replica of alive) await world.burst(replica, 'read', 1);
      await world.clock.pass(quietMs);
    }
  }
  for (const step of steps) await playStep(step);
  world.store.healAll();
  await world.clock.pass(700_000);
  const [first] = alive;
  if (first === undefined) throw new Error('All replicas are dead.');
  await world.burst(first, 'read', 1);
  await world.clock.pass(400_000);
  const over = { over: world.over(), knowinglyOver: world.knowinglyOver() };
  const hadUncertainEnd = world.hadUncertainEnd();
  return {
    ...over,
    hadUncertainEnd,
    spent: (await world.burst(first, 'read', 1)) + (await world.burst(first, 'read', 1200)),
  };
}

const NOTHING_OVER = { over: 0, knowinglyOver: 0 };

describe('replicas with a shared budget never exceed the limit in any window', () => {
  describe.each([
    ['if the store is available', ['store', 'connection']],
    ['if the store breaks, loses its data and is unreachable for some', []],
  ] as const)('%s', (_store, without) => {
    test.each([
      ['and nobody else uses the token', { without: [...without, 'foreign'], isSilent: false }],
      ['and others use the token, as far as responses report it', { without, isSilent: false }],
      ['and responses report nothing', { without: [...without, 'foreign'], isSilent: true }],
    ] as const)(
      '%s',
      async (_upstream, options) => {
        const property = fc.asyncProperty(arbitraryStories(options), async (story) => {
          const { spent, hadUncertainEnd, ...over } = await play(story);
          fc.pre(!hadUncertainEnd);
          expect(over).toEqual(NOTHING_OVER);
          // Five sixths can be leased, of which a tenth is reserved for mutations.
          expect(spent).toBeGreaterThanOrEqual(900);
        });
        await fc.assert(property, { numRuns: runs(20) });
      },
      timeoutMs(60_000),
    );
  });
});
