import { describe, expect, test } from 'vitest';

import type { SubscriptionTarget } from '../../src/live/types.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import {
  createLiveWorld,
  APP_WIDE,
  livestreamTarget,
  type LiveWorld,
  meetingTarget,
  statusesOf,
  TOKEN,
  type TestSubscriber,
} from './world.ts';

type Replica = LiveWorld['replicas'][number];

const SECOND_MS = 1000;

async function createReplicaWorld(count: number, settings: SettingsPatch = {}) {
  const world = await createLiveWorld({ replicas: count, settings });
  await world.advance(SECOND_MS);
  const [one, other] = world.replicas;
  if (one === undefined) throw new Error('The world has no replica');
  return {
    world,
    one,
    other: other ?? one,
    subscribe: async (target: SubscriptionTarget, replica: Replica) => subscribeAt(world, target, replica),
  };
}

async function subscribeAt(world: LiveWorld, target: SubscriptionTarget, replica: Replica): Promise<TestSubscriber> {
  return world.subscribe(target, { by: await replica.dataSource.account(TOKEN), through: replica.subscriptions });
}

async function newOperation({ dataSource }: Replica) {
  return dataSource.operation(await dataSource.account(TOKEN), new AbortController().signal, () => {});
}

describe('subscriber at one replica', () => {
  test('is notified at once of a start and a stop at another replica, with the name', async () => {
    const { world, one, other, subscribe } = await createReplicaWorld(2, { nameDelayMs: 60_000 });
    const { emptyMeetingId } = world.exampleIds;
    const subscriber = await subscribe(meetingTarget(emptyMeetingId), other);
    const input = { meetingId: emptyMeetingId, name: 'Show', video: null };
    await one.dataSource.mutations.start(await newOperation(one), input);
    await world.advance(0);
    expect(subscriber.states.at(-1)?.livestream).toMatchObject({ status: 'INVOKED', name: 'Show' });
    await one.dataSource.mutations.stop(await newOperation(one), emptyMeetingId);
    await world.advance(0);
    expect(subscriber.states.at(-1)).toMatchObject({ livestream: { status: 'IDLE', name: 'Show' }, sessionId: null });
  });

  test('is notified of a change that a query at another replica has read', async () => {
    const { world, one, other, subscribe } = await createReplicaWorld(2);
    const { liveLivestreamId } = world.exampleIds;
    const subscriber = await subscribe(livestreamTarget(liveLivestreamId), other);
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Seen' });
    await world.advance(2500);
    await one.dataSource.reads.livestream.get(await newOperation(one), liveLivestreamId, one.dataSource.reads.now());
    await world.advance(0);
    expect(subscriber.states.map((state) => state.livestream.name).at(-1)).toBe('Seen');
  });

  test('is notified of a webhook that another replica received, and all replicas read it back once', async () => {
    const { world, one, subscribe } = await createReplicaWorld(3);
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscribers = await Promise.all(
      world.replicas.map(async (replica) => subscribe(livestreamTarget(liveLivestreamId), replica)),
    );
    await world.advance(SECOND_MS);
    await world.stop(liveMeetingId);
    world.clearRequests();
    one.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.advance(0);
    for (const subscriber of subscribers) expect(statusesOf(subscriber.states).at(-1)).toBe('IDLE');
    expect(
      world.requests().filter((request) => request === `GET /livestreams/${liveLivestreamId}`).length,
    ).toBeLessThanOrEqual(1);
  });

  test('is notified exactly once of an end that only another replica has read', async () => {
    const { world, one, other, subscribe } = await createReplicaWorld(2);
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscribers = [await subscribe(livestreamTarget(liveLivestreamId), other), await subscribe(APP_WIDE, other)];
    await world.stop(liveMeetingId);
    await world.advance(2500);
    await one.dataSource.reads.livestream.get(await newOperation(one), liveLivestreamId, one.dataSource.reads.now());
    await world.advance(20 * SECOND_MS);
    for (const { states } of subscribers) {
      const own = states.filter((state) => state.livestream.id === liveLivestreamId);
      expect(own.map((state) => state.livestream.status)).toEqual(['LIVE', 'IDLE']);
      expect(own.at(-1)?.sessionId).toBeNull();
    }
  });

  test('is notified by polling while the store is down, and by the other replicas once it is back', async () => {
    const { world, one, other, subscribe } = await createReplicaWorld(2);
    const { liveLivestreamId, liveMeetingId, emptyMeetingId } = world.exampleIds;
    const subscribers = [
      await subscribe(livestreamTarget(liveLivestreamId), other),
      await subscribe(meetingTarget(emptyMeetingId), other),
    ];
    for (const { store } of world.replicas) store.break();
    await world.stop(liveMeetingId);
    await world.advance(20 * SECOND_MS);
    expect(statusesOf((subscribers[0] ?? fail()).states)).toEqual(['LIVE', 'IDLE']);
    for (const { store } of world.replicas) store.heal();
    await world.advance(SECOND_MS);
    await one.dataSource.mutations.start(await newOperation(one), {
      meetingId: emptyMeetingId,
      name: null,
      video: null,
    });
    await world.advance(0);
    expect(statusesOf((subscribers[1] ?? fail()).states)).toEqual(['INVOKED']);
  });

  /** A subscriber to a meeting at the other replica, which polls once a minute, since webhooks arrive at the first one. */
  async function subscribeWithWebhooks() {
    const replicaWorld = await createReplicaWorld(2);
    const { world, one, other, subscribe } = replicaWorld;
    const { emptyMeetingId, liveLivestreamId, liveMeetingId } = world.exampleIds;
    const live = await subscribe(livestreamTarget(liveLivestreamId), other);
    const subscriber = await subscribe(meetingTarget(emptyMeetingId), other);
    await world.advance(SECOND_MS);
    await world.stop(liveMeetingId);
    one.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.advance(SECOND_MS);
    await live.unsubscribe();
    await world.advance(70 * SECOND_MS);
    world.clearRequests();
    await world.advance(60 * SECOND_MS);
    expect(world.requests().length).toBeLessThanOrEqual(2);
    return { ...replicaWorld, subscriber, emptyMeetingId };
  }

  test('is notified within 12 s of a webhook that another replica received while the store was down', async () => {
    const { world, one, other, subscriber, emptyMeetingId } = await subscribeWithWebhooks();
    for (const { store } of [one, other]) store.break();
    await world.advance(61 * SECOND_MS);
    const livestreamId = await world.start(emptyMeetingId);
    one.subscriptions.onWebhook({ livestreamId, meetingId: emptyMeetingId });
    await world.advance(12 * SECOND_MS);
    expect(subscriber.states).not.toEqual([]);
  });

  test('is notified within 12 s of a reconnection of a webhook that was missed before', async () => {
    const { world, one, other, subscriber, emptyMeetingId } = await subscribeWithWebhooks();
    other.store.break();
    const livestreamId = await world.start(emptyMeetingId);
    one.subscriptions.onWebhook({ livestreamId, meetingId: emptyMeetingId });
    await world.advance(2 * SECOND_MS);
    expect(subscriber.states).toEqual([]);
    other.store.heal();
    await world.advance(12 * SECOND_MS);
    expect(subscriber.states).not.toEqual([]);
  });

  test('is notified within 20 s although messages between the replicas were lost', async () => {
    const { world, one, other, subscribe } = await createReplicaWorld(2);
    const { emptyMeetingId } = world.exampleIds;
    const subscriber = await subscribe(meetingTarget(emptyMeetingId), other);
    other.store.dropMessages();
    await one.dataSource.mutations.start(await newOperation(one), {
      meetingId: emptyMeetingId,
      name: null,
      video: null,
    });
    await world.advance(20 * SECOND_MS);
    expect(statusesOf(subscriber.states).at(-1)).toBe('LIVE');
  });
});

describe('polling', () => {
  /** The number of requests in ten minutes. Every replica has one subscriber for each livestream, and they start `apartMs` apart. */
  async function requestCount(replicas: number, livestreams: number, apartMs: number): Promise<number> {
    const { world, subscribe } = await createReplicaWorld(replicas);
    const ids = (await world.actualLivestreams()).map(({ id }) => id).slice(0, livestreams);
    for (const replica of world.replicas) {
      for (const id of ids) await subscribe(livestreamTarget(id), replica);
      await world.advance(apartMs);
    }
    await world.advance(SECOND_MS);
    world.clearRequests();
    await world.advance(600 * SECOND_MS);
    return world.requests().length;
  }

  test.each([
    [1, 3700, 1.1],
    [3, 3700, 1.1],
    [30, 0, 1.1],
    [300, 3700, 1.1],
  ])(
    'of %d livestreams by three replicas that start %d ms apart sends at most %d times the requests of one replica',
    async (livestreams, apartMs, maxFactor) => {
      const alone = await requestCount(1, livestreams, apartMs);
      const together = await requestCount(3, livestreams, apartMs);
      expect(alone).toBeGreaterThan(30);
      expect(together).toBeLessThanOrEqual(maxFactor * alone);
    },
    120_000,
  );
});

function fail(): never {
  throw new Error('No subscriber');
}
