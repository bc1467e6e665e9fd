import { expect, test } from 'vitest';

import { createRandom } from '../../src/sandbox/random.ts';
import { scenarioSeeds, timeoutMs } from '../support/runs.ts';
import { createLiveWorld, APP_WIDE, livestreamTarget, meetingTarget, stateText, type TestSubscriber } from './world.ts';

const OUTAGE_MS = 60_000;

const cases = scenarioSeeds(7, 11, 13, 17, 19).flatMap((seed) =>
  (['connect', 'hang'] as const).map((outage) => ({ outage, seed })),
);

test.each(cases)(
  'after a minute without upstream ($outage), with duplicate and shuffled webhooks and leaving clients, every remaining subscriber has the current state (SCENARIO_SEED=$seed)',
  async ({ outage, seed }) => {
    const world = await createLiveWorld({ limits: { perCaller: 1000 } });
    const { exampleIds, subscriptions } = world;
    const meetingIds = [
      exampleIds.liveMeetingId,
      exampleIds.emptyMeetingId,
      exampleIds.idleMeetingId,
      exampleIds.invokedMeetingId,
    ];
    const random = createRandom(seed);
    const events: { livestreamId: string; meetingId: string }[] = [];
    const subscribers: TestSubscriber[] = [];

    async function subscribeAll(): Promise<void> {
      for (let index = 0; index < 30; index += 1) {
        const meetingId = meetingIds[index % meetingIds.length] ?? '';
        const [newest] = await world.actualLivestreamsOf(meetingId);
        const targets = [
          APP_WIDE,
          meetingTarget(meetingId),
          ...(newest === undefined ? [] : [livestreamTarget(newest.id)]),
        ];
        for (const target of targets) subscribers.push(await world.subscribe(target, { isSlow: index % 5 === 0 }));
      }
    }
    async function change(meetingId: string): Promise<void> {
      const [newest] = await world.actualLivestreamsOf(meetingId);
      if (newest?.isActive === true) await world.stop(meetingId);
      else events.push({ livestreamId: await world.start(meetingId), meetingId });
      if (newest !== undefined) events.push({ livestreamId: newest.id, meetingId });
    }
    async function unsubscribeSome(): Promise<void> {
      for (const subscriber of subscribers)
        if (!subscriber.hasEnded && random.between(1, 4) === 1) await subscriber.unsubscribe();
    }
    /** Delivers all webhooks so far twice, in random order. */
    function deliverWebhooks(): void {
      const deliveries = [...events, ...events].map((event) => ({ event, at: random.between(1, 1000) }));
      for (const { event } of deliveries.toSorted((one, other) => one.at - other.at)) subscriptions.onWebhook(event);
    }

    await subscribeAll();
    await world.advance(15_000);
    for (const meetingId of meetingIds) await change(meetingId);
    deliverWebhooks();
    await world.advance(2000);

    world.setOutage(outage);
    for (let passed = 0; passed < OUTAGE_MS; passed += 10_000) {
      for (const meetingId of meetingIds) await change(meetingId);
      deliverWebhooks();
      await unsubscribeSome();
      await world.advance(10_000);
    }
    world.setOutage(null);
    await world.advance(30_000);
    deliverWebhooks();
    await world.advance(90_000);
    for (const subscriber of subscribers) subscriber.catchUp();
    await world.advance(0);

    const remaining = subscribers.filter(({ hasEnded, error }) => !hasEnded && error === null);
    expect(remaining.length).toBeGreaterThan(0);
    const actual = new Map((await world.actualLivestreams()).map((livestream) => [livestream.id, livestream]));
    for (const subscriber of remaining) {
      for (const [id, state] of subscriber.lastStates()) expect(stateText(state)).toBe(actual.get(id)?.text);
      const { livestreamId, meetingId } = subscriber.target;
      const mustKnow = [...actual.values()].filter(
        (livestream) =>
          livestream.isActive && livestreamId === null && (meetingId ?? livestream.meetingId) === livestream.meetingId,
      );
      for (const { id } of mustKnow) expect(subscriber.lastStates().has(id)).toBe(true);
    }
    expect(subscriptions.size()).toBe(remaining.length);
  },
  timeoutMs(120_000),
);
