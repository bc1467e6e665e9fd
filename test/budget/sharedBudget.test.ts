import { describe, expect, test } from 'vitest';

import { type BudgetReplica, type BudgetWorld, createBudgetWorld, KEY, REQUEST_TIMEOUT_MS } from './budgetWorld.ts';

const MINUTE = 60_000;

async function createReplicas(count: number, options: Partial<Parameters<typeof createBudgetWorld>[0]> = {}) {
  const { windowSeconds = 60 } = options;
  const world = createBudgetWorld({ limit: 100, minReplicas: count, ...options });
  const replicas = Array.from({ length: count }, () => world.open());
  // The first replica spends only its partition for a while, since an empty store may have lost its data.
  await world.burst(at(replicas, 0), 'read', 1);
  await world.clock.pass((windowSeconds + 2) * 1000);
  await world.burst(at(replicas, 0), 'read', 1);
  await world.clock.pass((windowSeconds + 2) * 1000);
  return { world, replicas, first: at(replicas, 0), second: at(replicas, 1) };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('The list is empty.');
  return found;
}

/** Tries to send `attempts` reads, one replica after the other. Returns how many were let through. */
async function spendReads(world: BudgetWorld, replicas: readonly BudgetReplica[], attempts = 200): Promise<number> {
  let count = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const sent = world.send(at(replicas, attempt), 'read');
    await world.clock.pass(0);
    if (await sent) count += 1;
  }
  return count;
}

describe('a shared budget', () => {
  test('counts the requests of all replicas, and reserves a tenth of the limit for mutations', async () => {
    const { world, replicas, first, second } = await createReplicas(3);
    expect(await spendReads(world, replicas)).toBe(90);
    await Promise.all(replicas.map(async ({ budget }) => budget.refresh()));
    expect([first, second].map(({ budget }) => budget.snapshot().remaining)).toEqual([10, 10]);
    expect(await world.burst(second, 'read', 5)).toBe(0);
    expect(await world.burst(first, 'mutation', 20)).toBe(10);
    expect(world.over()).toBe(0);
  });

  test('is not exceeded by requests that replicas send at the same moment', async () => {
    const { world, replicas } = await createReplicas(4);
    const trip = { requestMs: 500, responseMs: 3000 };
    const sent = replicas.map(async (replica) => world.burst(replica, 'mutation', 60, trip));
    await world.clock.pass(5000);
    const counts = await Promise.all(sent);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(world.over()).toBe(0);
  });

  test('is known to a replica that has just started', async () => {
    const { world, replicas } = await createReplicas(2);
    await spendReads(world, replicas, 70);
    const newcomer = world.open();
    expect(await world.burst(newcomer, 'read', 50)).toBe(20);
  });

  test('locks all replicas out after one of them received a 429', async () => {
    const { world, first, second } = await createReplicas(2);
    const reservation = await first.budget.reserve('read');
    reservation.commit({ status: 429, headers: { 'retry-after': '30' } });
    await world.clock.pass(0);
    expect(await world.burst(second, 'mutation', 1)).toBe(0);
    await world.clock.pass(30_000);
    expect(await world.burst(second, 'mutation', 1)).toBe(1);
  });

  test('frees the reservations of a dead replica once later responses have counted its requests', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(first, 'read', 50, { requestMs: 20_000 });
    world.kill(first);
    expect(await world.burst(second, 'read', 60)).toBe(40);
    await world.clock.pass(MINUTE);
    await world.burst(second, 'read', 1);
    await world.clock.pass(REQUEST_TIMEOUT_MS + 10_000);
    await world.burst(second, 'read', 1);
    await world.clock.pass(2 * MINUTE);
    expect(await world.burst(second, 'mutation', 1)).toBe(1);
    expect(await spendReads(world, [second])).toBe(89);
  });

  test('replaces a malformed state in the store by what a replica knows', async () => {
    const { world, first, second } = await createReplicas(2);
    await spendReads(world, [first, second], 40);
    const empty = {
      defaultWindow: null,
      reported: [],
      reservations: [],
      lockedOutUntil: 0,
      generation: '',
    };
    for (const malformed of ['', '{', '[]', JSON.stringify(empty)]) {
      world.store.put(KEY, malformed);
      expect(await world.burst(first, 'read', 1)).toBe(1);
    }
    await world.clock.pass(20_000);
    expect(await spendReads(world, [first, second])).toBe(46);
  });
});

describe('a shared budget whose store is unavailable', () => {
  test('includes what a replica spent alone soon after the store is back, even if that replica sends nothing more', async () => {
    const { world, first, second } = await createReplicas(2);
    world.store.breakAll();
    for (let round = 0; round < 6; round += 1) await world.burst(first, 'mutation', 10);
    expect(world.used()).toBeGreaterThan(40);
    world.store.healAll();
    await world.clock.pass(12_000);
    await world.burst(second, 'mutation', 100, { requestMs: 500, responseMs: 500 });
    expect(world.over()).toBe(0);
  });

  test.each([2, 3, 6])('leaves each of %d replicas its partition of what is left', async (count) => {
    const { world, replicas } = await createReplicas(count, { limit: 300 });
    await spendReads(world, replicas, 60);
    world.store.breakAll();
    expect(await spendReads(world, replicas, 400)).toBeGreaterThan(170);
    for (const replica of replicas) await world.burst(replica, 'mutation', 300);
    expect(world.over()).toBe(0);
    expect(world.used()).toBeGreaterThan(240);
  });

  test('lets a new replica send ten requests at a time until a response reports how many are left', async () => {
    const { world } = await createReplicas(1, { minReplicas: 3, limit: 1200 });
    const newcomer = world.open({ isUp: false });
    expect(await world.burst(newcomer, 'read', 100, { requestMs: 500, responseMs: 500 })).toBe(10);
    await world.clock.pass(1000);
    expect(await world.burst(newcomer, 'read', 1000)).toBeGreaterThan(300);
  });

  test('is whole again after the store is back, and loses no requests for good', async () => {
    const { world, replicas, first } = await createReplicas(3);
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

  test('is restored by all replicas after the store lost its data, whichever comes first', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(second, 'read', 1);
    // What the second replica knows is outdated after this.
    await world.burst(first, 'read', 85);
    world.store.clear();
    expect(await world.burst(second, 'mutation', 60, { responseMs: 500 })).toBeLessThanOrEqual(10);
    await world.burst(first, 'mutation', 60, { responseMs: 500 });
    expect(world.over()).toBe(0);
  });

  test('adds up what the replicas spent alone if upstream sends no rate-limit fields', async () => {
    const { world, replicas, first } = await createReplicas(2, { isSilent: true });
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

describe('a replica that does not know what the others have spent', () => {
  const AT_ONCE = { requestMs: 0, responseMs: 0, isLost: false };

  test('has at most ten requests in flight after the store broke, even if its partition is larger', async () => {
    const world = createBudgetWorld({ limit: 100, minReplicas: 2 });
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

  test('has at most ten requests in flight after the store lost its data, until a response reports a limit', async () => {
    const world = createBudgetWorld({ limit: 100, minReplicas: 3, latencyMs: () => 10 });
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
