import { describe, expect, test } from 'vitest';

import { parseBudget } from '../../src/budget/window.ts';
import { type BudgetReplica, createBudgetWorld, KEY } from './budgetWorld.ts';
import { caller } from './callersWorld.ts';

const GREEDY = caller('greedy');
const POLITE = caller('polite');
const TRIP = { responseMs: 50 };

/** Replicas that have shared a budget of 1,200 requests in 300 s for so long that they may lease requests. */
async function startReplicas(count = 3) {
  const world = createBudgetWorld({ minReplicas: count, hasCallers: true, latencyMs: () => 2 });
  const replicas = Array.from({ length: count }, () => world.open());
  for (const quietMs of [36_000, 320_000]) {
    for (const replica of replicas) await world.burst(replica, 'read', 1);
    await world.clock.pass(quietMs);
  }

  /** GREEDY asks every replica for `perSecond` reads, and POLITE one for one. Returns how many were sent. */
  async function pass(seconds: number, { perSecond = 40, polite = true } = {}) {
    const sent: Promise<boolean>[] = [];
    const politeSent: Promise<boolean>[] = [];
    for (let second = 0; second < seconds; second += 1) {
      for (const replica of replicas)
        for (let request = 0; request < perSecond; request += 1)
          sent.push(world.send(replica, 'read', { ...TRIP, caller: GREEDY }));
      const [asked] = replicas.slice(second % count);
      if (polite && asked !== undefined) politeSent.push(world.send(asked, 'read', { ...TRIP, caller: POLITE }));
      await world.clock.pass(1000);
    }
    const countTrue = async (list: Promise<boolean>[]) => (await Promise.all(list)).filter(Boolean).length;
    return { greedy: await countTrue(sent), polite: await countTrue(politeSent) };
  }

  return { world, replicas, pass };
}

describe('replicas that share a budget among callers', () => {
  test('give a caller that asks all of them no more than its share and some leases at once', async () => {
    const { pass } = await startReplicas();
    // Of 1,000 requests that can be leased, 900 are for reads. Half of them are kept for others.
    const { greedy } = await pass(2, { perSecond: 200, polite: false });
    expect(greedy).toBeGreaterThanOrEqual(430);
    expect(greedy).toBeLessThanOrEqual(450 + 3 * 24);
  });

  test('serve a caller that has not used up its share, whatever another one asks of all of them', async () => {
    const { pass, world } = await startReplicas();
    const { polite } = await pass(610);
    expect(polite).toBeGreaterThanOrEqual(0.99 * 610);
    expect(world.over()).toBe(0);
  });

  test('lend what nobody else needs, and what is not leased before: 5 % are left at most when the window ends', async () => {
    const { pass, world } = await startReplicas();
    await pass(299);
    expect(world.used()).toBeGreaterThanOrEqual(0.95 * 1200);
    expect(world.over()).toBe(0);
  });

  test('know what callers have used on another replica, and those of the window before', async () => {
    const { pass, world } = await startReplicas();
    await pass(200);
    const stored = parseBudget(world.store.entries().get(KEY) ?? null);
    const [window] = stored?.windows.values() ?? [];
    expect([...(window?.callers.keys() ?? [])].toSorted()).toEqual(['greedy', 'polite']);
    expect(window?.callers.get('polite')?.requests).toBeGreaterThan(150);
    await pass(110);
    const newcomer = world.open();
    const refreshed = newcomer.budget.refresh();
    await world.clock.pass(10);
    await refreshed;
    expect(newcomer.budget.share(GREEDY)?.limit).toBe(300);
  });

  test('read the state of a version that knows no callers', async () => {
    const { world, replicas } = await startReplicas();
    await world.burst(at(replicas), 'read', 1, { caller: GREEDY });
    await world.clock.pass(30_000);
    await world.burst(at(replicas), 'read', 1, { caller: GREEDY });
    const text = world.store.entries().get(KEY) ?? '';
    const withoutCallers = text.replace(/,"callers":\[.*?\]\]/, '');
    expect(withoutCallers).not.toBe(text);
    expect(parseBudget(withoutCallers)).not.toBeNull();
  });

  test('divide their own shares among callers while the store is unavailable', async () => {
    const { pass, world } = await startReplicas();
    await pass(3);
    world.store.breakAll();
    await world.clock.pass(30_000);
    const { greedy, polite } = await pass(60);
    expect(polite).toBeGreaterThanOrEqual(15);
    expect(greedy).toBeGreaterThan(polite);
    expect(world.over()).toBe(0);
  });

  test('let mutations through though their caller has used up its share', async () => {
    const { pass, world, replicas } = await startReplicas();
    await pass(3);
    expect(await world.burst(at(replicas), 'mutation', 20, { ...TRIP, caller: GREEDY })).toBe(20);
  });
});

function at(replicas: readonly BudgetReplica[]): BudgetReplica {
  const [first] = replicas;
  if (first === undefined) throw new Error('There is no replica.');
  return first;
}
