import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { runs, timeoutMs } from '../support/runs.ts';
import { at, type BudgetReplica, createBudgetWorld } from './budgetWorld.ts';
import { caller } from './callersWorld.ts';

const REPLICAS = 3;
const CHAOS_SECONDS = 600;

/** What the soak test does to a gateway, at the same rate. */
interface Disruption {
  kind: 'drain' | 'crash' | 'store crash' | 'store pause';
  slot: number;
  /** The time until the next disruption. */
  intervalMs: number;
  /** How long the replica or the store is away. */
  downMs: number;
  /** How long each replica needs to connect to the store again. */
  reconnectMs: number[];
}

/** Load for some seconds. */
interface Load {
  seconds: number;
  /** How many callers share the budget; 0 if they do not. */
  callers: number;
  /** Requests of each replica in a second. */
  perSecond: number;
  /** Every so many requests is a mutation; 0 if none is. */
  mutationEvery: number;
  trips: { requestMs: number; responseMs: number; isLost: boolean }[];
}

const travelMs = fc.constantFrom(1, 1, 10, 50, 200, 800, 2500);
const disruption: fc.Arbitrary<Disruption> = fc.record({
  kind: fc.constantFrom('drain', 'crash', 'store crash', 'drain', 'store pause', 'crash'),
  slot: fc.nat(REPLICAS - 1),
  intervalMs: fc.integer({ min: 3000, max: 9000 }),
  downMs: fc.integer({ min: 0, max: 8000 }),
  reconnectMs: fc.array(fc.constantFrom(100, 500, 1000, 3000, 30_000), { minLength: REPLICAS, maxLength: REPLICAS }),
});
const load: fc.Arbitrary<Load> = fc.record({
  seconds: fc.integer({ min: 1, max: 60 }),
  callers: fc.constantFrom(0, 1, 3),
  perSecond: fc.constantFrom(0, 1, 1, 2, 4, 10, 60),
  mutationEvery: fc.constantFrom(0, 10, 3, 1),
  trips: fc.array(
    fc.record({
      requestMs: travelMs,
      responseMs: travelMs,
      isLost: fc.constantFrom(false, false, false, false, false, true),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

interface Chaos {
  hasCallers: boolean;
  disruptions: Disruption[];
  loads: Load[];
  isByTheClock: boolean;
}

const chaosStories: fc.Arbitrary<Chaos> = fc.record({
  disruptions: fc.array(disruption, { minLength: 10, maxLength: 40 }),
  loads: fc.array(load, { minLength: 5, maxLength: 20 }),
  isByTheClock: fc.boolean(),
  hasCallers: fc.boolean(),
});

async function play({ disruptions, loads, isByTheClock, hasCallers }: Chaos) {
  const world = createBudgetWorld({ minReplicas: REPLICAS, isByTheClock, hasCallers, latencyMs: () => 2 });
  const { clock } = world;
  const startedAt = clock.now();
  let isStoreUp = true;
  let [attempts, served] = [0, 0];

  async function request(replica: BudgetReplica, load: Load): Promise<void> {
    attempts += 1;
    const { trips, mutationEvery, callers } = load;
    const who = hasCallers && callers > 0 ? caller(String(attempts % callers)) : undefined;
    const priority = mutationEvery > 0 && attempts % mutationEvery === 0 ? 'mutation' : 'read';
    if (await world.send(replica, priority, { ...at(trips, attempts), caller: who })) served += 1;
  }

  function open(): BudgetReplica {
    const replica = world.open({ isUp: isStoreUp });
    // A gateway sends one request when it starts.
    void request(replica, at(loads, 0));
    return replica;
  }

  const slots: (BudgetReplica | null)[] = Array.from({ length: REPLICAS }, open);

  function disrupt({ kind, slot, downMs, reconnectMs }: Disruption): void {
    if (kind === 'drain' || kind === 'crash') {
      const replica = slots[slot];
      if (replica === null || replica === undefined) return;
      slots[slot] = null;
      if (kind === 'crash') world.kill(replica);
      clock.after(1 + (downMs % 4000), () => {
        slots[slot] = open();
      });
      return;
    }
    if (!isStoreUp) return;
    isStoreUp = false;
    if (kind === 'store crash') world.store.clear();
    for (const [index, replica] of slots.entries())
      replica?.store.break(at(reconnectMs, index) % 1000 === 0 ? 'late' : 'lost');
    clock.after(downMs, () => {
      isStoreUp = true;
      for (const [index, replica] of slots.entries())
        clock.after(at(reconnectMs, index), () => {
          if (isStoreUp) replica?.store.heal();
        });
    });
  }

  async function applyLoads(): Promise<void> {
    let next = 0;
    let disruptAt = startedAt + 20_000;
    for (let index = 0; clock.now() < startedAt + CHAOS_SECONDS * 1000; index += 1) {
      const current = at(loads, index);
      for (let tick = 0; tick < current.seconds * 2; tick += 1) {
        for (const replica of slots)
          if (replica !== null)
            for (let count = 0; count < current.perSecond / 2; count += 1) void request(replica, current);
        await clock.pass(500);
        if (clock.now() < disruptAt) continue;
        const disruption = at(disruptions, next);
        next += 1;
        disrupt(disruption);
        disruptAt = clock.now() + disruption.intervalMs;
      }
    }
  }

  await applyLoads();
  // A store that loses its data every half minute leaves little: until what may have been leased is settled, only shares are spent.
  return { over: world.over(), isServing: served >= Math.min(attempts, 2000) / 20 };
}

test(
  'replicas that are replaced as often as in the soak test never exceed the limit',
  async () => {
    const property = fc.asyncProperty(chaosStories, async (story) => {
      expect(await play(story)).toEqual({ over: 0, isServing: true });
    });
    await fc.assert(property, { numRuns: runs(5) });
  },
  timeoutMs(600_000),
);
