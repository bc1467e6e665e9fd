import { describe, expect, test } from 'vitest';

import type { SubscriptionTarget } from '../../src/live/types.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createLiveWorld, EVERYTHING, livestream, type LiveWorld, meeting, TOKEN, type Viewer } from './world.ts';

type Replica = LiveWorld['replicas'][number];

const SECOND = 1000;

async function createReplicaWorld(count: number, settings: SettingsPatch = {}) {
  const world = await createLiveWorld({ replicas: count, settings });
  await world.pass(SECOND);
  const [one, other] = world.replicas;
  if (one === undefined) throw new Error('There is none');
  return {
    world,
    one,
    other: other ?? one,
    view: async (target: SubscriptionTarget, from: Replica) => viewAt(world, target, from),
  };
}

async function viewAt(world: LiveWorld, target: SubscriptionTarget, from: Replica): Promise<Viewer> {
  return world.view(target, { by: await from.upstream.account(TOKEN), from: from.watch });
}

async function operationOf({ upstream }: Replica) {
  return upstream.operation(await upstream.account(TOKEN), new AbortController().signal, () => {});
}

const statusesOf = ({ states }: Viewer): string[] => states.map((state) => state.livestream.status);

describe('who watches at one replica', () => {
  test('is told at once what another has started and stopped, with its name', async () => {
    const { world, one, other, view } = await createReplicaWorld(2, { nameDelayMs: 60_000 });
    const { emptyMeetingId } = world.samples;
    const viewer = await view(meeting(emptyMeetingId), other);
    const input = { meetingId: emptyMeetingId, name: 'Show', video: null };
    await one.upstream.mutations.start(await operationOf(one), input);
    await world.pass(0);
    expect(viewer.states.at(-1)?.livestream).toMatchObject({ status: 'INVOKED', name: 'Show' });
    await one.upstream.mutations.stop(await operationOf(one), emptyMeetingId);
    await world.pass(0);
    expect(viewer.states.at(-1)).toMatchObject({ livestream: { status: 'IDLE', name: 'Show' }, sessionId: null });
  });

  test('is told what a query at another has seen', async () => {
    const { world, one, other, view } = await createReplicaWorld(2);
    const { liveLivestreamId } = world.samples;
    const viewer = await view(livestream(liveLivestreamId), other);
    world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Seen' });
    await world.pass(2500);
    await one.upstream.reads.livestream.get(await operationOf(one), liveLivestreamId, one.upstream.reads.now());
    await world.pass(0);
    expect(viewer.states.map((state) => state.livestream.name).at(-1)).toBe('Seen');
  });

  test('hears of a webhook that another received, which is read back once for all', async () => {
    const { world, one, view } = await createReplicaWorld(3);
    const { liveLivestreamId, liveMeetingId } = world.samples;
    const viewers = await Promise.all(world.replicas.map(async (from) => view(livestream(liveLivestreamId), from)));
    await world.pass(SECOND);
    await world.stop(liveMeetingId);
    world.forget();
    one.watch.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.pass(0);
    for (const viewer of viewers) expect(statusesOf(viewer).at(-1)).toBe('IDLE');
    expect(
      world.sent().filter((request) => request === `GET /livestreams/${liveLivestreamId}`).length,
    ).toBeLessThanOrEqual(1);
  });

  test('misses no end that only another has seen, each told once', async () => {
    const { world, one, other, view } = await createReplicaWorld(2);
    const { liveLivestreamId, liveMeetingId } = world.samples;
    const viewers = [await view(livestream(liveLivestreamId), other), await view(EVERYTHING, other)];
    await world.stop(liveMeetingId);
    await world.pass(2500);
    await one.upstream.reads.livestream.get(await operationOf(one), liveLivestreamId, one.upstream.reads.now());
    await world.pass(20 * SECOND);
    for (const { states } of viewers) {
      const own = states.filter((state) => state.livestream.id === liveLivestreamId);
      expect(own.map((state) => state.livestream.status)).toEqual(['LIVE', 'IDLE']);
      expect(own.at(-1)?.sessionId).toBeNull();
    }
  });

  test('hears by looking while the store is away, and from the others when it is back', async () => {
    const { world, one, other, view } = await createReplicaWorld(2);
    const { liveLivestreamId, liveMeetingId, emptyMeetingId } = world.samples;
    const viewers = [await view(livestream(liveLivestreamId), other), await view(meeting(emptyMeetingId), other)];
    for (const { store } of world.replicas) store.break();
    await world.stop(liveMeetingId);
    await world.pass(20 * SECOND);
    expect(statusesOf(viewers[0] ?? fail())).toEqual(['LIVE', 'IDLE']);
    for (const { store } of world.replicas) store.heal();
    await world.pass(SECOND);
    await one.upstream.mutations.start(await operationOf(one), { meetingId: emptyMeetingId, name: null, video: null });
    await world.pass(0);
    expect(statusesOf(viewers[1] ?? fail())).toEqual(['INVOKED']);
  });

  test('is told within the same time what happened while its messages were lost', async () => {
    const { world, one, other, view } = await createReplicaWorld(2);
    const { emptyMeetingId } = world.samples;
    const viewer = await view(meeting(emptyMeetingId), other);
    other.store.dropMessages();
    await one.upstream.mutations.start(await operationOf(one), { meetingId: emptyMeetingId, name: null, video: null });
    await world.pass(20 * SECOND);
    expect(statusesOf(viewer).at(-1)).toBe('LIVE');
  });
});

describe('looking', () => {
  /** The requests of ten minutes in which so many livestreams are watched at each of so many replicas. */
  async function cost(replicas: number, watched: number, apart: number): Promise<number> {
    const { world, view } = await createReplicaWorld(replicas);
    const ids = (await world.truth()).map(({ id }) => id).slice(0, watched);
    for (const from of world.replicas) {
      for (const id of ids) await view(livestream(id), from);
      await world.pass(apart);
    }
    await world.pass(SECOND);
    world.forget();
    await world.pass(600 * SECOND);
    return world.sent().length;
  }

  test.each([
    [1, 3700, 1.1],
    [3, 3700, 1.1],
    [30, 0, 1.1],
    [300, 3700, 1.1],
  ])(
    'at %d livestreams costs three replicas that begin %d ms apart at most %d times what it costs one',
    async (watched, apart, most) => {
      const [alone, together] = [await cost(1, watched, apart), await cost(3, watched, apart)];
      expect(alone).toBeGreaterThan(30);
      expect(together).toBeLessThanOrEqual(most * alone);
    },
    120_000,
  );
});

function fail(): never {
  throw new Error('There is none');
}
