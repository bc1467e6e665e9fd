import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { runs } from '../support/runs.ts';
import { createSavedStartLock } from '../../src/cluster/startLock.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { createMemorySavedState } from '../support/memorySavedState.ts';
import { createWorld, MINUTE, OTHER, resultOf } from './startWorld.ts';

/** Longer than a process waits for the requests of the one before. */
const SETTLE_MS = 6100;

describe.each([
  ['rejects', true],
  ['carries out', false],
])('starts of a process that is evicted, if RealtimeKit %s a second start', (_behaviour, rejectsSecond) => {
  test.each([
    ['before it sends its start', 0],
    ['while its start is on the way', 500],
    ['after its start was carried out', 1500],
  ])('create one livestream if the eviction comes %s and the start is repeated at once', async (_when, lifetimeMs) => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    const first = world.openSaved();
    void first.start();
    await world.clock.pass(lifetimeMs);
    first.kill();
    const outcome = world.openSaved().start();
    await world.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.started()).toHaveLength(1);
  });

  test('are repeated without a second request, and without a wait, if the eviction was some seconds ago', async () => {
    const world = createWorld({ rejectsSecond });
    const first = world.openSaved();
    void first.start();
    await world.clock.pass(10);
    first.kill();
    const second = world.openSaved();
    await world.clock.pass(SETTLE_MS);
    const outcome = second.start();
    await world.clock.pass(20);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.posts()).toBe(1);
  });

  test('do not wait if no start is pending', async () => {
    const world = createWorld({ rejectsSecond });
    const outcome = world.openSaved().start();
    await world.clock.pass(20);
    expect(resultOf(await outcome)).toBe('livestream-0');
  });

  test('are rejected without a request if the evicted process left a different livestream', async () => {
    const world = createWorld({ rejectsSecond });
    const first = world.openSaved();
    void first.start(OTHER);
    await world.clock.pass(10);
    first.kill();
    const outcome = world.openSaved().start();
    await world.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('CONFLICT');
    expect(world.posts()).toBe(1);
  });

  test('find the livestream of the evicted process even if a different start was rejected because of it', async () => {
    const world = createWorld({ rejectsSecond });
    const first = world.openSaved();
    void first.start();
    await world.clock.pass(10);
    first.kill();
    const second = world.openSaved();
    const outcomes = Promise.all([second.start(OTHER), second.start()]);
    await world.clock.pass(MINUTE);
    expect((await outcomes).map(resultOf)).toEqual(['CONFLICT', 'livestream-0']);
    expect(world.posts()).toBe(1);
  });

  test('create one livestream even if the process that repeats a start is evicted too', async () => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    for (const lifetimeMs of [1500, 3000, 7000]) {
      const evicted = world.openSaved();
      void evicted.start();
      await world.clock.pass(lifetimeMs);
      evicted.kill();
    }
    const outcome = world.openSaved().start();
    await world.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.posts()).toBe(1);
  });

  test('find the livestream of a start whose response was lost', async () => {
    const world = createWorld({ rejectsSecond });
    const process = world.openSaved();
    world.setTrips(() => ({ requestMs: 10, responseMs: 10, isLost: true }));
    const lost = process.start();
    await world.clock.pass(MINUTE / 2);
    expect(resultOf(await lost)).toBe('OUTCOME_UNKNOWN');
    world.setTrips(() => ({ requestMs: 10, responseMs: 10 }));
    const outcome = process.start();
    await world.clock.pass(MINUTE / 2);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(world.posts()).toBe(1);
  });

  test('are sent one after the other if they differ and come at the same time', async () => {
    const world = createWorld({ rejectsSecond });
    world.setTrips(() => ({ requestMs: 1000, responseMs: 1000 }));
    const process = world.openSaved();
    const outcomes = Promise.all([process.start(), process.start(OTHER), process.start({ ...OTHER, name: 'Third' })]);
    await world.clock.pass(2500);
    expect(world.posts()).toBe(2);
    await world.clock.pass(MINUTE);
    expect((await outcomes).map(resultOf)).toEqual(
      rejectsSecond ? ['livestream-0', 'CONFLICT', 'CONFLICT'] : ['livestream-0', 'livestream-1', 'livestream-2'],
    );
  });

  test('read the active livestream first if the storage fails', async () => {
    const world = createWorld({ rejectsSecond });
    const process = world.openSaved();
    world.savedState.setBroken(true);
    const first = process.start();
    await world.clock.pass(MINUTE);
    const second = process.start(OTHER);
    await world.clock.pass(MINUTE);
    expect([await first, await second].map(resultOf)).toEqual(['livestream-0', 'CONFLICT']);
    expect(world.posts()).toBe(1);
  });

  test('ignore a record that cannot be read', async () => {
    const world = createWorld({ rejectsSecond });
    const first = world.openSaved();
    void first.start();
    await world.clock.pass(0);
    first.kill();
    world.savedState.replaceAll((text) => text.slice(1));
    const outcome = world.openSaved().start();
    await world.clock.pass(MINUTE);
    expect(['livestream-0', 'livestream-1', 'CONFLICT']).toContain(resultOf(await outcome));
  });
});

describe.each([
  ['rejects', true],
  ['carries out', false],
])('random evictions, if RealtimeKit %s a second start', (_behaviour, rejectsSecond) => {
  test('let a start that is repeated until it succeeds create exactly one livestream', async () => {
    const delay = fc.constantFrom(0, 50, 900, 2900);
    const stories = fc.record({
      trips: fc.array(fc.record({ requestMs: delay, responseMs: delay, isLost: fc.boolean() }), { minLength: 1 }),
      /** How long each process lives, in milliseconds. */
      lifetimes: fc.array(fc.constantFrom(0, 1, 40, 1000, 3000, 7000, 9000), { maxLength: 6 }),
    });
    const property = fc.asyncProperty(stories, async ({ trips, lifetimes }) => {
      const world = createWorld({ rejectsSecond });
      let requests = 0;
      world.setTrips(() => trips[(requests += 1) % trips.length] ?? { requestMs: 0, responseMs: 0 });
      const results = new Set<string>();
      const repeat = async (start: () => Promise<string>): Promise<void> => {
        const result = await start();
        if (result.startsWith('livestream')) results.add(result);
      };
      for (const lifetimeMs of lifetimes) {
        const evicted = world.openSaved();
        if (results.size === 0) void repeat(async () => resultOf(await evicted.start()));
        await world.clock.pass(lifetimeMs);
        evicted.kill();
      }
      world.setTrips(() => ({ requestMs: 10, responseMs: 10 }));
      const last = world.openSaved();
      if (results.size === 0) void repeat(async () => resultOf(await last.start()));
      await world.clock.pass(MINUTE);
      expect(world.started()).toEqual(['livestream-0']);
      expect([...results]).toEqual(['livestream-0']);
    });
    await fc.assert(property, { numRuns: runs(50) });
  });
});

test('a start after an eviction waits for six seconds at most, also if the clock is set back meanwhile', async () => {
  const clock = createFakeClock();
  let setBackMs = 0;
  const wallClock = { ...clock, now: () => clock.now() - setBackMs };
  const savedState = createMemorySavedState(clock);
  const input = { meetingId: 'meeting', name: null, video: null };
  void createSavedStartLock(savedState, wallClock).run('meeting', input, async () => new Promise(() => {}));
  await expect.poll(() => savedState.writes()).toBe(1);
  const lock = createSavedStartLock(savedState, wallClock);
  setBackMs = 3_600_000;
  const outcome = lock.run('meeting', input, async (prior) => {
    throw new Error(prior.kind);
  });
  await expect.poll(() => clock.pending()).toBe(1);
  clock.advance(6000);
  await expect(outcome).rejects.toThrow('abandoned');
});

test('a start does not wait for one that the same process has sent, in its first six seconds either', async () => {
  const clock = createFakeClock();
  const lock = createSavedStartLock(createMemorySavedState(clock), clock);
  const input = { meetingId: 'meeting', name: null, video: null };
  const priors: string[] = [];
  const start = async () =>
    lock.run('meeting', input, async ({ kind }) => {
      priors.push(kind);
      return { userError: { code: 'OUTCOME_UNKNOWN' as const, message: 'The response was lost.', field: null } };
    });
  await start();
  clock.advance(1000);
  const second = start();
  await expect.poll(() => priors.length + clock.pending()).toBe(2);
  expect(priors).toEqual(['none', 'abandoned']);
  await second;
});
