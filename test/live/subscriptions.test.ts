import { describe, expect, test } from 'vitest';

import type { LiveState } from '../../src/live/types.ts';
import type { ResponseFormats } from '../../src/sandbox/settings.ts';
import {
  createLiveWorld,
  APP_WIDE,
  livestreamTarget,
  meetingTarget,
  stateText,
  statusesOf,
  type TestSubscriber,
} from './world.ts';

describe('notifications', () => {
  test('a livestream started through the gateway is published at once, and then each of its steps exactly once', async () => {
    const world = await createLiveWorld({ settings: { goLiveAfterMs: 3000, playbackUrlDelayMs: 7000 } });
    const meetingId = world.exampleIds.emptyMeetingId;
    const subscribers = await Promise.all([world.subscribe(meetingTarget(meetingId)), world.subscribe(APP_WIDE)]);
    await world.startThroughGateway(meetingId);
    await world.advance(0);
    const [subscriber] = subscribers;
    expect(subscriber?.states).toHaveLength(1);
    await world.advance(20_000);
    await world.stopThroughGateway(meetingId);
    await world.advance(0);
    for (const { states } of subscribers) {
      const own = states.filter((state) => state.livestream.meetingId === meetingId);
      expect(own.map(({ livestream: { status, playbackUrl } }) => [status, playbackUrl !== null])).toEqual([
        ['INVOKED', false],
        ['LIVE', false],
        ['LIVE', true],
        ['IDLE', true],
      ]);
      expect(own.at(-1)?.sessionId).toBeNull();
    }
  });

  test('changes made past the gateway are published within 20 s: a start, a rename, a failure, a stop before another start', async () => {
    const world = await createLiveWorld();
    const { emptyMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(meetingTarget(emptyMeetingId));
    const first = await world.start(emptyMeetingId);
    await world.advance(20_000);
    expect(subscriber.lastStates().get(first)?.livestream.status).toBe('LIVE');
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: first, name: 'Another' });
    await world.advance(20_000);
    expect(subscriber.lastStates().get(first)?.livestream.name).toBe('Another');
    await world.stop(emptyMeetingId);
    const second = await world.start(emptyMeetingId);
    await world.advance(12_000);
    expect(subscriber.lastStates().get(first)?.livestream.status).toBe('IDLE');
    expect(subscriber.lastStates().get(second)?.livestream.status).toBe('LIVE');
    world.sandbox.trigger({ kind: 'livestream-failed', livestreamId: second });
    await world.advance(20_000);
    expect(subscriber.lastStates().get(second)).toMatchObject({ livestream: { status: 'ERRORED' }, sessionId: null });
  });

  test.each([true, false])(
    'an app-wide subscriber receives the end of a livestream once (bulk reads: %s)',
    async (bulkReads) => {
      const world = await createLiveWorld({ caching: { bulkReads } });
      const { liveMeetingId, liveLivestreamId } = world.exampleIds;
      const subscriber = await world.subscribe(APP_WIDE);
      await world.advance(0);
      expect(subscriber.lastStates().get(liveLivestreamId)?.livestream.status).toBe('LIVE');
      await world.stop(liveMeetingId);
      await world.advance(20_000);
      expect(subscriber.lastStates().get(liveLivestreamId)?.livestream.status).toBe('IDLE');
      expect(statusesOf(subscriber.states).filter((status) => status === 'IDLE')).toHaveLength(1);
    },
  );

  test('an app-wide subscriber does not receive past livestreams that another subscriber tracks', async () => {
    const world = await createLiveWorld();
    const { idleLivestreamId } = world.exampleIds;
    const all = await world.subscribe(APP_WIDE);
    const one = await world.subscribe(livestreamTarget(idleLivestreamId));
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: idleLivestreamId, name: 'New name' });
    await world.advance(40_000);
    expect(one.lastStates().get(idleLivestreamId)?.livestream.name).toBe('New name');
    expect(one.states).toHaveLength(2);
    expect(all.lastStates().has(idleLivestreamId)).toBe(false);
  });

  test('a new name of an ended livestream is published although polling reads the lists of active ones', async () => {
    const world = await createLiveWorld();
    const past = (await world.actualLivestreams()).filter(({ isActive }) => !isActive).slice(0, 5);
    const subscribers = await Promise.all(past.map(async ({ id }) => world.subscribe(livestreamTarget(id))));
    for (const { id } of past)
      world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: id, name: `New ${id}` });
    await world.advance(40_000);
    for (const { target, states } of subscribers)
      expect(states.at(-1)?.livestream.name).toBe(`New ${target.livestreamId}`);
  });

  test('a change that a query has read is published', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'New name' });
    await world.advance(2500);
    expect(subscriber.states).toHaveLength(1);
    await world.dataSource.reads.livestream.get(
      world.dataSource.operation(world.account, new AbortController().signal, () => {}),
      liveLivestreamId,
      world.dataSource.reads.now(),
    );
    await world.advance(0);
    expect(subscriber.states.at(-1)?.livestream.name).toBe('New name');
    expect(subscriber.states).toHaveLength(2);
  });

  test('an ended livestream is not published as active again when a new subscriber gets an older, cached list', async () => {
    const world = await createLiveWorld();
    const { dataSource, account, exampleIds } = world;
    const livestreamId = exampleIds.liveLivestreamId;
    const isOwn = ({ livestream }: LiveState): boolean => livestream.id === livestreamId;
    const first = await world.subscribe(APP_WIDE);
    await world.advance(0);
    world.sandbox.trigger({ kind: 'livestream-failed', livestreamId });
    const operation = dataSource.operation(account, new AbortController().signal, () => {});
    await dataSource.reads.livestream.get(operation, livestreamId, dataSource.reads.now());
    const second = await world.subscribe(APP_WIDE);
    await world.advance(0);
    expect(first.states.filter(isOwn).map(({ livestream }) => livestream.status)).toEqual(['LIVE', 'ERRORED']);
    expect(second.states.filter(isOwn)).toEqual([]);
    expect(second.states.length).toBeGreaterThan(0);
  });

  test('the end of a livestream removes its session from the cache', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.exampleIds;
    const { reads } = world.dataSource;
    const operation = world.dataSource.operation(world.account, new AbortController().signal, () => {});
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    expect(await reads.activeSession.get(operation, liveLivestreamId)).not.toBeNull();
    world.sandbox.trigger({ kind: 'livestream-failed', livestreamId: liveLivestreamId });
    await reads.livestream.get(operation, liveLivestreamId, reads.now());
    await world.advance(0);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'ERRORED']);
    expect(await reads.activeSession.get(operation, liveLivestreamId)).toBeNull();
  });

  test('a slow session read delays the publication of a change by at most 2 s', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    await world.advance(12_000);
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Renamed' });
    world.setSessionsHang(true);
    world.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.advance(2000);
    expect(subscriber.states.at(-1)?.livestream.name).toBe('Renamed');
  });

  test('a change made through one gateway reaches subscribers of another gateway, and of another account, within 20 s', async () => {
    const world = await createLiveWorld();
    const otherGateway = world.createGateway();
    const far = await world.subscribe(APP_WIDE, {
      through: otherGateway.subscriptions,
      by: await otherGateway.dataSource.account('other'),
    });
    const near = await world.subscribe(APP_WIDE, { by: await world.accountOf('second') });
    await world.startThroughGateway(world.exampleIds.emptyMeetingId);
    await world.advance(0);
    const before = [far, near].map(({ states }) => states.length);
    await world.advance(20_000);
    expect([far, near].map(({ states }) => states.length > 0)).toEqual([true, true]);
    expect([far, near].map(({ states }, index) => states.length - (before[index] ?? 0) > 0)).toEqual([true, true]);
  });

  test('subscribing to an unknown livestream, or to one of another meeting, fails with BAD_USER_INPUT', async () => {
    const world = await createLiveWorld();
    await expect(world.subscribe(livestreamTarget('nothing'))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const elsewhere = { livestreamId: world.exampleIds.liveLivestreamId, meetingId: world.exampleIds.emptyMeetingId };
    await expect(world.subscribe(elsewhere)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(world.subscriptions.size()).toBe(0);
    expect(world.clock.pending()).toBe(0);
  });
});

describe('notifications with an unusual or failing upstream', () => {
  test.each<Partial<ResponseFormats>>([
    { list: 'object' },
    { list: 'nested', firstPage: 0 },
    { paging: 'missing' },
    { maxPerPage: 7 },
    { envelope: 'result', errors: 'errors' },
    { notFound: 'null' },
    { notFound: 'empty', livestreamById: 'flat' },
    { timestamps: 'missing', numbers: 'string', disabled: 'word' },
  ])('subscribers receive the current state in every response format: %o', async (responseFormats) => {
    const world = await createLiveWorld({ settings: { responseFormats, playbackUrlDelayMs: 5000 } });
    const { liveLivestreamId, liveMeetingId, emptyMeetingId } = world.exampleIds;
    const subscribers = [
      await world.subscribe(livestreamTarget(liveLivestreamId)),
      await world.subscribe(meetingTarget(liveMeetingId)),
      await world.subscribe(meetingTarget(emptyMeetingId)),
    ];
    const all = await world.subscribe(APP_WIDE);
    await world.startThroughGateway(emptyMeetingId);
    await world.advance(15_000);
    world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Renamed' });
    await world.advance(20_000);
    const [first, second, third] = subscribers.map(({ states }) => states.at(-1)?.livestream);
    expect([first?.name, second?.name, third?.status]).toEqual(['Renamed', 'Renamed', 'LIVE']);
    await world.stop(liveMeetingId);
    await world.stop(emptyMeetingId);
    await world.advance(20_000);
    for (const subscriber of subscribers)
      expect(subscriber.states.at(-1)).toMatchObject({ livestream: { status: 'IDLE' }, sessionId: null });
    const ended = [...all.lastStates().values()].filter((state) => state.livestream.status === 'IDLE');
    const meetingIds = ended.map((state) => state.livestream.meetingId);
    expect(new Set(meetingIds)).toEqual(new Set([liveMeetingId, emptyMeetingId]));
    expect(meetingIds).toHaveLength(2);
  });

  test('a small request budget is never exceeded, and suffices to publish the final states', async () => {
    const world = await createLiveWorld({
      caching: { bulkReads: false },
      settings: { quota: { limit: 40, windowSeconds: 60, lockoutSeconds: 60, enforced: true } },
    });
    const active = (await world.actualLivestreams()).filter(({ isActive }) => isActive).slice(0, 30);
    const subscribers: TestSubscriber[] = [];
    for (const { id } of active) {
      const subscriber = await world.subscribe(livestreamTarget(id)).catch(() => null);
      if (subscriber !== null) subscribers.push(subscriber);
    }
    expect(subscribers.length).toBeGreaterThan(20);
    for (const { meetingId } of active) if (meetingId !== null) await world.stop(meetingId);
    for (let minute = 0; minute < 6; minute += 1) await world.advance(60_000);
    expect(world.sandbox.requests().rejected).toBe(0);
    const actual = new Map((await world.actualLivestreams()).map(({ id, text }) => [id, text]));
    for (const { target, states } of subscribers) {
      const last = states.at(-1);
      expect(last && stateText(last)).toBe(actual.get(target.livestreamId ?? ''));
    }
  });

  test('changes are published within 20 s although each response takes a second', async () => {
    const world = await createLiveWorld({ latency: () => [500, 500] });
    const opening = world.subscribe(APP_WIDE);
    await world.advance(5000);
    const subscriber = await opening;
    const active = (await world.actualLivestreams())
      .filter(({ isActive, meetingId }) => isActive && meetingId !== null)
      .slice(0, 3);
    await world.advance(10_000);
    for (const { meetingId } of active) if (meetingId !== null) await world.stop(meetingId);
    const started = await world.start(world.exampleIds.emptyMeetingId);
    await world.advance(18_000);
    for (const { id } of active) expect(subscriber.lastStates().get(id)?.livestream.status).toBe('IDLE');
    expect(subscriber.lastStates().get(started)?.livestream.status).toBe('LIVE');
  });

  test('livestreams are polled one by one when the lists fail', async () => {
    const world = await createLiveWorld();
    const active = (await world.actualLivestreams()).filter(({ isActive }) => isActive).slice(0, 5);
    const subscribers = await Promise.all(active.map(async ({ id }) => world.subscribe(livestreamTarget(id))));
    world.sandbox.setFaults([{ kind: 'status', route: '/livestreams' }]);
    for (const { meetingId } of active) if (meetingId !== null) await world.stop(meetingId);
    await world.advance(20_000);
    expect(subscribers.map(({ states }) => states.at(-1)?.livestream.status)).toEqual(active.map(() => 'IDLE'));
  });
});

describe('end of subscriptions', () => {
  test('frees the slots of the limits, however a subscription ends', async () => {
    const world = await createLiveWorld({ limits: { perCaller: 2, total: 3 } });
    const target = livestreamTarget(world.exampleIds.liveLivestreamId);
    const subscribers = [await world.subscribe(target), await world.subscribe(target)];
    await expect(world.subscribe(target)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const third = await world.subscribe(target, { callerId: 'another' });
    await expect(world.subscribe(target, { callerId: 'third' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (const subscriber of [...subscribers, third]) {
      await subscriber.unsubscribe();
      await subscriber.unsubscribe();
    }
    expect(world.subscriptions.size()).toBe(0);
    world.sandbox.setFaults([{ kind: 'status', status: 403 }]);
    await expect(world.subscribe(livestreamTarget('unknown'))).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
    });
    expect(world.subscriptions.size()).toBe(0);
  });

  test('a rejected token ends all subscriptions of its account, and polling', async () => {
    const world = await createLiveWorld();
    const subscribers = [
      await world.subscribe(APP_WIDE),
      await world.subscribe(livestreamTarget(world.exampleIds.liveLivestreamId)),
    ];
    world.sandbox.setFaults([{ kind: 'status', status: 401 }]);
    await world.advance(12_000);
    for (const subscriber of subscribers)
      expect(subscriber).toMatchObject({ hasEnded: true, error: { code: 'UPSTREAM_INVALID_RESPONSE' } });
    expect(world.subscriptions.size()).toBe(0);
    world.clearRequests();
    await world.advance(60_000);
    expect(world.requests()).toEqual([]);
  });

  test('closing the gateway ends all subscriptions with an AbortError, including those being set up', async () => {
    const world = await createLiveWorld({ latency: () => [500, 500] });
    const target = livestreamTarget(world.exampleIds.liveLivestreamId);
    const pending = world.subscribe(target);
    await world.advance(0);
    world.subscriptions.closeAll();
    await world.advance(5000);
    for (const subscriber of [await pending, await world.subscribe(target)]) {
      await world.advance(0);
      expect(subscriber).toMatchObject({ hasEnded: true, error: { name: 'AbortError' } });
    }
    expect(world.subscriptions.size()).toBe(0);
    expect(world.clock.pending()).toBe(0);
  });

  test('a slow subscriber receives the latest state of a livestream, once', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.exampleIds;
    const slow = await world.subscribe(livestreamTarget(liveLivestreamId), { isSlow: true });
    for (let round = 1; round <= 5; round += 1) {
      world.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: `Name ${round}` });
      await world.advance(12_000);
    }
    slow.catchUp();
    await world.advance(0);
    expect(slow.states.map((state) => state.livestream.name)).toEqual(['Name 5']);
  });
});
