import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type BudgetReplica, type BudgetWorld, createBudgetWorld, HELD, KEY } from './budgetWorld.ts';
import { runs, timeoutMs } from '../support/runs.ts';

const MINUTE = 60_000;

async function withReplicas(count: number, options: Partial<Parameters<typeof createBudgetWorld>[0]> = {}) {
  const { windowSeconds = 60 } = options;
  const world = createBudgetWorld({ limit: 100, replicas: count, ...options });
  const replicas = Array.from({ length: count }, () => world.open());
  // Whoever comes first keeps to its part for a while: the store might have forgotten.
  await world.burst(at(replicas, 0), 'read', 1);
  await world.clock.pass((windowSeconds + 2) * 1000);
  await world.burst(at(replicas, 0), 'read', 1);
  await world.clock.pass((windowSeconds + 2) * 1000);
  return { world, replicas, first: at(replicas, 0), second: at(replicas, 1) };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('There is none');
  return found;
}

/** Sends reads from all of them by turns until nothing more is let through. */
async function spendReads(world: BudgetWorld, replicas: readonly BudgetReplica[], most = 200): Promise<number> {
  let sent = 0;
  for (let turn = 0; turn < most; turn += 1) {
    const one = world.send(at(replicas, turn), 'read');
    await world.clock.pass(0);
    if (await one) sent += 1;
  }
  return sent;
}

describe('one budget for all replicas', () => {
  test('what one has spent another sees, and all together leave a tenth to mutations', async () => {
    const { world, replicas, first, second } = await withReplicas(3);
    expect(await spendReads(world, replicas)).toBe(90);
    await Promise.all(replicas.map(async ({ budget }) => budget.refresh()));
    expect([first, second].map(({ budget }) => budget.snapshot().remaining)).toEqual([10, 10]);
    expect(await world.burst(second, 'read', 5)).toBe(0);
    expect(await world.burst(first, 'mutation', 20)).toBe(10);
    expect(world.over()).toBe(0);
  });

  test('requests of the same moment share one budget, however many replicas send them', async () => {
    const { world, replicas } = await withReplicas(4);
    const sent = replicas.map(async (replica) => world.burst(replica, 'mutation', 60, { up: 500, back: 3000 }));
    await world.clock.pass(5000);
    const counts = await Promise.all(sent);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(world.over()).toBe(0);
  });

  test('a replica that has just started knows what the others have spent', async () => {
    const { world, replicas } = await withReplicas(2);
    await spendReads(world, replicas, 70);
    const newcomer = world.open();
    expect(await world.burst(newcomer, 'read', 50)).toBe(20);
  });

  test('a lock-out that one was told of holds for all', async () => {
    const { world, first, second } = await withReplicas(2);
    const spending = await first.budget.reserve('read');
    spending.commit({ status: 429, headers: { 'retry-after': '30' } });
    await world.clock.pass(0);
    expect(await world.burst(second, 'mutation', 1)).toBe(0);
    await world.clock.pass(30_000);
    expect(await world.burst(second, 'mutation', 1)).toBe(1);
  });

  test('what a replica had under way when it died is given back once later answers have counted it', async () => {
    const { world, first, second } = await withReplicas(2);
    await world.burst(first, 'read', 50, { up: 20_000 });
    world.kill(first);
    expect(await world.burst(second, 'read', 60)).toBe(40);
    await world.clock.pass(MINUTE);
    await world.burst(second, 'read', 1);
    await world.clock.pass(HELD + 10_000);
    await world.burst(second, 'read', 1);
    await world.clock.pass(2 * MINUTE);
    expect(await world.burst(second, 'mutation', 1)).toBe(1);
    expect(await spendReads(world, [second])).toBe(89);
  });

  test('what is kept in another version’s words is replaced by what is known', async () => {
    const { world, first, second } = await withReplicas(2);
    await spendReads(world, [first, second], 40);
    for (const garbage of ['', '{', '[]', '{"assumed":null,"told":[],"tickets":[],"blockedUntil":0,"origin":""}']) {
      world.store.put(KEY, garbage);
      expect(await world.burst(first, 'read', 1)).toBe(1);
    }
    await world.clock.pass(20_000);
    expect(await spendReads(world, [first, second])).toBe(46);
  });
});

describe('a store that is away', () => {
  test('what one has spent alone the others know soon after it is back, even if that one sends nothing more', async () => {
    const { world, first, second } = await withReplicas(2);
    world.store.breakAll();
    for (let turn = 0; turn < 6; turn += 1) await world.burst(first, 'mutation', 10);
    expect(world.used()).toBeGreaterThan(40);
    world.store.healAll();
    await world.clock.pass(12_000);
    await world.burst(second, 'mutation', 100, { up: 500, back: 500 });
    expect(world.over()).toBe(0);
  });

  test.each([2, 3, 6])('leaves each of %d replicas its part of what is left', async (count) => {
    const { world, replicas } = await withReplicas(count, { limit: 300 });
    await spendReads(world, replicas, 60);
    world.store.breakAll();
    expect(await spendReads(world, replicas, 400)).toBeGreaterThan(170);
    for (const replica of replicas) await world.burst(replica, 'mutation', 300);
    expect(world.over()).toBe(0);
    expect(world.used()).toBeGreaterThan(240);
  });

  test('keeps nobody from reading who has just started: a few at a time, until an answer tells how much is left', async () => {
    const { world } = await withReplicas(1, { replicas: 3, limit: 1200 });
    const alone = world.open({ isUp: false });
    expect(await world.burst(alone, 'read', 100, { up: 500, back: 500 })).toBe(10);
    await world.clock.pass(1000);
    expect(await world.burst(alone, 'read', 1000)).toBeGreaterThan(300);
  });

  test('is found again: within moments all is one budget, and nothing is lost for good', async () => {
    const { world, replicas, first } = await withReplicas(3);
    await spendReads(world, replicas, 30);
    world.store.breakAll();
    await spendReads(world, replicas, 30);
    world.store.healAll();
    await spendReads(world, replicas, 3);
    await world.clock.pass(2 * MINUTE);
    await spendReads(world, replicas, 3);
    await world.clock.pass(2 * MINUTE);
    expect(await spendReads(world, [first])).toBe(90);
    expect(world.over()).toBe(0);
  });

  test('which has forgotten everything is told again by all, whoever comes first', async () => {
    const { world, first, second } = await withReplicas(2);
    await world.burst(second, 'read', 1);
    // What it knows is old by now.
    await world.burst(first, 'read', 85);
    world.store.clear();
    expect(await world.burst(second, 'mutation', 60, { back: 500 })).toBeLessThanOrEqual(10);
    await world.burst(first, 'mutation', 60, { back: 500 });
    expect(world.over()).toBe(0);
  });

  test('counts for all what each has spent alone, where upstream tells nothing', async () => {
    const { world, replicas, first } = await withReplicas(2, { isSilent: true });
    await spendReads(world, replicas, 100);
    world.store.breakAll();
    await spendReads(world, replicas, 600);
    world.store.healAll();
    for (const replica of replicas) await world.burst(replica, 'read', 1);
    await world.clock.pass(20_000);
    await world.burst(first, 'read', 1);
    await first.budget.refresh();
    expect(first.budget.snapshot().remaining).toBeLessThanOrEqual(1200 - world.used());
  });
});

describe('a replica that does not know what the others have spent since', () => {
  const AT_ONCE = { up: 0, back: 0, isLost: false };

  test('has but a few under way, though it has its part from before the store broke', async () => {
    const world = createBudgetWorld({ limit: 100, replicas: 2 });
    const [first, second] = [world.open(), world.open()];
    await world.burst(first, 'read', 1);
    for (let sent = 0; sent < 83; sent += 1) void world.send(second, 'read', AT_ONCE);
    await world.clock.pass(0);
    world.store.breakAll();
    for (let sent = 0; sent < 5; sent += 1) void world.send(second, 'mutation', AT_ONCE);
    for (let sent = 0; sent < 32; sent += 1) void world.send(first, 'read', AT_ONCE);
    await world.clock.pass(0);
    expect([world.used(), world.over()]).toEqual([99, 0]);
  });

  test('has but a few under way where the store has forgotten, and no answer has told anybody yet', async () => {
    const world = createBudgetWorld({ limit: 100, replicas: 3, latency: () => 10 });
    const [first, second, third] = [world.open(), world.open(), world.open()];
    await world.burst(first, 'read', 1);
    world.store.clear();
    for (let sent = 0; sent < 10; sent += 1) void world.send(second, 'read', AT_ONCE);
    await world.clock.pass(10);
    for (let sent = 0; sent < 120; sent += 1) void world.send(third, 'read', AT_ONCE);
    await world.clock.pass(1000);
    expect([world.used(), world.over()]).toEqual([21, 0]);
  });
});

/** Milliseconds. */
const delay = fc.constantFrom(0, 0, 100, 700, 2500);
const deed = (mutations: boolean) =>
  fc.oneof(
    { weight: 6, arbitrary: burstOf(mutations) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), time: fc.constantFrom(300, 4000, 20_000, 61_000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), who: fc.nat(5) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('come' as const), ahead: fc.integer({ min: -30, max: 30 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('store' as const),
        does: fc.constantFrom('break', 'heal', 'empty'),
        fates: fc.array(fc.boolean(), { minLength: 1 }),
      }),
    },
  );

function burstOf(mutations: boolean) {
  return fc.record({
    kind: fc.constant('burst' as const),
    who: fc.nat(5),
    count: fc.integer({ min: 1, max: 120 }),
    purpose: mutations ? fc.constantFrom('read' as const, 'mutation' as const) : fc.constant('read' as const),
    fares: fc.array(fc.record({ up: delay, back: delay, isLost: fc.boolean() }), { minLength: 1, maxLength: 6 }),
  });
}

type Deed = ReturnType<typeof deed> extends fc.Arbitrary<infer One> ? One : never;

interface Story {
  deeds: Deed[];
  count: number;
  latency: number;
  limit: number;
  /** Whether the store comes and goes. */
  isUnsteady: boolean;
}

/** Gives how much upstream counted beyond its limit, and what can be read in the end. */
async function play({ deeds, count, latency, limit, isUnsteady }: Story) {
  const world = createBudgetWorld({ limit, replicas: count, latency: () => latency });
  const alive = Array.from({ length: count }, () => world.open());
  let isUp = true;
  await world.burst(at(alive, 0), 'read', 1);
  for (const one of deeds) {
    if (one.kind === 'pass') await world.clock.pass(one.time);
    else if (one.kind === 'burst') {
      const { fares, purpose, count: requests } = one;
      for (let request = 0; request < requests; request += 1)
        void world.send(at(alive, one.who), purpose, at(fares, request));
      await world.clock.pass(latency);
    } else if (one.kind === 'die' && alive.length > 1) {
      for (const gone of alive.splice(one.who % alive.length, 1)) world.kill(gone);
    } else if (one.kind === 'come' && alive.length < count && isUp) alive.push(world.open({ clockAheadMs: one.ahead }));
    else if (one.kind === 'store' && isUnsteady) {
      if (one.does === 'break')
        for (const [index, { store }] of alive.entries()) store.break(at(one.fates, index) ? 'late' : 'lost');
      if (one.does === 'empty') world.store.clear();
      if (one.does === 'heal')
        for (const { store } of alive) {
          store.heal();
          await world.clock.pass(100);
        }
      isUp = one.does === 'break' ? false : one.does === 'heal' ? true : isUp;
    }
  }
  world.store.healAll();
  for (let peace = 0; peace < 3; peace += 1) {
    await world.clock.pass(62_000);
    for (const replica of alive) await world.burst(replica, 'read', 1);
  }
  await world.clock.pass(62_000);
  const spent = (await world.burst(at(alive, 0), 'read', 1)) + (await world.burst(at(alive, 1), 'read', limit));
  return { over: world.over(), spent };
}

const RUNS = runs(20);

describe('whatever happens', () => {
  test(
    'replicas that share a store never pass the limit, and have all of it after a time of peace',
    async () => {
      const stories = fc.record({
        deeds: fc.array(deed(true), { maxLength: 40 }),
        count: fc.integer({ min: 2, max: 6 }),
        latency: fc.constantFrom(0, 10, 400),
      });
      const property = fc.asyncProperty(stories, async (story) => {
        expect(await play({ ...story, limit: 100, isUnsteady: false })).toEqual({ over: 0, spent: 90 });
      });
      await fc.assert(property, { numRuns: RUNS });
    },
    timeoutMs(60_000),
  );

  test(
    'nor do they when the store comes, goes and forgets, as long as mutations leave their tenth',
    async () => {
      const stories = fc.record({
        deeds: fc.array(deed(false), { maxLength: 40 }),
        count: fc.integer({ min: 2, max: 4 }),
        latency: fc.constantFrom(0, 10, 400),
      });
      const property = fc.asyncProperty(stories, async (story) => {
        expect(await play({ ...story, limit: 400, isUnsteady: true })).toEqual({ over: 0, spent: 360 });
      });
      await fc.assert(property, { numRuns: RUNS });
    },
    timeoutMs(60_000),
  );

  test(
    'and where mutations do not, not by more than each replica may send in the dark, each time that it is left there',
    async () => {
      const stories = fc.record({
        deeds: fc.array(deed(true), { maxLength: 40 }),
        count: fc.integer({ min: 2, max: 4 }),
        latency: fc.constantFrom(0, 10, 400),
      });
      const property = fc.asyncProperty(stories, async (story) => {
        const { over, spent } = await play({ ...story, limit: 100, isUnsteady: true });
        const troubles = story.deeds.filter((one) => one.kind === 'store').length;
        expect(over).toBeLessThanOrEqual(10 * story.count * troubles);
        expect(spent).toBe(90);
      });
      await fc.assert(property, { numRuns: RUNS });
    },
    timeoutMs(60_000),
  );
});
