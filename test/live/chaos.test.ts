import { expect, test } from 'vitest';

import { createRandom } from '../../src/sandbox/random.ts';
import { createLiveWorld, EVERYTHING, livestream, meeting, textOf, type Viewer } from './world.ts';

/** Upstream is away for so long, in milliseconds. */
const MINUTE = 60_000;

test.each(['connect', 'hang'] as const)(
  'a minute without upstream (%s), webhooks doubled and shuffled, clients dropping: who survives ends with what is so',
  async (outage) => {
    const world = await createLiveWorld({ limits: { perCaller: 1000 } });
    const { samples, watch } = world;
    const meetingIds = [samples.liveMeetingId, samples.emptyMeetingId, samples.idleMeetingId, samples.invokedMeetingId];
    const random = createRandom(7);
    const events: { livestreamId: string; meetingId: string }[] = [];
    const viewers: Viewer[] = [];

    async function everyoneComes(): Promise<void> {
      for (let index = 0; index < 30; index += 1) {
        const meetingId = meetingIds[index % meetingIds.length] ?? '';
        const [newest] = await world.truthOf(meetingId);
        const targets = [EVERYTHING, meeting(meetingId), ...(newest === undefined ? [] : [livestream(newest.id)])];
        for (const target of targets) viewers.push(await world.view(target, { isSlow: index % 5 === 0 }));
      }
    }
    async function change(meetingId: string): Promise<void> {
      const [newest] = await world.truthOf(meetingId);
      if (newest?.isActive === true) await world.stop(meetingId);
      else events.push({ livestreamId: await world.start(meetingId), meetingId });
      if (newest !== undefined) events.push({ livestreamId: newest.id, meetingId });
    }
    async function dropSome(): Promise<void> {
      for (const viewer of viewers) if (!viewer.isOver && random.between(1, 4) === 1) await viewer.leave();
    }
    /** Each twice, in any order. */
    function deliver(): void {
      const doubled = [...events, ...events].map((event) => ({ event, at: random.between(1, 1000) }));
      for (const { event } of doubled.toSorted((one, other) => one.at - other.at)) watch.onWebhook(event);
    }

    await everyoneComes();
    await world.pass(15_000);
    for (const meetingId of meetingIds) await change(meetingId);
    deliver();
    await world.pass(2000);

    world.break(outage);
    for (let passed = 0; passed < MINUTE; passed += 10_000) {
      for (const meetingId of meetingIds) await change(meetingId);
      deliver();
      await dropSome();
      await world.pass(10_000);
    }
    world.break(null);
    await world.pass(30_000);
    deliver();
    await world.pass(90_000);
    for (const viewer of viewers) viewer.hasten();
    await world.pass(0);

    const survivors = viewers.filter(({ isOver, failure }) => !isOver && failure === null);
    expect(survivors.length).toBeGreaterThan(0);
    const truth = new Map((await world.truth()).map((look) => [look.id, look]));
    for (const survivor of survivors) {
      for (const [id, state] of survivor.last()) expect(textOf(state)).toBe(truth.get(id)?.text);
      const { livestreamId, meetingId } = survivor.target;
      const toKnow = [...truth.values()].filter(
        (look) => look.isActive && livestreamId === null && (meetingId ?? look.meetingId) === look.meetingId,
      );
      for (const { id } of toKnow) expect(survivor.last().has(id)).toBe(true);
    }
    expect(watch.size()).toBe(survivors.length);
  },
  120_000,
);
