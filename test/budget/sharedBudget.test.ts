import { describe, expect, test } from 'vitest';

import { at, type BudgetReplica, type BudgetWorld, createBudgetWorld, KEY } from './budgetWorld.ts';

const MINUTE = 60_000;
/** As long as it takes until what was leased or sent has been counted, and as long as a share has to last. */
const SETTLE_MS = 35_000;
/** What can be leased of the documented limit. */
const LEASABLE = { all: 1000, reads: 900 };

/** Replicas that have shared a budget for some time, at the beginning of a window. */
async function createReplicas(count: number, options: Partial<Parameters<typeof createBudgetWorld>[0]> = {}) {
  const world = createBudgetWorld({ minReplicas: count, ...options });
  const replicas = Array.from({ length: count }, () => world.open());
  for (const quietMs of [SETTLE_MS, 2 * SETTLE_MS, 301_000]) {
    for (const replica of replicas) await world.burst(replica, 'read', 1);
    await world.clock.pass(quietMs);
  }
  return { world, replicas, first: at(replicas, 0), second: at(replicas, 1) };
}

type World = Awaited<ReturnType<typeof createReplicas>>;

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
  test('counts the requests of all replicas, and reserves a tenth of what can be leased for mutations', async () => {
    const { world, replicas, first } = await createReplicas(3);
    const reads = await spendReads(world, replicas, 1300);
    expect(reads).toBeGreaterThanOrEqual(LEASABLE.reads);
    expect(reads).toBeLessThan(LEASABLE.reads + 30);
    await first.budget.refresh();
    // What the others have not published yet is missing.
    expect(first.budget.snapshot().remaining).toBeLessThan(300 + 2 * 50);
    let mutations = 0;
    for (const replica of replicas) mutations += await world.burst(replica, 'mutation', 200);
    expect(reads + mutations).toBeGreaterThanOrEqual(LEASABLE.all);
    expect(world.over()).toBe(0);
  });

  test('can nearly be used up: a share of what is never leased can be spent in each period', async () => {
    const { world, replicas } = await createReplicas(3);
    for (let period = 0; period < 8; period += 1) {
      for (const replica of replicas) await world.burst(replica, 'mutation', 500);
      await world.clock.pass(SETTLE_MS - 3 * 3000);
    }
    expect(world.used()).toBeGreaterThan(1040);
    expect(world.over()).toBe(0);
  });

  test('takes at most a tenth of a round trip to the store per request', async () => {
    const { world, replicas } = await createReplicas(3);
    const commands = countCommands(replicas);
    const sent = await spendReads(world, replicas, 800);
    expect(sent).toBe(800);
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
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(LEASABLE.all - 50);
    expect(world.over()).toBe(0);
  });

  test('lets replicas hold little when little is left, so that a single one can spend nearly all of it', async () => {
    const { world, replicas, first } = await createReplicas(3);
    await spendReads(world, replicas, 840);
    // Of the 60 that can still be leased, each of the others holds a third at most.
    expect(await spendReads(world, [first], 500)).toBeGreaterThanOrEqual(20);
  });

  test('gets back what a replica does not spend', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(first, 'read', 1);
    await world.clock.pass(SETTLE_MS);
    await world.burst(second, 'read', 1);
    await world.clock.pass(MINUTE);
    expect(await world.burst(second, 'mutation', 1200)).toBeGreaterThanOrEqual(LEASABLE.all - 2);
  });

  test('is known to a replica that has just started', async () => {
    const { world, replicas } = await createReplicas(2);
    await spendReads(world, replicas, 700);
    const newcomer = world.open();
    expect(await world.burst(newcomer, 'read', 500)).toBeLessThanOrEqual(200 + 20);
    await newcomer.budget.refresh();
    expect(newcomer.budget.snapshot().remaining).toBeLessThanOrEqual(500);
  });

  test('locks a replica out from its next lease on after another one received a 429', async () => {
    const { world, first, second } = await createReplicas(2);
    const reservation = await first.budget.reserve('read');
    reservation.commit({ status: 429, headers: { 'retry-after': '30' } });
    await expect(first.budget.reserve('mutation')).rejects.toThrow('locked this account out');
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
    expect(await world.burst(second, 'mutation', 1200)).toBeGreaterThanOrEqual(LEASABLE.all - 502);
    expect(world.over()).toBe(0);
  });

  test('replaces a malformed state in the store by what a replica knows, and lets only shares be spent at first', async () => {
    const { world, first, second } = await createReplicas(2);
    await spendReads(world, [first, second], 400);
    await world.clock.pass(SETTLE_MS);
    const empty = { windows: [], claims: [], lockedOutUntil: 0, answeredAt: 0 };
    for (const malformed of ['', '{', '[]', JSON.stringify(empty)]) {
      world.store.put(KEY, malformed);
      expect(await world.burst(first, 'read', 200)).toBeLessThanOrEqual(55);
    }
    expect(await world.burst(first, 'read', 1)).toBe(0);
    await world.clock.pass(SETTLE_MS);
    await world.burst(first, 'read', 1);
    expect(await world.burst(first, 'read', 10)).toBe(10);
  });

  test('respects what other clients of the token have spent, as a response to one replica reported it', async () => {
    const { world, first, second } = await createReplicas(2);
    for (const replica of [first, second]) await world.burst(replica, 'read', 1);
    world.spendElsewhere(850);
    await world.burst(first, 'read', 30);
    expect(await world.burst(second, 'read', 300)).toBeLessThanOrEqual(24 + 20);
    expect(world.knowinglyOver()).toBe(0);
    await first.budget.refresh();
    expect(first.budget.snapshot().remaining).toBeLessThan(350);
  });
});

describe('a replica without the store', () => {
  test('spends its lease, and then a share of what is left in each period, of which a tenth is reserved for mutations', async () => {
    const { world, first } = await createReplicas(3);
    await world.burst(first, 'read', 1);
    world.store.breakAll();
    expect(await world.burst(first, 'read', 200)).toBe(24 + 53);
    expect(await world.burst(first, 'mutation', 200)).toBe(5);
    await world.clock.pass(SETTLE_MS - 7000);
    expect(await world.burst(first, 'mutation', 200)).toBe(0);
    await world.clock.pass(3000);
    expect(await world.burst(first, 'mutation', 200)).toBe(55);
  });

  test('keeps sending through a window as the others do, and stops before the limit', async () => {
    const { world, replicas } = await createReplicas(3);
    world.store.breakAll();
    await world.burst(at(replicas, 0), 'read', 1);
    for (let second = 0; second < 280; second += 4) {
      for (const replica of replicas) void world.send(replica, 'mutation', { responseMs: 50 });
      for (const replica of replicas) void world.send(replica, 'read', { responseMs: 50 });
      await world.clock.pass(4000);
    }
    expect(world.used()).toBeGreaterThan(350);
    world.spendElsewhere(1200 - world.used() - 70);
    const before = world.used();
    for (let period = 0; period < 4; period += 1)
      for (const replica of replicas) await world.burst(replica, 'mutation', 100, { responseMs: 50 });
    expect(world.used() - before).toBeLessThanOrEqual(3 * 5);
  });

  test('gets, in the error, the time at which it can spend its share again', async () => {
    const { world, first } = await createReplicas(3);
    world.store.breakAll();
    await world.burst(first, 'mutation', 200);
    await expect(first.budget.reserve('mutation')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: SETTLE_MS / 1000 - 3,
    });
  });

  test.each([
    ['has sent nothing for some time', async ({ first }: World) => first],
    ['has just started', async ({ world }: World) => world.open({ isUp: false })],
  ])('sends five requests if it %s; the others wait for the first response', async (_when, choose) => {
    const replicas = await createReplicas(3);
    const { world } = replicas;
    world.store.breakAll();
    const replica = await choose(replicas);
    const sent = Array.from({ length: 30 }, async () => world.send(replica, 'mutation', { responseMs: 500 }));
    await world.clock.pass(400);
    expect(world.used()).toBe(5);
    await world.clock.pass(200);
    expect(world.used()).toBe(30);
    expect(await Promise.all(sent)).toEqual(sent.map(() => true));
  });

  test('rejects what waits for a response when there is none, and probes again', async () => {
    const { world } = await createReplicas(3);
    world.store.breakAll();
    const newcomer = world.open({ isUp: false });
    expect(await world.burst(newcomer, 'read', 30, { responseMs: 500, isLost: true })).toBe(5);
    await expect(newcomer.budget.reserve('read')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    await world.clock.pass(SETTLE_MS);
    expect(await world.burst(newcomer, 'read', 20)).toBe(20);
  });

  test('leaves room for a replica that still has it', async () => {
    const { world, first, second } = await createReplicas(2);
    second.store.break();
    expect(await world.burst(first, 'mutation', 1200, { requestMs: 2000 })).toBeGreaterThan(LEASABLE.all - 50);
    expect(await world.burst(second, 'mutation', 1200)).toBeGreaterThan(4);
    expect(world.over()).toBe(0);
  });

  test('spends its share once a window if RealtimeKit does not report what is left', async () => {
    const { world, first } = await createReplicas(3, { isSilent: true });
    await world.clock.pass(6 * MINUTE);
    world.store.breakAll();
    const share = await world.burst(first, 'mutation', 200);
    expect(share).toBeGreaterThan(25);
    await world.clock.pass(5 * MINUTE);
    expect(await world.burst(first, 'mutation', 200)).toBeLessThanOrEqual(1);
    await world.clock.pass(SETTLE_MS);
    expect(await world.burst(first, 'mutation', 200)).toBeGreaterThanOrEqual(share - 1);
  });

  test('leases again after the store is back as soon as a response has shown what the others spent', async () => {
    const { world, replicas, first, second } = await createReplicas(3);
    const idle = at(replicas, 2);
    await spendReads(world, replicas, 30);
    world.store.breakAll();
    for (let period = 0; period < 6; period += 1) {
      for (const replica of [first, second]) await world.burst(replica, 'mutation', 200);
      await world.clock.pass(SETTLE_MS);
    }
    const used = world.used();
    expect(used).toBeGreaterThan(330);
    world.store.healAll();
    expect(await world.burst(idle, 'mutation', 1200, { responseMs: 50 })).toBeGreaterThan(LEASABLE.all - used - 50);
    expect(world.over()).toBe(0);
  });
});

describe('a replica that started without the store, with a clock that is an hour ahead', () => {
  const CLOCK_AHEAD = { isUp: false, ownClockAheadMs: 60 * MINUTE };

  test('lets all replicas lease once it has reached the store, in the same window and in later ones', async () => {
    const { world, first } = await createReplicas(2);
    await world.burst(first, 'read', 20);
    const ahead = world.open(CLOCK_AHEAD);
    expect(await world.burst(ahead, 'read', 20)).toBe(20);
    ahead.store.heal();
    for (let window = 0; window < 3; window += 1) {
      for (const replica of [first, ahead]) {
        await world.burst(replica, 'read', 1);
        expect(await world.burst(replica, 'read', 300)).toBe(300);
      }
      await world.clock.pass(301_000);
    }
    expect(world.over()).toBe(0);
  });

  test('does not take what the others have leased for counted', async () => {
    const { world, first } = await createReplicas(2);
    const ahead = world.open(CLOCK_AHEAD);
    await world.burst(ahead, 'read', 1);
    const slow = world.burst(first, 'mutation', 900, { requestMs: 20_000 });
    ahead.store.heal();
    expect(await world.burst(ahead, 'mutation', 600)).toBeLessThan(200);
    expect(await slow).toBeGreaterThan(800);
    await world.clock.pass(MINUTE);
    expect(world.over()).toBe(0);
  });

  test('can spend its share without the store again after as long as any other', async () => {
    const { world } = await createReplicas(2);
    const ahead = world.open(CLOCK_AHEAD);
    await world.burst(ahead, 'mutation', 200);
    ahead.store.heal();
    await world.burst(ahead, 'mutation', 1);
    ahead.store.break();
    await world.clock.pass(SETTLE_MS);
    expect(await world.burst(ahead, 'mutation', 200)).toBeGreaterThan(40);
  });
});

describe('replicas whose store lost its data', () => {
  test('spend only shares until what the others may have leased has been counted', async () => {
    const { world, first, second } = await createReplicas(2);
    await world.burst(second, 'read', 1);
    // What the second replica knows is outdated after this.
    await world.burst(first, 'mutation', 950, { responseMs: 2000 });
    world.store.clear();
    expect(await world.burst(second, 'mutation', 600)).toBeLessThan(24 + 96);
    await world.clock.pass(SETTLE_MS);
    await world.burst(first, 'mutation', 600);
    expect(world.over()).toBe(0);
  });

  test('remember what responses reported if another one, which does not know of it, has replaced the lost data', async () => {
    const { world, first, second } = await createReplicas(2);
    world.spendElsewhere(1170);
    // Of the 29 that the first response reports, 24 are leased already. The second burst publishes that.
    for (const attempts of [1, 60]) expect(await world.burst(first, 'read', attempts)).toBeLessThan(2);
    world.store.clear();
    expect(await world.burst(second, 'mutation', 1, { requestMs: 4000 })).toBe(1);
    expect(await world.burst(first, 'mutation', 200, { responseMs: 100 })).toBeGreaterThanOrEqual(23);
    expect(world.knowinglyOver()).toBe(0);
    // The others learn it from the store again.
    await second.budget.refresh();
    expect(second.budget.snapshot().remaining).toBeLessThan(29);
  });

  test('stay locked out if another one, which does not know of it, has replaced the lost data', async () => {
    const { world, first, second } = await createReplicas(2);
    const reservation = await first.budget.reserve('read');
    reservation.commit({ status: 429, headers: { 'retry-after': '60' } });
    await world.clock.pass(10);
    world.store.clear();
    await world.burst(second, 'read', 1);
    await first.budget.refresh();
    expect(await world.burst(first, 'mutation', 1)).toBe(0);
  });

  test('share the budget again in the same window', async () => {
    const { world, replicas, first } = await createReplicas(2);
    world.store.clear();
    for (const replica of replicas) expect(await world.burst(replica, 'read', 500)).toBeLessThan(86);
    await world.clock.pass(SETTLE_MS);
    await world.burst(first, 'read', 1);
    expect(await world.burst(first, 'read', 300)).toBe(300);
  });

  test('share the budget again in the same window even if a response without rate-limit fields comes first', async () => {
    const { world, replicas, first } = await createReplicas(2);
    world.store.clear();
    for (const replica of replicas) await world.burst(replica, 'read', 1);
    await world.clock.pass(SETTLE_MS);
    const reservation = await first.budget.reserve('read');
    reservation.commit({ status: 502, headers: {} });
    for (const replica of replicas) await world.burst(replica, 'read', 1);
    for (const replica of replicas) expect(await world.burst(replica, 'read', 300)).toBe(300);
  });

  test('lease again once the window has ended if RealtimeKit does not report what is left', async () => {
    const world = createBudgetWorld({ minReplicas: 2, isSilent: true });
    const first = world.open();
    const share = await world.burst(first, 'mutation', 200);
    expect(share).toBeGreaterThan(40);
    await world.clock.pass(2 * SETTLE_MS);
    expect(await world.burst(world.open(), 'mutation', 200)).toBe(share);
    await world.clock.pass(5 * MINUTE);
    expect(await world.burst(first, 'mutation', 1)).toBe(1);
    expect(await world.burst(first, 'mutation', 300)).toBe(300);
  });

  test('give a token that is new to them the whole budget at once, unless the store lost its data lately', async () => {
    const { world } = await createReplicas(2);
    const entries = world.store.entries();
    world.store.clear();
    for (const [key, value] of entries) if (key !== KEY) world.store.put(key, value);
    expect(await world.burst(world.open(), 'read', LEASABLE.reads, { responseMs: 50 })).toBe(LEASABLE.reads);
  });
});
