import { describe, expect, test } from 'vitest';

import { createBudgetState, parseBudget, serializeBudget } from '../../src/budget/window.ts';
import { countRequest } from '../../src/budget/callers.ts';
import { caller, createCallersWorld } from './callersWorld.ts';

const GREEDY = caller('greedy');
const POLITE = caller('polite');
const LIMIT = 1200;
/** All but the tenth that is reserved for mutations. */
const FOR_READS = 1080;

/** A world whose window has just started, with the first request of GREEDY. */
function createStartedWorld(): ReturnType<typeof createCallersWorld> {
  const world = createCallersWorld();
  world.ask(GREEDY);
  return world;
}

describe('a caller that asks without limit', () => {
  test('gets its share at once: half, because another caller may yet come', () => {
    const world = createStartedWorld();
    expect(1 + world.askAll(GREEDY).sent).toBe(FOR_READS / 2);
    expect(world.ask(GREEDY).outcome).toBe('caller');
  });

  test('is lent the rest as the window passes, so that 5 % are left at most when it ends', () => {
    const world = createStartedWorld();
    const usedBy = new Map<number, number>();
    world.pass(300, (second) => {
      world.askAll(GREEDY);
      usedBy.set(second, world.used());
    });
    expect(usedBy.get(0)).toBe(540);
    expect(usedBy.get(150)).toBeGreaterThan(780);
    expect(usedBy.get(150)).toBeLessThan(900);
    expect(usedBy.get(299)).toBeGreaterThanOrEqual(0.95 * LIMIT);
    expect(world.over()).toBe(0);
  });

  test('learns that its own share is used up, and when it will be served again', () => {
    const world = createStartedWorld();
    world.askAll(GREEDY);
    for (let round = 0; round < 20; round += 1) {
      const { outcome, retryAfterSeconds } = world.ask(GREEDY);
      expect(outcome).toBe('caller');
      expect(retryAfterSeconds).toBeLessThanOrEqual(2);
      world.clock.advance((retryAfterSeconds ?? 0) * 1000);
      expect(world.ask(GREEDY).outcome).toBe('sent');
      world.askAll(GREEDY);
    }
  });

  test('has a share again in the next window', () => {
    const world = createStartedWorld();
    world.pass(301, () => world.askAll(GREEDY));
    expect(world.askAll(GREEDY).sent).toBeGreaterThanOrEqual(530);
  });

  test('gets no more at the start of the next window than its share beside those that were active', () => {
    const world = createStartedWorld();
    const others = [1, 2, 3, 4].map((number) => caller(`other ${number}`));
    world.pass(301, () => {
      world.askAll(GREEDY);
      for (const other of others) world.ask(other);
    });
    // Its own share, four of others and one that is kept for somebody who may yet come.
    expect(world.askAll(GREEDY).sent).toBeLessThanOrEqual(FOR_READS / 6);
  });
});

describe('a caller that has not used up its share', () => {
  test('is served whatever another one asks for, at any time of the window', () => {
    const world = createStartedWorld();
    const outcomes = new Set<string>();
    // Until the next window certainly has begun.
    world.pass(640, () => {
      world.askAll(GREEDY);
      outcomes.add(world.ask(POLITE).outcome);
    });
    expect([...outcomes]).toEqual(['sent']);
    expect(world.over()).toBe(0);
  });

  test('gets its whole share at once if it comes late', () => {
    const world = createStartedWorld();
    world.pass(100, () => world.askAll(GREEDY));
    // A third beside the other caller and one that may yet come.
    expect(world.askAll(POLITE).sent).toBeGreaterThanOrEqual(FOR_READS / 3);
  });

  test('takes back at once what was kept for it', () => {
    const world = createStartedWorld();
    world.ask(POLITE);
    world.askAll(GREEDY);
    const { sent } = world.askAll(GREEDY);
    expect(sent).toBe(0);
    world.ask(POLITE);
    expect(world.ask(GREEDY).outcome).toBe('caller');
    expect(world.ask(POLITE).outcome).toBe('sent');
  });
});

describe('callers that all ask without limit', () => {
  test('get equal parts of a window, however often each of them asks', () => {
    const world = createStartedWorld();
    world.pass(300, () => {
      world.askAll(GREEDY);
      for (let request = 0; request < 5; request += 1) world.ask(POLITE);
    });
    expect(Math.abs(world.used(GREEDY) - world.used(POLITE))).toBeLessThanOrEqual(0.02 * LIMIT);
    expect(world.used()).toBeGreaterThanOrEqual(0.95 * LIMIT);
  });

  test('get parts in proportion to their weights', () => {
    const world = createCallersWorld();
    const [large, small] = [caller('large', 3), caller('small', 0.5)];
    world.pass(300, () => {
      for (let request = 0; request < 20; request += 1) {
        world.ask(small);
        world.ask(large);
      }
    });
    expect(world.used(large) / world.used(small)).toBeGreaterThan(5.5);
    expect(world.used(large) / world.used(small)).toBeLessThan(6.5);
    expect(world.used()).toBeGreaterThanOrEqual(0.95 * LIMIT);
  });

  test('leave less for one that has stopped asking, and more for each other', () => {
    const world = createStartedWorld();
    for (let request = 0; request < 10; request += 1) world.ask(POLITE);
    world.pass(59, () => world.askAll(GREEDY));
    const before = world.budget.share(GREEDY)?.limit;
    world.pass(2, () => world.askAll(GREEDY));
    expect([before, world.budget.share(GREEDY)?.limit]).toEqual([FOR_READS / 3, FOR_READS / 2]);
  });
});

describe('mutations', () => {
  test('wait for nobody’s reads, and count toward their caller’s share', () => {
    const world = createStartedWorld();
    world.askAll(GREEDY);
    for (let request = 0; request < 100; request += 1) expect(world.ask(GREEDY, 'mutation').outcome).toBe('sent');
    expect(world.askAll(POLITE, 'mutation', 300).outcome).toBe('sent');
    expect(world.used(GREEDY)).toBe(640);
    expect(world.ask(GREEDY).retryAfterSeconds).toBeGreaterThan(50);
  });

  test('keep a tenth of the limit, of which a tenth is left when the window ends', () => {
    const world = createStartedWorld();
    const others = Array.from({ length: 10 }, (_, number) => caller(`other ${number}`));
    const spend = () => others.forEach((other) => world.askAll(other));
    spend();
    spend();
    world.pass(299, () => spend());
    const left = LIMIT - world.used();
    expect(left).toBeGreaterThanOrEqual(LIMIT / 100);
    expect(left).toBeLessThanOrEqual(LIMIT / 20);
    expect(world.askAll(POLITE, 'mutation').sent).toBe(left);
    expect(world.over()).toBe(0);
  });
});

describe('a share', () => {
  test('reports its size, what is left of it, and when the window ends', () => {
    const world = createStartedWorld();
    const resetsAt = world.clock.now() + 300_000;
    expect(world.budget.share(GREEDY)).toEqual({ limit: 540, remaining: 539, resetsAt, windowMs: 300_000 });
    world.askAll(GREEDY);
    expect(world.budget.share(GREEDY)).toEqual({ limit: 540, remaining: 0, resetsAt, windowMs: 300_000 });
    expect(world.budget.share(POLITE)).toEqual({ limit: 360, remaining: 360, resetsAt, windowMs: 300_000 });
  });

  test('is nothing during a lockout', () => {
    const world = createStartedWorld();
    world.budget.reserve('read', POLITE).commit({ status: 429, headers: { 'retry-after': '60' } });
    expect(world.budget.share(GREEDY)).toMatchObject({ remaining: 0, resetsAt: world.clock.now() + 60_000 });
  });

  test('counts requests in flight', () => {
    const world = createStartedWorld();
    const reservations = Array.from({ length: 539 }, () => world.budget.reserve('read', GREEDY));
    expect(world.ask(GREEDY).outcome).toBe('caller');
    reservations[0]?.release(false);
    expect(world.ask(GREEDY).outcome).toBe('sent');
  });

  test('is unlimited where the account has one caller', () => {
    const { budget } = createCallersWorld();
    expect(budget.share()).toBeNull();
    const reservations = Array.from({ length: FOR_READS }, () => budget.reserve('read'));
    expect(reservations).toHaveLength(FOR_READS);
    expect(() => budget.reserve('read')).toThrow('The request budget for reads is used up');
  });
});

describe('pressure', () => {
  test('of a greedy caller is high, and that of the others is not', () => {
    const world = createStartedWorld();
    world.pass(60, () => {
      world.askAll(GREEDY);
      world.ask(POLITE);
    });
    expect(world.budget.pressure(GREEDY)).toBeGreaterThan(2);
    expect(world.budget.pressure(POLITE)).toBeLessThan(1);
  });

  test('of a lone caller is that of the whole budget', () => {
    const world = createStartedWorld();
    for (let request = 0; request < 500; request += 1) world.ask(GREEDY);
    world.clock.advance(60_000);
    expect(world.budget.pressure(GREEDY) / world.budget.pressure()).toBeGreaterThan(0.94);
    expect(world.budget.pressure(GREEDY) / world.budget.pressure()).toBeLessThanOrEqual(1);
  });
});

describe('the state', () => {
  test('remembers 64 callers: those that used the most', () => {
    const state = createBudgetState();
    for (let number = 0; number < 200; number += 1) countRequest(state, caller(`once ${number}`), 0);
    for (let request = 0; request < 5; request += 1) countRequest(state, GREEDY, 0);
    for (let number = 0; number < 200; number += 1) countRequest(state, caller(`again ${number}`), 0);
    const [window] = state.windows.values();
    expect(window?.callers.size).toBe(64);
    expect(window?.callers.get('greedy')?.requests).toBe(5);
  });

  test('is shared with its callers, and is the same as before where there are none', () => {
    const state = createBudgetState();
    expect(serializeBudget(state)).toBe(
      '{"windows":[["",{"limit":1200,"lengthMs":300000,"remaining":1200,"startsAt":0,"endsAt":null,"reportedAt":0}]],"claims":[],"lockedOutUntil":0,"answeredAt":0}',
    );
    expect(parseBudget(serializeBudget(state))).toEqual(state);
    countRequest(state, GREEDY, 5);
    expect(parseBudget(serializeBudget(state))).toEqual(state);
  });
});
