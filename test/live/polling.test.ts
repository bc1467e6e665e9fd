import { describe, expect, test } from 'vitest';

import {
  createLiveWorld,
  APP_WIDE,
  livestreamTarget,
  meetingTarget,
  statusesOf,
  type TestSubscriber,
} from './world.ts';

describe('polling', () => {
  test.each([1, 100, 10_000])(
    'sends at most seven requests a minute for %i subscribers to one livestream',
    async (count) => {
      const world = await createLiveWorld({ limits: { perCaller: count } });
      const subscribers = await Promise.all(
        Array.from({ length: count }, async () => world.subscribe(livestreamTarget(world.exampleIds.liveLivestreamId))),
      );
      await world.advance(0);
      world.clearRequests();
      await world.advance(60_000);
      expect(world.requests().length).toBeGreaterThan(4);
      expect(world.requests().length).toBeLessThanOrEqual(7);
      await world.stop(world.exampleIds.liveMeetingId);
      await world.advance(12_000);
      expect(new Set(subscribers.map(({ states }) => statusesOf(states).join()))).toEqual(new Set(['LIVE,IDLE']));
    },
  );

  test('polls a starting livestream every 2 s, for at most 2 minutes', async () => {
    const world = await createLiveWorld();
    await world.subscribe(livestreamTarget(world.exampleIds.invokedLivestreamId));
    world.clearRequests();
    await world.advance(60_000);
    expect(world.requests().length).toBeGreaterThanOrEqual(29);
    expect(world.requests().length).toBeLessThanOrEqual(31);
    await world.advance(62_000);
    world.clearRequests();
    await world.advance(60_000);
    expect(world.requests().length).toBeLessThanOrEqual(7);
  });

  test('polls a starting livestream every 2 s, and delivers others again, while the session of one cannot be read', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, independentLivestreamId, invokedLivestreamId } = world.exampleIds;
    const broken = await world.subscribe(livestreamTarget(liveLivestreamId));
    const other = await world.subscribe(livestreamTarget(independentLivestreamId));
    await world.advance(12_000);
    const before = broken.states.length;
    world.setBrokenPaths([`/livestreams/${liveLivestreamId}/active-livestream-session`]);
    broken.nack(liveLivestreamId);
    other.nack(independentLivestreamId);
    await world.advance(15_000);
    expect([broken.states.length, other.states.length]).toEqual([before, before + 1]);
    await world.subscribe(livestreamTarget(invokedLivestreamId));
    await world.advance(15_000);
    world.clearRequests();
    await world.advance(20_000);
    expect(world.requests().filter((request) => request.includes('status=INVOKED')).length).toBeGreaterThan(8);
    world.setBrokenPaths([]);
    await world.advance(15_000);
    expect([broken.states.length, other.states.length]).toEqual([before + 1, before + 1]);
  });

  test('polls a starting livestream every 2 s while requests for the session of another one get no response', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, independentLivestreamId, invokedLivestreamId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    await world.subscribe(livestreamTarget(independentLivestreamId));
    await world.subscribe(livestreamTarget(invokedLivestreamId));
    await world.advance(1000);
    world.setSessionsHang(true);
    subscriber.nack(liveLivestreamId);
    await world.advance(12_000);
    world.clearRequests();
    await world.advance(20_000);
    expect(world.requests().filter((request) => request.includes('status=INVOKED')).length).toBeGreaterThan(8);
  });

  test('polls an active livestream every 15 s while webhooks arrive, and an inactive one at most once a minute', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    const event = { livestreamId: liveLivestreamId, meetingId: liveMeetingId };
    world.subscriptions.onWebhook(event);
    await world.advance(16_000);
    world.clearRequests();
    await world.advance(120_000);
    expect(world.requests()).toHaveLength(8);
    await world.stop(liveMeetingId);
    world.subscriptions.onWebhook(event);
    await world.advance(16_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'IDLE']);
    world.clearRequests();
    await world.advance(120_000);
    expect(world.requests()).toHaveLength(2);
  });

  test('finds within 20 s that a livestream has failed, although no webhook reports it', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    world.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.advance(100_000);
    world.sandbox.trigger({ kind: 'livestream-failed', livestreamId: liveLivestreamId });
    await world.advance(20_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'ERRORED']);
  });

  test('finds that a livestream has ended even while no session can be read', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    await world.advance(12_000);
    world.setBrokenPaths([`/livestreams/${liveLivestreamId}/active-livestream-session`]);
    world.sandbox.trigger({ kind: 'livestream-failed', livestreamId: liveLivestreamId });
    await world.advance(20_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'ERRORED']);
  });

  test('polls sooner if reading back what a webhook reports has failed', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    const event = { livestreamId: liveLivestreamId, meetingId: liveMeetingId };
    world.subscriptions.onWebhook(event);
    await world.advance(12_000);
    await world.stop(liveMeetingId);
    world.setOutage('connect');
    world.subscriptions.onWebhook(event);
    await world.advance(1000);
    world.setOutage(null);
    await world.advance(15_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'IDLE']);
  });

  test('finds a change of a past livestream although the reads of three others fail', async () => {
    const world = await createLiveWorld();
    const past = (await world.actualLivestreams()).filter(({ isActive }) => !isActive).slice(0, 4);
    const subscribers: TestSubscriber[] = [];
    for (const { id } of past) {
      subscribers.push(await world.subscribe(livestreamTarget(id)));
      await world.advance(100);
    }
    world.setBrokenPaths(past.slice(0, 3).map(({ id }) => `/livestreams/${id}`));
    await world.advance(30_000);
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: past[3]?.id ?? '', name: 'Renamed' });
    await world.advance(30_000);
    expect(subscribers[3]?.states.at(-1)?.livestream.name).toBe('Renamed');
  });

  test('pauses as long as Retry-After says', async () => {
    const world = await createLiveWorld();
    await world.subscribe(livestreamTarget(world.exampleIds.liveLivestreamId));
    world.clearRequests();
    world.sandbox.setFaults([{ kind: 'status', status: 503, retryAfterSeconds: 60 }]);
    await world.advance(12_000);
    expect(world.requests()).toHaveLength(1);
    world.sandbox.setFaults([]);
    world.clearRequests();
    await world.advance(57_000);
    expect(world.requests()).toEqual([]);
    await world.advance(5000);
    expect(world.requests()).toHaveLength(1);
  });

  test('pauses as long as Retry-After says even if a webhook arrives, and for at most 5 minutes', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    world.sandbox.setFaults([{ kind: 'status', status: 503, retryAfterSeconds: 86_400 }]);
    await world.advance(12_000);
    world.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: null });
    await world.advance(1000);
    world.sandbox.setFaults([]);
    world.sandbox.trigger({ kind: 'livestream-failed', livestreamId: liveLivestreamId });
    world.clearRequests();
    await world.advance(280_000);
    expect(world.requests()).toEqual([]);
    await world.advance(30_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'ERRORED']);
  });

  test('reads a starting livestream every 10 s, not every 2 s, while its session cannot be read', async () => {
    const world = await createLiveWorld({ settings: { goLiveAfterMs: 1000, playbackUrlDelayMs: 90_000 } });
    const id = await world.start(world.exampleIds.idleMeetingId);
    world.setBrokenPaths([`/livestreams/${id}/active-livestream-session`]);
    await world.subscribe(livestreamTarget(id));
    world.clearRequests();
    await world.advance(90_000);
    // Each round takes three attempts to read the session, and one request for the livestream.
    expect(world.requests().length).toBeLessThan(50);
  });

  test('polls at the steady interval again after the first change without a webhook', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    world.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: null });
    await world.advance(72_000);
    await world.stop(liveMeetingId);
    await world.advance(61_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'IDLE']);
    world.clearRequests();
    await world.advance(60_000);
    expect(world.requests().length).toBeGreaterThan(4);
  });

  test('finds changes within 20 s while the budget shrinks fast but is not short', async () => {
    const world = await createLiveWorld({ settings: { quota: { limit: 100, windowSeconds: 300, enforced: true } } });
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) =>
        world.subscribe(livestreamTarget(`none-${index}`)).catch(() => null),
      ),
    );
    await world.advance(16_000);
    await world.stop(liveMeetingId);
    await world.advance(19_000);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'IDLE']);
  });

  test('sends no request for a webhook about a livestream without subscribers', async () => {
    const world = await createLiveWorld();
    await world.subscribe(livestreamTarget(world.exampleIds.liveLivestreamId));
    await world.advance(0);
    world.clearRequests();
    world.subscriptions.onWebhook({
      livestreamId: world.exampleIds.idleLivestreamId,
      meetingId: world.exampleIds.idleMeetingId,
    });
    await world.startThroughGateway(world.exampleIds.emptyMeetingId);
    await world.advance(0);
    expect(world.requests()).toHaveLength(1);
  });

  test('stops for a livestream whose last subscriber has left, and goes on for the others', async () => {
    const world = await createLiveWorld();
    const { invokedLivestreamId, liveLivestreamId } = world.exampleIds;
    await world.subscribe(livestreamTarget(liveLivestreamId));
    const other = await world.subscribe(livestreamTarget(invokedLivestreamId));
    await other.unsubscribe();
    world.clearRequests();
    await world.advance(60_000);
    expect(world.requests().length).toBeLessThanOrEqual(7);
    expect(world.requests().filter((request) => request.includes(invokedLivestreamId))).toEqual([]);
  });

  test('stops at once when the last subscriber leaves', async () => {
    const world = await createLiveWorld();
    const subscribers = await Promise.all([
      world.subscribe(APP_WIDE),
      world.subscribe(meetingTarget(world.exampleIds.invokedMeetingId)),
    ]);
    await world.advance(5000);
    for (const subscriber of subscribers) await subscriber.unsubscribe();
    world.clearRequests();
    expect(world.clock.pending()).toBe(0);
    await world.advance(60_000);
    expect(world.requests()).toEqual([]);
    expect(world.subscriptions.size()).toBe(0);
  });

  test('covers more livestreams than one operation may send requests, without bulk reads', async () => {
    const world = await createLiveWorld({
      caching: { bulkReads: false, maxRequestsPerOperation: 100 },
      settings: { quota: { limit: 100_000 } },
    });
    const ids = (await world.actualLivestreams()).map(({ id }) => id);
    const subscribers = await Promise.all(ids.map(async (id) => world.subscribe(livestreamTarget(id))));
    for (const id of ids) world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: id, name: `New ${id}` });
    await world.advance(20_000);
    for (const { target, states } of subscribers)
      expect(states.at(-1)?.livestream.name).toBe(`New ${target.livestreamId}`);
  });
});
