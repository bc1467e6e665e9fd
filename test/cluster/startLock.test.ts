import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { UpstreamError } from '../../src/domain/errors.ts';
import type { Livestream } from '../../src/domain/models.ts';
import type { StartInput, StartOutcome } from '../../src/domain/startStop.ts';
import { createLivestreamMutations } from '../../src/data/livestreamMutations.ts';
import { createPeers } from '../../src/cluster/peers.ts';
import { createStartLock } from '../../src/cluster/startLock.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';
import { runs } from '../support/runs.ts';
import { createOperation } from '../support/upstream.ts';

const INPUT: StartInput = { meetingId: 'meeting', name: 'Show', video: null };
const OTHER: StartInput = { ...INPUT, name: 'Another' };
const MINUTE = 60_000;

/** How a request travels. */
interface Trip {
  /** Until the request arrives. */
  requestMs: number;
  /** Until the response arrives. */
  responseMs: number;
  /** The response never comes: the client times out after ten seconds. */
  isLost?: boolean;
}

interface Replica {
  store: MemoryReplica;
  start: (input?: StartInput) => Promise<StartOutcome | 'failed'>;
  kill: () => void;
}

interface WorldOptions {
  /** Whether RealtimeKit rejects a start in a meeting that has an active livestream. */
  rejectsSecond?: boolean;
  /** How long a command to the store takes there and back. */
  latencyMs?: () => number;
}

/** Replicas that start livestreams in one meeting, and a RealtimeKit that they share. */
function createWorld({ rejectsSecond = true, latencyMs = () => 0 }: WorldOptions = {}) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock, latencyMs });
  const started: Livestream[] = [];
  let active: Livestream | null = null;
  let tripOf: (kind: 'start' | 'read') => Trip = () => ({ requestMs: 10, responseMs: 10 });
  let isDown = false;
  let posts = 0;

  function open(clockAheadMs = 0): Replica {
    const connection = store.connect({ clockAheadMs });
    let isDead = false;

    async function send<Result>(kind: 'start' | 'read', work: () => Result): Promise<Result> {
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const { requestMs, responseMs, isLost = false } = tripOf(kind);
      if (isDead) return promise;
      if (isDown) throw new UpstreamError('notSent', 'UPSTREAM_UNAVAILABLE', 'Down.');
      clock.after(requestMs, () => {
        let settle = (): void => {};
        try {
          const result = work();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        if (isLost) settle = () => reject(new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'Timed out.'));
        clock.after(isLost ? 10_000 : responseMs, () => isDead || settle());
      });
      return promise;
    }

    const mutations = createLivestreamMutations({
      endpoints: {
        startLivestream: async (_operation, { name }) => {
          posts += 1;
          return send('start', () => {
            if (rejectsSecond && active !== null) throw conflict();
            active = livestreamOf(started.length, name, clock.now());
            started.push(active);
            return active;
          });
        },
        activeLivestream: async () => send('read', () => ({ value: active, entities: {} })),
        stopLivestream: async () => true,
      },
      clock,
      clockSkewMs: () => 0,
      effects: { now: () => ({ logical: 0, wallTime: clock.now() }), started: () => {}, stopped: () => {} },
      lock: createStartLock(createPeers({ store: connection, prefix: 'app ' }, mortalClock())),
    });

    /** A clock whose timers do not fire after the replica's death. */
    function mortalClock() {
      return {
        now: () => clock.now(),
        after: (milliseconds: number, callback: () => void) => clock.after(milliseconds, () => isDead || callback()),
      };
    }

    return {
      store: connection,
      start: async (input = INPUT) => mutations.start(createOperation(clock), input).catch(() => 'failed' as const),
      kill() {
        isDead = true;
        connection.kill();
      },
    };
  }

  return {
    clock,
    store,
    open,
    /** Sets how requests to RealtimeKit travel from now on. */
    setTrips(next: typeof tripOf) {
      tripOf = next;
    },
    setDown(next: boolean) {
      isDown = next;
    },
    started: () => started.map(({ id }) => id),
    posts: () => posts,
  };
}

function conflict(): UpstreamError {
  return new UpstreamError('rejected', 'BAD_USER_INPUT', 'The meeting has an active livestream.', {
    upstream: { status: 409, code: 409, message: null, ray: null },
  });
}

function livestreamOf(index: number, name: string | null, now: number): Livestream {
  const unset = { disabled: null, ingestServer: null, streamKey: null, playbackUrl: null, updatedAt: null };
  const [id, meetingId, createdAt] = [`livestream-${index}`, 'meeting', new Date(now)];
  return { ...unset, id, meetingId, createdAt, name, status: 'LIVE' };
}

/** The livestream's id, or the code of the error. */
function resultOf(outcome: StartOutcome | 'failed'): string {
  if (outcome === 'failed') return outcome;
  return 'livestream' in outcome ? outcome.livestream.id : outcome.userError.code;
}

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

const RUNS = runs(50);

describe.each([
  ['rejects', true],
  ['carries out', false],
])('random starts, if RealtimeKit %s a second start', (_behaviour, rejectsSecond) => {
  test('create one livestream, which every successful start returns, if they are the same and come at the same time', async () => {
    const delay = fc.constantFrom(0, 50, 900, 2900);
    const stories = fc.record({
      latencies: fc.array(fc.constantFrom(0, 5, 150), { minLength: 1 }),
      trips: fc.array(fc.record({ requestMs: delay, responseMs: delay, isLost: fc.boolean() }), { minLength: 1 }),
      /** When each replica starts, and how long it lives then. In milliseconds; null: it does not die. */
      starters: fc.array(
        fc.record({
          startsAt: rejectsSecond ? fc.constantFrom(0, 0, 30, 700) : fc.constant(0),
          lifetimeMs: fc.option(fc.constantFrom(0, 40, 1000, 3000, 9000)),
        }),
        { minLength: 2, maxLength: 6 },
      ),
    });
    const property = fc.asyncProperty(stories, async ({ latencies, trips, starters }) => {
      let commands = 0;
      let requests = 0;
      const world = createWorld({ rejectsSecond, latencyMs: () => latencies[(commands += 1) % latencies.length] ?? 0 });
      world.setTrips(() => trips[(requests += 1) % trips.length] ?? { requestMs: 0, responseMs: 0 });
      const results: string[] = [];
      for (const { startsAt, lifetimeMs } of starters) {
        const replica = world.open();
        world.clock.after(startsAt, () => void replica.start().then((outcome) => results.push(resultOf(outcome))));
        if (lifetimeMs !== null) world.clock.after(startsAt + lifetimeMs, () => replica.kill());
      }
      await world.clock.pass(5 * MINUTE);
      expect(world.started().length).toBeLessThanOrEqual(1);
      const returned = new Set(results.filter((result) => result.startsWith('livestream')));
      expect(returned.size).toBeLessThanOrEqual(1);
      expect(results.length).toBeGreaterThanOrEqual(starters.filter(({ lifetimeMs }) => lifetimeMs === null).length);
    });
    await fc.assert(property, { numRuns: RUNS });
  }, 600_000);
});
