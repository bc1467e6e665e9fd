import type { StartInput } from '../../src/domain/startStop.ts';
import type { StartOutcome } from '../../src/domain/startStop.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { UpstreamError } from '../../src/domain/errors.ts';
import type { Livestream } from '../../src/domain/models.ts';
import { createLivestreamMutations } from '../../src/data/livestreamMutations.ts';
import { createBus } from '../../src/cluster/bus.ts';
import { createStartLock } from '../../src/cluster/startLock.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';
import { runs } from '../support/runs.ts';
import { createOperation } from '../support/upstream.ts';

const INPUT: StartInput = { meetingId: 'meeting', name: 'Show', video: null };
const OTHER: StartInput = { ...INPUT, name: 'Another' };
const MINUTE = 60_000;

/** On the way there and back, in milliseconds; `lost`: no answer comes, which shows after ten seconds. */
interface Fare {
  up: number;
  back: number;
  isLost?: boolean;
}

interface Starter {
  store: MemoryReplica;
  start: (input?: StartInput) => Promise<StartOutcome | 'failed'>;
  die: () => void;
}

/** Several replicas before a meeting of an upstream that refuses a second start, or carries it out. */
function createStage({
  isRefusing = true,
  latency: latencyMs = () => 0,
}: { isRefusing?: boolean; latency?: () => number } = {}) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock, latencyMs });
  const started: Livestream[] = [];
  let active: Livestream | null = null;
  let fare: (kind: 'start' | 'read') => Fare = () => ({ up: 10, back: 10 });
  let isDown = false;
  let posts = 0;

  function open(clockAheadMs = 0): Starter {
    const own = store.connect({ clockAheadMs });
    let isDead = false;

    async function send<Answer>(kind: 'start' | 'read', work: () => Answer): Promise<Answer> {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const { up, back, isLost = false } = fare(kind);
      if (isDead) return promise;
      if (isDown) throw new UpstreamError('notSent', 'UPSTREAM_UNAVAILABLE', 'Down.');
      clock.after(up, () => {
        let settle = (): void => {};
        try {
          const answer = work();
          settle = () => resolve(answer);
        } catch (error) {
          settle = () => reject(error);
        }
        if (isLost) settle = () => reject(new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'No answer.'));
        clock.after(isLost ? 10_000 : back, () => isDead || settle());
      });
      return promise;
    }

    const control = createLivestreamMutations({
      endpoints: {
        startLivestream: async (_operation, { name }) => {
          posts += 1;
          return send('start', () => {
            if (isRefusing && active !== null) throw conflict();
            active = livestreamOf(started.length, name, clock.now());
            started.push(active);
            return active;
          });
        },
        activeLivestream: async () => send('read', () => active),
        stopLivestream: async () => true,
      },
      clock,
      clockSkew: () => 0,
      effects: { now: () => ({ logical: 0, wallTime: clock.now() }), started: () => {}, stopped: () => {} },
      lock: createStartLock({ store: own, bus: createBus(own), prefix: 'app ', clock: mortal() }),
    });

    /** A clock whose timers die with the replica. */
    function mortal() {
      return {
        now: () => clock.now(),
        after: (milliseconds: number, callback: () => void) => clock.after(milliseconds, () => isDead || callback()),
      };
    }

    return {
      store: own,
      start: async (input = INPUT) => control.start(createOperation(clock), input).catch(() => 'failed' as const),
      die() {
        isDead = true;
        own.die();
      },
    };
  }

  return {
    clock,
    store,
    open,
    /** How long each request takes from now on. */
    travel(now: typeof fare) {
      fare = now;
    },
    down(now: boolean) {
      isDown = now;
    },
    stop() {
      active = null;
    },
    started: () => started.map(({ id }) => id),
    posts: () => posts,
  };
}

function conflict(): UpstreamError {
  return new UpstreamError('rejected', 'BAD_USER_INPUT', 'It runs.', {
    upstream: { status: 409, code: 409, message: null, ray: null },
  });
}

function livestreamOf(index: number, name: string | null, now: number): Livestream {
  const nothing = { disabled: null, ingestServer: null, streamKey: null, playbackUrl: null, updatedAt: null };
  const [id, meetingId, createdAt] = [`livestream-${index}`, 'meeting', new Date(now)];
  return { ...nothing, id, meetingId, createdAt, name, status: 'LIVE' };
}

/** The livestream's id, or the refusal's code. */
function resultOf(outcome: StartOutcome | 'failed'): string {
  if (outcome === 'failed') return outcome;
  return 'livestream' in outcome ? outcome.livestream.id : outcome.userError.code;
}

describe.each([true, false])('starts at several replicas (upstream refuses a second one: %s)', (isRefusing) => {
  test('that are equal and come while one is under way are that one', async () => {
    const stage = createStage({ isRefusing });
    stage.travel(() => ({ up: 4000, back: 4000 }));
    const outcomes = Promise.all([stage.open(), stage.open(7), stage.open(-7)].map(async ({ start }) => start()));
    await stage.clock.pass(MINUTE);
    expect((await outcomes).map(resultOf)).toEqual(['livestream-0', 'livestream-0', 'livestream-0']);
    expect(stage.posts()).toBe(1);
  });

  test('that are different are sent one after the other', async () => {
    const stage = createStage({ isRefusing });
    const outcomes = Promise.all([stage.open().start(), stage.open().start(OTHER)]);
    await stage.clock.pass(MINUTE);
    expect((await outcomes).map(resultOf)).toEqual(['livestream-0', isRefusing ? 'CONFLICT' : 'livestream-1']);
  });

  test('wait for one that takes longer than a dead one would be waited for', async () => {
    const stage = createStage({ isRefusing });
    stage.travel(() => ({ up: 20_000, back: 20_000 }));
    const [first, second] = [stage.open().start(), stage.open().start()];
    await stage.clock.pass(MINUTE);
    expect([await first, await second].map(resultOf)).toEqual(['livestream-0', 'livestream-0']);
  });

  test.each([
    ['before it was sent', 0, 1],
    ['after it was sent', 500, 1],
    ['after it was carried out', 1500, 1],
  ])('of which the first’s replica dies %s make one livestream', async (_when, lived, count) => {
    const stage = createStage({ isRefusing });
    stage.travel(() => ({ up: 1000, back: 1000 }));
    const [first, second] = [stage.open(), stage.open()];
    void first.start();
    await stage.clock.pass(lived);
    const outcome = second.start();
    first.die();
    await stage.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(stage.started()).toHaveLength(count);
  });

  test('are not sent after one whose replica has died and left another livestream', async () => {
    const stage = createStage({ isRefusing });
    const [first, second] = [stage.open(), stage.open()];
    stage.travel(() => ({ up: 1000, back: 1000 }));
    void first.start(OTHER);
    await stage.clock.pass(1500);
    first.die();
    const outcome = second.start();
    await stage.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('CONFLICT');
    expect(stage.posts()).toBe(1);
  });

  test('do not forget one that may have arrived because nobody could look what came of it', async () => {
    const stage = createStage({ isRefusing });
    const [first, second, third] = [stage.open(), stage.open(), stage.open()];
    stage.travel(() => ({ up: 1000, back: 1000 }));
    void first.start();
    await stage.clock.pass(1500);
    first.die();
    stage.down(true);
    const failed = second.start();
    await stage.clock.pass(MINUTE / 2);
    expect(await failed).toBe('failed');
    stage.down(false);
    const outcome = third.start();
    await stage.clock.pass(MINUTE / 2);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(stage.posts()).toBe(1);
  });

  test('whose answer was lost are known to be under way, and found by the next', async () => {
    const stage = createStage({ isRefusing });
    const [first, second] = [stage.open(), stage.open()];
    stage.travel(() => ({ up: 10, back: 10, isLost: true }));
    const lost = first.start();
    await stage.clock.pass(MINUTE / 2);
    expect(resultOf(await lost)).toBe('OUTCOME_UNKNOWN');
    stage.travel(() => ({ up: 10, back: 10 }));
    const outcome = second.start();
    await stage.clock.pass(MINUTE / 2);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(stage.posts()).toBe(1);
  });

  test.each([
    ['from the beginning', 'swap', 0],
    ['once it holds the lock', 'get', 0],
    ['when it says that it has begun', 'set', 0],
    ['when it says what came of it', 'set', 1],
    ['when it lets go', 'swap', 1],
  ])('come to an end where the store is away %s', async (_when, command, after) => {
    const stage = createStage({ isRefusing });
    const [first, second] = [stage.open(), stage.open()];
    let seen = 0;
    first.store.decideOutcomes((asked) => (asked === command && (seen += 1) > after ? 'lost' : 'done'));
    const outcome = first.start();
    await stage.clock.pass(1000);
    expect(resultOf(await outcome)).toBe('livestream-0');
    const next = second.start();
    await stage.clock.pass(MINUTE);
    expect(['livestream-0', 'CONFLICT', ...(isRefusing ? [] : ['livestream-1'])]).toContain(resultOf(await next));
    expect(stage.posts()).toBeLessThanOrEqual(2);
  });

  test('are read back first where nobody can tell whether another is under way', async () => {
    const stage = createStage({ isRefusing });
    const [first, second] = [stage.open(), stage.open()];
    const outcome = first.start();
    await stage.clock.pass(1000);
    expect(resultOf(await outcome)).toBe('livestream-0');
    second.store.break();
    const next = second.start();
    await stage.clock.pass(1000);
    expect(resultOf(await next)).toBe('CONFLICT');
    expect(stage.posts()).toBe(1);
  });

  test('by one that could not ask leave alone what another has begun', async () => {
    const stage = createStage({ isRefusing: true });
    const [first, second, third] = [stage.open(), stage.open(), stage.open()];
    stage.travel((kind) => (kind === 'start' ? { up: 1000, back: 3000 } : { up: 1200, back: 10 }));
    void first.start();
    await stage.clock.pass(0);
    second.store.break();
    const refused = second.start();
    await stage.clock.pass(0);
    second.store.heal();
    await stage.clock.pass(2000);
    expect(resultOf(await refused)).toBe('CONFLICT');
    first.die();
    const outcome = third.start();
    await stage.clock.pass(MINUTE);
    expect(resultOf(await outcome)).toBe('livestream-0');
    expect(stage.posts()).toBe(1);
  });

  test('stay one when whoever took it over ends too', async () => {
    const stage = createStage({ isRefusing });
    const [first, second, third, fourth] = [stage.open(), stage.open(), stage.open(), stage.open()];
    stage.travel((kind) => (kind === 'start' ? { up: 0, back: 0, isLost: true } : { up: 2900, back: 900 }));
    void first.start();
    await stage.clock.pass(40);
    first.die();
    void second.start();
    await stage.clock.pass(7000);
    // It is reading back what the first one began.
    second.die();
    const outcomes = [third.start(), fourth.start()];
    await stage.clock.pass(MINUTE);
    expect((await Promise.all(outcomes)).map(resultOf)).toEqual(['livestream-0', 'livestream-0']);
    expect(stage.posts()).toBe(1);
  });

  test('are given up waiting for after a minute, and then read back', async () => {
    const stage = createStage({ isRefusing });
    const [first, second] = [stage.open(), stage.open()];
    stage.travel((kind) => ({ up: 10, back: kind === 'start' ? 3 * MINUTE : 10 }));
    void first.start();
    await stage.clock.pass(100);
    const outcome = second.start();
    await stage.clock.pass(MINUTE + 1000);
    expect(resultOf(await outcome)).toBe('CONFLICT');
    expect(stage.posts()).toBe(1);
  });
});

const RUNS = runs(50);

describe.each([true, false])('whatever happens (upstream refuses a second start: %s)', (isRefusing) => {
  test('equal starts that are asked for at the same time make one livestream, and whoever is told of one is told of that', async () => {
    const delay = fc.constantFrom(0, 50, 900, 2900);
    const story = fc.record({
      latency: fc.array(fc.constantFrom(0, 5, 150), { minLength: 1 }),
      fares: fc.array(fc.record({ up: delay, back: delay, isLost: fc.boolean() }), { minLength: 1 }),
      /** When each comes, and when it dies. */
      starters: fc.array(
        fc.record({
          comes: isRefusing ? fc.constantFrom(0, 0, 30, 700) : fc.constant(0),
          dies: fc.option(fc.constantFrom(0, 40, 1000, 3000, 9000)),
        }),
        { minLength: 2, maxLength: 6 },
      ),
    });
    const property = fc.asyncProperty(story, async ({ latency, fares, starters }) => {
      let asked = 0;
      let sent = 0;
      const stage = createStage({ isRefusing, latency: () => latency[(asked += 1) % latency.length] ?? 0 });
      stage.travel(() => fares[(sent += 1) % fares.length] ?? { up: 0, back: 0 });
      const results: string[] = [];
      for (const { comes, dies } of starters) {
        const starter = stage.open();
        stage.clock.after(comes, () => void starter.start().then((outcome) => results.push(resultOf(outcome))));
        if (dies !== null) stage.clock.after(comes + dies, () => starter.die());
      }
      await stage.clock.pass(5 * MINUTE);
      expect(stage.started().length).toBeLessThanOrEqual(1);
      const told = new Set(results.filter((result) => result.startsWith('livestream')));
      expect(told.size).toBeLessThanOrEqual(1);
      expect(results.length).toBeGreaterThanOrEqual(starters.filter(({ dies }) => dies === null).length);
    });
    await fc.assert(property, { numRuns: RUNS });
  }, 600_000);
});
