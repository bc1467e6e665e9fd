import { describe, expect, test } from 'vitest';

import { createEventCollector } from '../../src/live/webhookEvents.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { createLiveWorld, APP_WIDE, livestreamTarget, type LiveWorld, meetingTarget, statusesOf } from './world.ts';

/** What another app's event reports. Its livestream and its meeting do not exist in this app. */
const FOREIGN = { livestreamId: 'foreign', meetingId: 'foreign-meeting' };

/** Reads a livestream as a query does. */
async function read({ dataSource, account, exampleIds }: LiveWorld): Promise<unknown> {
  const operation = dataSource.operation(account, new AbortController().signal, () => {});
  return dataSource.reads.livestream.get(operation, exampleIds.idleLivestreamId, dataSource.reads.now());
}

/** Uses up most of the budget, so that it is short for some time. */
async function spendBudget(world: LiveWorld): Promise<void> {
  for (let count = 0; count < 300; count += 1) await read(world);
}

describe('the events about one livestream', () => {
  test('are handled at once, and those of the next 2 s together', () => {
    const clock = createFakeClock();
    const handled: unknown[] = [];
    const { collect } = createEventCollector(clock, (ids) => handled.push(ids));
    const eventOf = (livestreamId: string, meetingId: string) => ({ livestreamId, meetingId });
    for (const meetingId of ['1', '2', '3']) collect(eventOf('a', meetingId));
    collect(eventOf('b', '4'));
    expect(handled).toEqual([eventOf('a', '1'), eventOf('b', '4')]);
    clock.advance(2000);
    expect(handled.splice(0)).toEqual([eventOf('a', '1'), eventOf('b', '4'), eventOf('a', '3')]);
    collect(eventOf('a', '5'));
    expect(handled).toEqual([]);
    clock.advance(2000);
    expect(handled.splice(0)).toEqual([eventOf('a', '5')]);
    clock.advance(2000);
    collect(eventOf('a', '6'));
    expect(handled).toEqual([eventOf('a', '6')]);
  });

  test('keep the meeting that one of them names', () => {
    const clock = createFakeClock();
    const handled: unknown[] = [];
    const { collect } = createEventCollector(clock, (ids) => handled.push(ids));
    for (const meetingId of [null, 'm', null]) collect({ livestreamId: 'a', meetingId });
    clock.advance(2000);
    expect(handled).toEqual([
      { livestreamId: 'a', meetingId: null },
      { livestreamId: 'a', meetingId: 'm' },
    ]);
  });

  test('are handled without a delay once the gateway is shutting down, so that other replicas learn of them', () => {
    const clock = createFakeClock();
    const handled: unknown[] = [];
    const collector = createEventCollector(clock, ({ meetingId }) => handled.push(meetingId));
    for (const meetingId of ['1', '2']) collector.collect({ livestreamId: 'a', meetingId });
    collector.close();
    for (const meetingId of ['3', '4']) collector.collect({ livestreamId: 'a', meetingId });
    expect(handled).toEqual(['1', '2', '3', '4']);
    expect(clock.pending()).toBe(0);
  });
});

describe('an event of another app', () => {
  test('does not make the gateway rely on webhooks', async () => {
    const world = await createLiveWorld();
    await world.subscribe(meetingTarget(world.exampleIds.emptyMeetingId));
    world.subscriptions.onWebhook(FOREIGN);
    await world.advance(30_000);
    world.clearRequests();
    await world.advance(60_000);
    expect(world.requests().length).toBeGreaterThan(4);
  });

  test('costs one request', async () => {
    const world = await createLiveWorld();
    await world.subscribe(APP_WIDE);
    await world.advance(1000);
    world.clearRequests();
    world.subscriptions.onWebhook(FOREIGN);
    await world.advance(0);
    expect(world.requests()).toEqual([expect.stringContaining('GET /livestreams/foreign')]);
  });

  test('costs two requests if somebody subscribes to its meeting, whose livestream may not be readable yet', async () => {
    const world = await createLiveWorld();
    const { liveMeetingId: meetingId } = world.exampleIds;
    await world.subscribe(meetingTarget(meetingId));
    await world.advance(1000);
    world.clearRequests();
    world.subscriptions.onWebhook({ ...FOREIGN, meetingId });
    await world.advance(0);
    expect(world.requests()).toEqual([
      expect.stringContaining('GET /livestreams/foreign'),
      `GET /meetings/${meetingId}/active-livestream`,
    ]);
  });

  test('that is replayed 10 times a second for a minute leaves the budget for reads, and real events are seen at once', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.exampleIds;
    await world.subscribe(APP_WIDE);
    const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
    await world.advance(1000);
    world.clearRequests();
    for (let count = 0; count < 600; count += 1) {
      world.subscriptions.onWebhook(FOREIGN);
      await world.advance(100);
    }
    expect(world.requests().filter((request) => request.includes('foreign')).length).toBeLessThanOrEqual(31);
    expect(await read(world)).not.toBeNull();
    await world.stop(liveMeetingId);
    world.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.advance(0);
    expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'IDLE']);
  });
});

test('while the budget is short, the next poll reads what an event reports', async () => {
  const world = await createLiveWorld();
  const { liveLivestreamId, liveMeetingId } = world.exampleIds;
  const subscriber = await world.subscribe(livestreamTarget(liveLivestreamId));
  await world.advance(12_000);
  await spendBudget(world);
  await world.stop(liveMeetingId);
  world.clearRequests();
  world.subscriptions.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
  for (let count = 0; count < 50; count += 1)
    world.subscriptions.onWebhook({ livestreamId: `foreign-${count}`, meetingId: 'foreign-meeting' });
  await world.advance(0);
  expect(world.requests()).toEqual([]);
  await world.advance(20_000);
  expect(statusesOf(subscriber.states)).toEqual(['LIVE', 'IDLE']);
});
