import { expect, test } from 'vitest';

import { at, until } from '../support/gateway.ts';
import { createLiveGateway, updated } from './sse.ts';
import { createLiveWorld, type LiveWorld } from './world.ts';

const WATCH = `
  subscription Watch($livestreamId: ID, $meetingId: ID) {
    livestreamUpdated(livestreamId: $livestreamId, meetingId: $meetingId) {
      id
      name
      status
      playbackUrl
      updatedAt
      activeSession { id startedAt stoppedAt livestream { status } }
      meeting { id title activeLivestream { id status } }
    }
  }
`;

/** Lets time pass until there are so many events, or for too long. */
async function passUntil(world: LiveWorld, isTrue: () => boolean): Promise<void> {
  for (let step = 0; step < 60 && !isTrue(); step += 1) await world.pass(500);
  await until(isTrue);
}

/** The same from the API itself. */
async function truthOf(world: LiveWorld, id: string, meetingId: string): Promise<unknown> {
  const livestream = at(await world.rest(`/livestreams/${id}`), 'livestream');
  const active = at(await world.rest(`/meetings/${meetingId}/active-livestream`), 'id') ?? null;
  return {
    status: at(livestream, 'status'),
    playbackUrl: at(livestream, 'playback_url') ?? null,
    sessionId: await world.sessionOf(id),
    active,
  };
}

test('each event is right in every field at its moment, from a start to a failure', async () => {
  const world = await createLiveWorld({ settings: { goLiveAfterMs: 4000, playbackUrlDelayMs: 9000 } });
  const gateway = createLiveGateway(world);
  const meetingId = world.samples.emptyMeetingId;
  const id = await world.start(meetingId);
  const { events } = gateway.subscribe(WATCH, { meetingId });
  for (const [count, status] of ['INVOKED', 'LIVE', 'LIVE', 'ERRORED'].entries()) {
    if (status === 'ERRORED') world.sandbox.happen({ kind: 'livestream-failed', livestreamId: id });
    await passUntil(world, () => events.length > count);
    const event = events[count];
    expect(at(event, 'errors')).toBeUndefined();
    expect(updated(event, 'status')).toBe(status);
    expect({
      status: updated(event, 'status'),
      playbackUrl: updated(event, 'playbackUrl'),
      sessionId: updated(event, 'activeSession', 'id') ?? null,
      active: updated(event, 'meeting', 'activeLivestream', 'id') ?? null,
    }).toEqual(await truthOf(world, id, meetingId));
    expect(typeof updated(event, 'activeSession', 'startedAt') === 'string').toBe(status === 'LIVE');
    expect(updated(event, 'activeSession', 'livestream', 'status') ?? status).toBe(status);
  }
  await world.pass(30_000);
  expect(events).toHaveLength(4);
  expect(gateway.logs).toEqual([]);
});

test('a session that could not be read is told once it can be, and once only', async () => {
  const world = await createLiveWorld();
  const gateway = createLiveGateway(world);
  const livestreamId = world.samples.liveLivestreamId;
  world.sandbox.fail([
    { kind: 'status', status: 503, route: '/livestreams/{livestream_id}/active-livestream-session' },
  ]);
  const { events } = gateway.subscribe(WATCH, { livestreamId });
  await passUntil(world, () => events.length > 0);
  expect(at(events[0], 'errors', 0, 'path')).toEqual(['livestreamUpdated', 'activeSession']);
  world.sandbox.fail([]);
  await passUntil(world, () => events.length > 1);
  expect(updated(events[1], 'activeSession', 'id')).toBe(await world.sessionOf(livestreamId));
  await world.pass(60_000);
  expect(events).toHaveLength(2);
});

test('an unknown livestream is an error that says so, and the end', async () => {
  const world = await createLiveWorld();
  const stream = createLiveGateway(world).subscribe(WATCH, { livestreamId: 'nothing' });
  await until(() => stream.isOver);
  expect(at(stream.events[0], 'errors', 0, 'extensions', 'code')).toBe('BAD_USER_INPUT');
  expect(world.clock.pending()).toBe(0);
});

test('who leaves ends the looking, and makes room for the next', async () => {
  const world = await createLiveWorld();
  const gateway = createLiveGateway(world, { live: { perCaller: 1 } });
  const variables = { livestreamId: world.samples.invokedLivestreamId };
  for (let turn = 0; turn < 3; turn += 1) {
    const stream = gateway.subscribe(WATCH, variables);
    await until(() => stream.events.length === 1);
    const refused = gateway.subscribe(WATCH, variables);
    await until(() => refused.isOver);
    expect(at(refused.events[0], 'errors', 0, 'extensions', 'code')).toBe('RATE_LIMITED');
    stream.leave();
    await until(() => stream.isOver && world.clock.pending() === 0);
  }
  world.forget();
  await world.pass(60_000);
  expect(world.sent()).toEqual([]);
});

test('who leaves before anything has been read leaves nothing behind', async () => {
  let delay = 1000;
  const world = await createLiveWorld({ latency: () => [delay, 0] });
  const gateway = createLiveGateway(world, { live: { perCaller: 1 } });
  const variables = { livestreamId: world.samples.liveLivestreamId };
  const left = gateway.subscribe(WATCH, variables);
  await until(() => world.sent().length === 1);
  left.leave();
  await world.pass(5000);
  await until(() => left.isOver);
  delay = 0;
  world.forget();
  await world.pass(60_000);
  expect(world.sent()).toEqual([]);
  expect(world.clock.pending()).toBe(0);
  const next = gateway.subscribe(WATCH, variables);
  await until(() => next.events.length === 1);
  expect(updated(next.events[0], 'status')).toBe('LIVE');
});
