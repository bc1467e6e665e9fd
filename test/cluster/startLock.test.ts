import { describe, expect, test } from 'vitest';

import { createWorld, MINUTE, OTHER, resultOf } from './startWorld.ts';

describe.each([
  ['rejects', true],
  ['carries out', false],
])('starts at several replicas, if RealtimeKit %s a second start', (_behaviour, rejectsSecond) => {
  test('send one request if they are the same and come while it is in flight', async () => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 4000, responseMs: 4000 }));
    const outcomes = Promise.all([world.open(), world.open(7), world.open(-7)].map(async ({ start }) => start()));
    await world.clock.pass(MINUTE);
    expect((await outcomes).map(resultOf)).toEqual(['livestream-0', 'livestream-0', 'livestream-0']);
    expect(world.posts()).toBe(1);
  });

  test('are sent one after the other if they differ', async () => {
    const world = createWorld({ rejectsSecond });
    const outcomes = Promise.all([world.open().start(), world.open().start(OTHER)]);
    await world.clock.pass(MINUTE);
    expect((await outcomes).map(resultOf)).toEqual(['livestream-0', rejectsSecond ? 'CONFLICT' : 'livestream-1']);
  });

  test.each([1000, 30_000])(
    'send one request if they are the same, even if a different start runs for %i ms between them',
    async (durationMs) => {
      const world = createWorld({ rejectsSecond });
      const [first, different, second] = [world.open(), world.open(), world.open()];
      world.setTrips(() => ({ requestMs: 500, responseMs: world.posts() === 1 ? 500 : durationMs - 500 }));
      const outcomes: Promise<unknown>[] = [];
      for (const start of [first.start(), different.start(OTHER), second.start()]) {
        outcomes.push(start.then(resultOf));
        await world.clock.pass(10);
      }
      await world.clock.pass(MINUTE);
      expect(await Promise.all(outcomes)).toEqual([
        'livestream-0',
        rejectsSecond ? 'CONFLICT' : 'livestream-1',
        'livestream-0',
      ]);
      expect(world.posts()).toBe(2);
    },
  );

  test('do not return the livestream of the same start that was completed before they came', async () => {
    const world = createWorld({ rejectsSecond, latencyMs: () => 20 });
    const [first, second, third] = [world.open(), world.open(), world.open()];
    const completed: string[] = [];
    const outcomes = [first.start(), second.start()];
    for (const outcome of outcomes) void outcome.then((settled) => completed.push(resultOf(settled)));
    while (completed.length === 0) await world.clock.pass(1);
    // The second has the lock soon, and returns the livestream of the first.
    await world.clock.pass(15);
    outcomes.push(third.start());
    await world.clock.pass(MINUTE);
    expect((await Promise.all(outcomes)).map(resultOf)).toEqual([
      'livestream-0',
      'livestream-0',
      rejectsSecond ? 'CONFLICT' : 'livestream-1',
    ]);
    expect(world.posts()).toBe(2);
  });

  test('are sent as soon as a different start at the same replica is complete', async () => {
    const world = createWorld({ rejectsSecond });
    const replica = world.open();
    const first = replica.start();
    await world.clock.pass(1);
    const second = replica.start(OTHER);
    await world.clock.pass(100);
    expect(resultOf(await first)).toBe('livestream-0');
    expect(world.posts()).toBe(2);
    expect(resultOf(await second)).toBe(rejectsSecond ? 'CONFLICT' : 'livestream-1');
  });

  test('wait for a start that takes longer than the lock of a dead replica lasts', async () => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 20_000, responseMs: 20_000 }));
    const [first, second] = [world.open().start(), world.open().start()];
    await world.clock.pass(MINUTE);
    expect([await first, await second].map(resultOf)).toEqual(['livestream-0', 'livestream-0']);
  });

  test.each([
    ['before it sends its start', 0, 1],
    ['after it has sent its start', 500, 1],
    ['after its start was carried out', 1500, 1],
  ])('create one livestream if the first replica dies %s', async (_when, lifetimeMs, count) => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    const [first, second] = [world.open(), world.open()];
    void first.start();
    await world.clock.pass(lifetimeMs);
    const outcome = second.start();
    first.kill();
    await world.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.started()).toHaveLength(count);
  });

  test.each([
    ['restarts without its data', 1000],
    ['evicts the lock', 0],
  ])('send one request if they are the same, even if the store %s meanwhile', async (_when, outageMs) => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 5000, responseMs: 5000 }));
    const [first, waiting, later] = [world.open(), world.open(), world.open()];
    const outcomes = [first.start()];
    await world.clock.pass(500);
    if (outageMs > 0) outcomes.push(waiting.start());
    await world.clock.pass(100);
    world.store.clear();
    world.store.breakAll();
    await world.clock.pass(outageMs);
    world.store.healAll();
    await world.clock.pass(2000);
    outcomes.push(later.start());
    await world.clock.pass(MINUTE);
    expect((await Promise.all(outcomes)).map(resultOf)).toEqual(outcomes.map(() => 'livestream-0'));
    expect(world.posts()).toBe(1);
    // The lock is free again.
    const next = waiting.start(OTHER);
    await world.clock.pass(15_000);
    expect(resultOf(await next)).toBe(rejectsSecond ? 'CONFLICT' : 'livestream-1');
  });

  test('are rejected without a request after a replica died and left a different livestream', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second] = [world.open(), world.open()];
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    void first.start(OTHER);
    await world.clock.pass(1500);
    first.kill();
    const outcome = second.start();
    await world.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('CONFLICT');
    expect(world.posts()).toBe(1);
  });

  test('find the livestream of a dead replica even if a different start was rejected because of it', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second, third] = [world.open(), world.open(), world.open()];
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    void first.start();
    await world.clock.pass(1500);
    first.kill();
    const rejected = second.start(OTHER);
    await world.clock.pass(MINUTE / 2);
    const outcome = third.start();
    await world.clock.pass(MINUTE / 2);
    expect([await rejected, await outcome].map(resultOf)).toEqual(['CONFLICT', 'livestream-0']);
    expect(world.posts()).toBe(1);
  });

  test('find the livestream of a dead replica even if reading it back failed once', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second, third] = [world.open(), world.open(), world.open()];
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    void first.start();
    await world.clock.pass(1500);
    first.kill();
    world.setDown(true);
    const failed = second.start();
    await world.clock.pass(MINUTE / 2);
    expect(await failed).toBe('failed');
    world.setDown(false);
    const outcome = third.start();
    await world.clock.pass(MINUTE / 2);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.posts()).toBe(1);
  });

  test('find the livestream of a start whose response was lost', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second] = [world.open(), world.open()];
    world.setTrips(() => ({ requestMs: 10, responseMs: 10, isLost: true }));
    const lost = first.start();
    await world.clock.pass(MINUTE / 2);
    expect(resultOf(await lost)).toBe('OUTCOME_UNKNOWN');
    world.setTrips(() => ({ requestMs: 10, responseMs: 10 }));
    const outcome = second.start();
    await world.clock.pass(MINUTE / 2);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.posts()).toBe(1);
  });

  test.each([
    ['from the beginning', 'compareAndSwap', 0],
    ['once the replica holds the lock', 'get', 0],
    ['when the replica records its start', 'set', 0],
    ['when the replica records the outcome', 'set', 1],
    ['when the replica removes the record of its request', 'set', 2],
    ['when the replica releases the lock', 'compareAndSwap', 1],
  ])('complete if the store is unavailable %s', async (_when, failing, successes) => {
    const world = createWorld({ rejectsSecond });
    const [first, second] = [world.open(), world.open()];
    let count = 0;
    first.store.decideOutcomes((command) => (command === failing && (count += 1) > successes ? 'lost' : 'done'));
    const outcome = first.start();
    await world.clock.pass(1000);
    expect(resultOf(await outcome)).toBe('livestream-0');
    const next = second.start();
    await world.clock.pass(MINUTE);
    expect(['livestream-0', 'CONFLICT', ...(rejectsSecond ? [] : ['livestream-1'])]).toContain(resultOf(await next));
    expect(world.posts()).toBeLessThanOrEqual(2);
  });

  test('read the active livestream first if the store is unavailable', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second] = [world.open(), world.open()];
    const outcome = first.start();
    await world.clock.pass(1000);
    expect(resultOf(await outcome)).toBe('livestream-0');
    second.store.break();
    const next = second.start();
    await world.clock.pass(1000);
    expect(resultOf(await next)).toBe('CONFLICT');
    expect(world.posts()).toBe(1);
  });

  test('do not overwrite another replica’s record if they could not take the lock', async () => {
    const world = createWorld({ rejectsSecond: true });
    const [first, second, third] = [world.open(), world.open(), world.open()];
    world.setTrips((kind) =>
      kind === 'start' ? { requestMs: 1000, responseMs: 3000 } : { requestMs: 1200, responseMs: 10 },
    );
    void first.start();
    await world.clock.pass(0);
    second.store.break();
    const rejected = second.start();
    await world.clock.pass(0);
    second.store.heal();
    await world.clock.pass(2000);
    expect(resultOf(await rejected)).toBe('CONFLICT');
    first.kill();
    const outcome = third.start();
    await world.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.posts()).toBe(1);
  });

  test('create one livestream even if the replica that continues a start dies too', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second, third, fourth] = [world.open(), world.open(), world.open(), world.open()];
    world.setTrips((kind) =>
      kind === 'start' ? { requestMs: 0, responseMs: 0, isLost: true } : { requestMs: 2900, responseMs: 900 },
    );
    void first.start();
    await world.clock.pass(40);
    first.kill();
    void second.start();
    await world.clock.pass(7000);
    // The second replica is reading back what the first one started.
    second.kill();
    const outcomes = [third.start(), fourth.start()];
    await world.clock.pass(MINUTE);
    expect((await Promise.all(outcomes)).map(resultOf)).toEqual(['livestream-0', 'livestream-0']);
    expect(world.posts()).toBe(1);
  });

  test('wait at most a minute for the lock, and then read the active livestream', async () => {
    const world = createWorld({ rejectsSecond });
    const [first, second] = [world.open(), world.open()];
    world.setTrips((kind) => ({ requestMs: 10, responseMs: kind === 'start' ? 3 * MINUTE : 10 }));
    void first.start();
    await world.clock.pass(100);
    const outcome = second.start();
    await world.clock.pass(MINUTE + 1000);
    expect(resultOf(await outcome)).toBe('CONFLICT');
    expect(world.posts()).toBe(1);
  });
});
