import { describe, expect, test } from 'vitest';

import { type BudgetReplica, type BudgetWorld, createBudgetWorld, KEY } from './budgetWorld.ts';

const MINUTE = 60_000;
/** As long as it takes until the share of a replica is whole again. */
const SHARE_WINDOW_MS = 316_000;
/** What a replica may spend of its share, by the number of replicas, and how much of that are reads. A sixth is left to its successor. */
const SHARE = { 2: { all: 125, reads: 112 }, 3: { all: 84, reads: 75 } };
/** As long as it takes until what was leased has been spent and counted. */
const LEASE_COUNTED_MS = 35_000;

/** Replicas that have shared a budget for some time, at the beginning of a window. */
async function createReplicas(count: number, options: Partial<Parameters<typeof createBudgetWorld>[0]> = {}) {
  const world = createBudgetWorld({ minReplicas: count, ...options });
  const replicas = Array.from({ length: count }, () => world.open());
  for (const quietMs of [LEASE_COUNTED_MS, 2 * SHARE_WINDOW_MS]) {
    for (const replica of replicas) await world.burst(replica, 'read', 1);
    await world.clock.pass(quietMs);
  }
  return { world, replicas, first: at(replicas, 0), second: at(replicas, 1) };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('The list is empty.');
  return found;
}

/** Tries to send `attempts` reads, one replica after the other. Returns how many were let through. */
async function spendReads(world: BudgetWorld, replicas: readonly BudgetReplica[], attempts: number): Promise<number> {
  let count = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const sent = world.send(at(replicas, attempt), 'read');
    await world.clock.pass(10);
    if (await sent) count += 1;
  }
  return count;
}

function countCommands(replicas: readonly BudgetReplica[]): () => number {
  let count = 0;
  for (const { store } of replicas) {
    store.decideOutcomes(() => {
      count += 1;
      return 'done';
    });
  }
  return () => count;
}

describe('a shared budget', () => {
  test('counts the requests of all replicas, and reserves a tenth of the limit for mutations', async () => {
    const { world, replicas, first } = await createReplicas(3);
    const reads = await spendReads(world, replicas, 1300);
    expect(reads).toBeGreaterThan(1020);
    expect(reads).toBeLessThanOrEqual(1080);
    await first.budget.refresh();
    // What the others have not published yet is missing.
    expect(first.budget.snapshot().remaining).toBeLessThan(120 + 2 * 50);
    let mutations = 0;
    for (const replica of replicas) mutations += await world.burst(replica, 'mutation', 200);
    expect(reads + mutations).toBe(900 + 3 * SHARE[3].all);
    expect(world.over()).toBe(0);
  });

  test('takes at most a tenth of a round trip to the store per request', async () => {
    const { world, replicas } = await createReplicas(3);
    const commands = countCommands(replicas);
    const sent = await spendReads(world, replicas, 3000);
    expect(commands() / sent).toBeLessThanOrEqual(0.1);
  });

  test('takes few round trips to the store while operations send many requests at once', async () => {
    const { world, replicas } = await createReplicas(3, { latencyMs: () => 100 });
    const commands = countCommands(replicas);
    for (let round = 0; round < 5; round += 1) {
      for (const replica of replicas)
        expect(await world.burst(replica, 'read', 50, { requestMs: 20, responseMs: 20 })).toBe(50);
    }
    expect(commands() / world.used()).toBeLessThanOrEqual(0.1);
  });

  test('reserves a request that its lease covers synchronously, even a mutation', async () => {
    const { world, first } = await createReplicas(2);
    await world.burst(first, 'read', 1);
    for (let request = 0; request < 24; request += 1)
      expect(first.budget.reserve(request === 0 ? 'mutation' : 'read')).not.toBeInstanceOf(Promise);
    expect(first.budget.reserve('read')).toBeInstanceOf(Promise);
  });

  test('lends a lease for twenty seconds', async () => {
    const { world, first } = await createReplicas(2);
    await world.burst(first, 'read', 1);
    await world.clock.pass(16_000);
    expect(first.budget.reserve('read')).not.toBeInstanceOf(Promise);
    await world.clock.pass(1000);
    expect(first.budget.reserve('read')).toBeInstanceOf(Promise);
  });

  test('is not exceeded by requests that replicas send at the same moment', async () => {
    const { world, replicas } = await createReplicas(4);
    const trip = { requestMs: 500, responseMs: 3000 };
    const sent = replicas.map(async (replica) => world.burst(replica, 'mutation', 600, trip));
    await world.clock.pass(5000);
    const counts = await Promise.all(sent);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1050);
    expect(world.over()).toBe(0);
  });

  test('lets replicas hold little when little is left, so that a single one can spend nearly all of it', async () => {
    const { world, replicas, first } = await createReplicas(3);
    await spendReads(world, replicas, 780);
    // Of the 30 that can still be leased, the others hold a third each. The share comes on top.
    expect(await spendReads(world, [first], 500)).toBeGreaterThanOrEqual(SHARE[3].reads);
  });

  test('gets back what a replica does not spend', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(first, 'read', 1);
    await world.clock.pass(LEASE_COUNTED_MS);
    await world.burst(second, 'read', 1);
    await world.clock.pass(MINUTE);
    expect(await world.burst(second, 'mutation', 1200)).toBe(900 + SHARE[2].all - 2);
  });

  test('is known to a replica that has just started', async () => {
    const { world, replicas } = await createReplicas(2);
    await spendReads(world, replicas, 700);
    const newcomer = world.open();
    expect(await world.burst(newcomer, 'read', 500)).toBeLessThanOrEqual(110 + 25);
    await newcomer.budget.refresh();
    expect(newcomer.budget.snapshot().remaining).toBeLessThanOrEqual(500);
  });

  test('locks a replica out from its next lease on after another one received a 429', async () => {
    const { world, first, second } = await createReplicas(2);
    const reservation = await first.budget.reserve('read');
    reservation.commit({ status: 429, headers: { 'retry-after': '30' } });
    expect(() => first.budget.reserve('mutation')).toThrow('locked this account out');
    await world.clock.pass(10);
    expect(await world.burst(second, 'mutation', 1)).toBe(0);
    await world.clock.pass(30_000);
    expect(await world.burst(second, 'mutation', 1)).toBe(1);
  });

  test('frees what a dead replica had leased once later responses have counted its requests', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(first, 'read', 500, { requestMs: 4000 });
    world.kill(first);
    await world.clock.pass(MINUTE);
    await world.burst(second, 'read', 1);
    expect(await world.burst(second, 'mutation', 1200)).toBe(900 - 501 + SHARE[2].all);
    expect(world.over()).toBe(0);
  });

  test('replaces a malformed state in the store by what a replica knows, and lets only shares be spent at first', async () => {
    const { world, first, second } = await createReplicas(2);
    await spendReads(world, [first, second], 400);
    await world.clock.pass(LEASE_COUNTED_MS);
    const empty = { windows: [], claims: [], lockedOutUntil: 0 };
    for (const malformed of ['', '{', '[]', JSON.stringify(empty)]) {
      world.store.put(KEY, malformed);
      expect(await world.burst(first, 'read', 200)).toBeLessThanOrEqual(SHARE[2].reads);
    }
    expect(await world.burst(first, 'read', 1)).toBe(0);
    await world.clock.pass(LEASE_COUNTED_MS);
    await world.burst(first, 'read', 1);
    expect(await world.burst(first, 'read', 10)).toBe(10);
  });

  test('respects what other clients of the token have spent, as a response to one replica reported it', async () => {
    const { world, first, second } = await createReplicas(2);
    for (const replica of [first, second]) await world.burst(replica, 'read', 1);
    world.spendElsewhere(850);
    await world.burst(first, 'read', 30);
    expect(await world.burst(second, 'read', 300)).toBeLessThanOrEqual(24 + SHARE[2].reads);
    expect(world.knowinglyOver()).toBe(0);
    await first.budget.refresh();
    expect(first.budget.snapshot().remaining).toBeLessThan(350);
  });
});

describe('a replica without the store', () => {
  test('spends its lease, and then its share once a window, of which a tenth is reserved for mutations', async () => {
    const { world, first } = await createReplicas(3);
    await world.burst(first, 'read', 1);
    world.store.breakAll();
    expect(first.budget.snapshot()).toMatchObject({ limit: 1200, remaining: 24 + SHARE[3].all });
    expect(await world.burst(first, 'read', 200)).toBe(24 + SHARE[3].reads);
    expect(await world.burst(first, 'mutation', 200)).toBe(SHARE[3].all - SHARE[3].reads);
    expect(first.budget.snapshot().remaining).toBe(0);
    await world.clock.pass(300_000);
    expect(await world.burst(first, 'mutation', 200)).toBe(0);
    await world.clock.pass(SHARE_WINDOW_MS - 300_000);
    expect(await world.burst(first, 'mutation', 200)).toBe(SHARE[3].all);
  });

  test('gets, in the error, the time at which its share is whole again', async () => {
    const { world, first } = await createReplicas(3);
    world.store.breakAll();
    await world.burst(first, 'mutation', 200);
    await expect(Promise.try(() => first.budget.reserve('mutation'))).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: SHARE_WINDOW_MS / 1000 - 3,
    });
  });

  test('is under pressure as soon as the store breaks, since its share is small', async () => {
    const { world, first } = await createReplicas(3);
    await world.burst(first, 'read', 1);
    expect(first.budget.pressure()).toBeLessThanOrEqual(1.01);
    world.store.breakAll();
    expect(first.budget.pressure()).toBeGreaterThan(2);
  });

  test('leaves room for a replica that still has it', async () => {
    const { world, first, second } = await createReplicas(2);
    second.store.break();
    expect(await world.burst(first, 'mutation', 1200)).toBe(900 + SHARE[2].all);
    expect(await world.burst(second, 'mutation', 1200)).toBe(SHARE[2].all);
    expect(world.over()).toBe(0);
  });

  test('has what its predecessor left of its share until that is whole again, if it started with the store', async () => {
    const { world, first } = await createReplicas(2);
    world.kill(first);
    const successor = world.open();
    successor.store.break();
    expect(await world.burst(successor, 'mutation', 200)).toBe(25);
    await world.clock.pass(SHARE_WINDOW_MS);
    expect(await world.burst(successor, 'mutation', 200)).toBe(SHARE[2].all);
  });

  test('has its share at once if it started without the store', async () => {
    const { world } = await createReplicas(2);
    expect(await world.burst(world.open({ isUp: false }), 'mutation', 200)).toBe(SHARE[2].all);
  });

  test('shares the whole budget again after the store is back', async () => {
    const { world, replicas, first } = await createReplicas(3);
    await spendReads(world, replicas, 30);
    world.store.breakAll();
    await spendReads(world, replicas, 300);
    world.store.healAll();
    expect(await spendReads(world, replicas, 300)).toBe(300);
    await world.clock.pass(2 * SHARE_WINDOW_MS);
    expect(await spendReads(world, [first], 1000)).toBe(810 + SHARE[3].reads);
    expect(world.over()).toBe(0);
  });
});

describe('replicas whose store lost its data', () => {
  test('spend only shares until what the others may have leased has been counted', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(second, 'read', 1);
    // What the second replica knows is outdated after this.
    await world.burst(first, 'mutation', 880, { responseMs: 2000 });
    world.store.clear();
    expect(await world.burst(second, 'mutation', 600)).toBe(24 + SHARE[2].all);
    await world.clock.pass(LEASE_COUNTED_MS);
    await world.burst(first, 'mutation', 600);
    expect(world.over()).toBe(0);
  });

  test('share the budget again in the same window, even if all reads of their shares are spent', async () => {
    const { world, replicas, first } = await createReplicas(2);
    world.store.clear();
    for (const replica of replicas) expect(await world.burst(replica, 'read', 500)).toBe(SHARE[2].reads);
    await world.clock.pass(LEASE_COUNTED_MS);
    await world.burst(first, 'read', 1);
    expect(await world.burst(first, 'read', 300)).toBe(300);
  });

  test('give a token that is new to them the whole budget at once, unless the store lost its data lately', async () => {
    const { world, first } = await createReplicas(2);
    world.store.put(KEY, 'expired');
    const entries = world.store.entries();
    world.store.clear();
    for (const [key, value] of entries) if (key !== KEY) world.store.put(key, value);
    expect(await world.burst(first, 'read', 810)).toBe(810);
  });
});
