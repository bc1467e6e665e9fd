import { expect, onTestFinished, test } from 'vitest';

import { WEBHOOK_PATH } from '../../src/server/plugins/useWebhooks.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { createRandom } from '../../src/sandbox/random.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { eventually } from '../support/eventually.ts';
import { at, rowsOf, startTestGateway } from '../support/gateway.ts';
import { serve } from '../support/served.ts';
import { type RemoteSubscriber, resultText, subscribeRemotely } from './remoteSubscriber.ts';
import { APP_WIDE, livestreamTarget, meetingTarget } from './world.ts';

/** Of how many who watch. */
const VIEWERS = 36;
/** Milliseconds: time passes in such steps. */
const STEP = 1000;
/** How long upstream is away. */
const MINUTE = 60_000;
/** Until every delivery was repeated as often as it is, what is kept is too old, and everything was looked at since. */
const RECOVERY = 180_000;
/** A meeting's livestream is left alone for so long: what has ended is to have its playback URL by then, of which nobody would be told. */
const CALM = 6000;
const EVENTS = ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended'];
const OUTAGES: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 503, route: '/livestreams/{livestream_id}/active-livestream-session' },
];

/** The sandbox and the gateway behind real servers, the one calling the other's webhook, all on one clock. */
async function createRemoteWorld() {
  let underWay = 0;
  const failures: unknown[] = [];
  const intercept = (send: Transport): Transport => {
    return async (request) => {
      underWay += 1;
      try {
        const answer = await send(request);
        if (answer.status >= 500) failures.push(answer.status);
        return answer;
      } catch (error) {
        failures.push(error);
        throw error;
      } finally {
        underWay -= 1;
      }
    };
  };
  const gateway = await startTestGateway({
    takesWebhooks: true,
    intercept,
    settings: {
      playbackUrlDelayMs: 5000,
      // Those who try again and again meanwhile are not to use it up.
      quota: { limit: 12_000 },
      webhooks: { copies: 3, order: 'shuffled', lateMs: 500, badSignatureShare: 0.25 },
    },
  });
  const { sandbox, clock } = gateway;
  const served = await serve(gateway);
  await gateway.rest('/webhooks', { name: 'Gateway', url: `http://${served.host}${WEBHOOK_PATH}`, events: EVENTS });

  /** Until nothing is on its way between the two any more. */
  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet += 1) {
      await gateway.control();
      if (underWay > 0 || sandbox.deliveries().underWay > 0) quiet = -1;
    }
  }

  /** A call by somebody else; faults are meant for the gateway, of which nothing is on its way. */
  async function rest(path: string, body?: object): Promise<unknown> {
    const { faults } = sandbox.overview();
    sandbox.fail([]);
    return gateway.rest(path, body).finally(() => sandbox.fail(faults));
  }

  return {
    gateway,
    sandbox,
    served,
    rest,
    settle,
    /** What the gateway's requests failed of. */
    failures,
    async step(milliseconds = STEP): Promise<void> {
      clock.advance(milliseconds);
      await settle();
    },
    /** The meeting's livestream that runs. */
    async activeOf(meetingId: string): Promise<string | null> {
      const rows = rowsOf(at(await rest(`/meetings/${meetingId}/livestream?per_page=100`), 'livestreams'));
      const active = rows.find(isActive);
      return active === undefined ? null : String(at(active, 'id'));
    },
    /** All livestreams as they are, by their ids. */
    async truth() {
      const { livestreams } = sandbox.overview().counts;
      const pages = Array.from({ length: Math.ceil(livestreams / 100) }, (_, page) => page + 1);
      const read = async (page: number): Promise<unknown> => rest(`/livestreams?per_page=100&page_no=${page}`);
      const rows = (await Promise.all(pages.map(read))).flatMap(rowsOf);
      expect(rows).toHaveLength(livestreams);
      const truths = rows.map(async (row) => {
        const id = String(at(row, 'id'));
        const session = isActive(row) ? await rest(`/livestreams/${id}/active-livestream-session`) : null;
        const text = resultText(row, at(session, 'session', 'id'), at(row, 'playback_url'));
        return [id, { text, isActive: isActive(row), meetingId: at(row, 'meeting_id') }] as const;
      });
      return new Map(await Promise.all(truths));
    },
  };
}

type RemoteWorld = Awaited<ReturnType<typeof createRemoteWorld>>;

const isActive = (row: unknown): boolean => ['LIVE', 'INVOKED'].includes(String(at(row, 'status')));

test.each([7, 11])(
  'over real connections too, whoever survives webhooks out of order and a minute without upstream ends with what is so (%i)',
  async (seed) => {
    const world = await createRemoteWorld();
    const { gateway, sandbox, served } = world;
    const { samples } = sandbox;
    const random = createRandom(seed);
    const meetingIds = [samples.liveMeetingId, samples.emptyMeetingId, samples.idleMeetingId, samples.invokedMeetingId];
    const livestreamIds = [samples.liveLivestreamId, samples.idleLivestreamId, samples.invokedLivestreamId];
    const targets = [APP_WIDE, ...meetingIds.map(meetingTarget), ...livestreamIds.map(livestreamTarget)];
    const subscribers: RemoteSubscriber[] = [];
    const changedAt = new Map<string, number>();
    onTestFinished(() => subscribers.forEach((subscriber) => subscriber.unsubscribe()));
    const those = (where: string): RemoteSubscriber[] =>
      subscribers.filter((subscriber) => subscriber.status() === where);
    const isOneIn = (count: number): boolean => random.between(1, count) === 1;

    /** Until the server knows of everyone who came or went. */
    async function arrive(): Promise<void> {
      await eventually(() => expect(gateway.server.subscriptionCount()).toBe(those('here').length));
      await world.settle();
    }

    async function change(meetingId: string): Promise<void> {
      const now = gateway.clock.now();
      if (now - (changedAt.get(meetingId) ?? -Infinity) < CALM) return;
      changedAt.set(meetingId, now);
      const livestreamId = await world.activeOf(meetingId);
      const path = `/meetings/${meetingId}`;
      if (livestreamId === null) return void (await world.rest(`${path}/livestreams`, { name: random.hex(4) }));
      const ends = [
        async () => world.rest(`${path}/active-livestream/stop`, {}),
        async () => sandbox.happen({ kind: 'livestream-failed', livestreamId }),
        async () => sandbox.happen({ kind: 'meeting-ended', meetingId }),
      ];
      const rename = async () => sandbox.happen({ kind: 'livestream-renamed', livestreamId, name: random.hex(4) });
      await (ends[random.between(0, 2 * ends.length - 1)] ?? rename)();
      return undefined;
    }

    /** In all, about a third drops out for good; others come back, as soon as they like. */
    async function comeAndGo(): Promise<void> {
      for (const subscriber of those('here')) {
        if (isOneIn(200)) subscriber.unsubscribe();
        else if (isOneIn(30)) subscriber.disconnect();
      }
      await arrive();
      for (const subscriber of [...those('away'), ...those('refused')]) if (isOneIn(4)) subscriber.reconnect();
      await arrive();
    }

    async function live(milliseconds: number): Promise<void> {
      for (let passed = 0; passed < milliseconds; passed += STEP) {
        for (const meetingId of meetingIds) if (isOneIn(5)) await change(meetingId);
        await comeAndGo();
        await world.step();
      }
    }

    for (let index = 0; index < VIEWERS; index += 1) {
      const target = targets[index % targets.length] ?? APP_WIDE;
      subscribers.push(subscribeRemotely(served, index % 3 === 0 ? 'ws' : 'sse', target));
    }
    await arrive();
    await live(20_000);
    for (let passed = 0; passed < MINUTE; passed += MINUTE / 4) {
      sandbox.fail(random.shuffled(OUTAGES).slice(2));
      await live(MINUTE / 4);
    }
    sandbox.fail([]);
    await live(20_000);
    while (those('away').length + those('refused').length > 0) {
      for (const subscriber of [...those('away'), ...those('refused')]) subscriber.reconnect();
      await arrive();
      await world.step();
    }
    for (let passed = 0; passed < RECOVERY; passed += 2 * STEP) await world.step(2 * STEP);

    await checkEverySurvivor(world, those('here'));
    expect(those('gone').length).toBeGreaterThan(VIEWERS / 5);
    expect(subscribers.some(({ connections }) => connections.length > 2)).toBe(true);
    expect(world.failures.length).toBeGreaterThan(10);
    checkDeliveries(world);

    for (const subscriber of subscribers) subscriber.unsubscribe();
    await eventually(() => expect([gateway.server.subscriptionCount(), served.sockets.size()]).toEqual([0, 0]));
    await world.settle();
    gateway.forget();
    for (let passed = 0; passed < MINUTE; passed += STEP) await world.step();
    expect(gateway.upstream()).toEqual([]);
  },
  60_000,
);

/** The last that each was told is so, it knows of all that runs, and was told nothing twice in a row. */
async function checkEverySurvivor(world: RemoteWorld, survivors: readonly RemoteSubscriber[]): Promise<void> {
  expect(new Set(survivors.map(({ transport }) => transport))).toEqual(new Set(['sse', 'ws']));
  const truths = await world.actualLivestreams();
  await eventually(() => {
    for (const { target, connections, transport } of survivors) {
      const { livestreamId, meetingId } = target;
      const told = new Map(connections.at(-1)?.map(({ id, text }) => [id, text]));
      const due = [...truths].filter(([id, { isActive: runs, meetingId: of }]) =>
        livestreamId === null ? told.has(id) || (runs && (meetingId ?? of) === of) : id === livestreamId,
      );
      const expected = new Map(due.map(([id, { text }]) => [id, text]));
      expect(told, `${transport} ${JSON.stringify(target)}`).toEqual(expected);
    }
  });
  for (const told of survivors.flatMap(({ connections }) => connections)) {
    for (const states of Map.groupBy(told, ({ id }) => id).values()) {
      const texts = states.map(({ text }) => text);
      // What could not be read whole is told again, and may fail again.
      const repeated = texts.filter((text, index) => text === texts[index - 1] && !text.includes('unread'));
      expect(repeated).toEqual([]);
    }
  }
}

/** Each webhook went out three times, most of them were taken, and what nobody signed was not. */
function checkDeliveries({ sandbox }: RemoteWorld): void {
  const { deliveries } = sandbox.deliveries();
  for (const copies of Map.groupBy(deliveries, ({ uuid }) => uuid).values()) expect(copies).toHaveLength(3);
  const fates = Map.groupBy(deliveries, ({ answer }) => answer);
  expect(new Set(fates.keys())).toEqual(new Set([200, 401]));
  expect(fates.get(200)?.length).toBeGreaterThan(30);
}
