import { isDeepStrictEqual } from 'node:util';

import { parse, subscribe } from 'graphql';
import { expect, test } from 'vitest';

import { ALL_SCOPES } from '../../src/auth/viewer.ts';
import { OperationLoaders } from '../../src/graphql/loaders/operationLoaders.ts';
import { gatewaySchema } from '../../src/graphql/schema.ts';
import type { SubscriptionTarget } from '../../src/live/types.ts';
import { at, waitUntil } from '../support/gateway.ts';
import { createLiveGateway, eventField } from './liveGateway.ts';
import { createLiveWorld, type LiveWorld } from './world.ts';

const SUBSCRIPTION = `
  subscription Updates($livestreamId: ID, $meetingId: ID) {
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

/** Advances the clock until the condition holds, for at most 30 s. */
async function advanceUntil(world: LiveWorld, condition: () => boolean): Promise<void> {
  for (let step = 0; step < 60 && !condition(); step += 1) await world.advance(500);
  await waitUntil(condition);
}

/** The fields of an event, read directly over the REST API. */
async function actualFields(world: LiveWorld, id: string, meetingId: string): Promise<unknown> {
  const livestream = at(await world.rest(`/livestreams/${id}`), 'livestream');
  const active = at(await world.rest(`/meetings/${meetingId}/active-livestream`), 'id') ?? null;
  return {
    status: at(livestream, 'status'),
    playbackUrl: at(livestream, 'playback_url') ?? null,
    sessionId: await world.actualSessionId(id),
    active,
  };
}

test('every field of every event is correct at the time of the event, from a start to a failure', async () => {
  const world = await createLiveWorld({ settings: { goLiveAfterMs: 4000, playbackUrlDelayMs: 9000 } });
  const gateway = await createLiveGateway(world);
  const meetingId = world.exampleIds.emptyMeetingId;
  const id = await world.start(meetingId);
  const { events } = gateway.subscribe(SUBSCRIPTION, { meetingId });
  for (const [count, status] of ['INVOKED', 'LIVE', 'LIVE', 'ERRORED'].entries()) {
    if (status === 'ERRORED') world.sandbox.trigger({ kind: 'livestream-failed', livestreamId: id });
    await advanceUntil(world, () => events.length > count);
    const event = events[count];
    expect(at(event, 'errors')).toBeUndefined();
    expect(eventField(event, 'status')).toBe(status);
    expect({
      status: eventField(event, 'status'),
      playbackUrl: eventField(event, 'playbackUrl'),
      sessionId: eventField(event, 'activeSession', 'id') ?? null,
      active: eventField(event, 'meeting', 'activeLivestream', 'id') ?? null,
    }).toEqual(await actualFields(world, id, meetingId));
    expect(typeof eventField(event, 'activeSession', 'startedAt') === 'string').toBe(status === 'LIVE');
    expect(eventField(event, 'activeSession', 'livestream', 'status') ?? status).toBe(status);
  }
  await world.advance(30_000);
  expect(events).toHaveLength(4);
  expect(gateway.logs).toEqual([]);
});

test('an event whose session could not be read is sent again exactly once, when the session can be read', async () => {
  const world = await createLiveWorld();
  const gateway = await createLiveGateway(world);
  const livestreamId = world.exampleIds.liveLivestreamId;
  world.sandbox.setFaults([
    { kind: 'status', status: 503, route: '/livestreams/{livestream_id}/active-livestream-session' },
  ]);
  const { events } = gateway.subscribe(SUBSCRIPTION, { livestreamId });
  await advanceUntil(world, () => events.length > 0);
  expect(at(events[0], 'errors', 0, 'path')).toEqual(['livestreamUpdated', 'activeSession']);
  world.sandbox.setFaults([]);
  await advanceUntil(world, () => events.length > 1);
  expect(eventField(events[1], 'activeSession', 'id')).toBe(await world.actualSessionId(livestreamId));
  await world.advance(60_000);
  expect(events).toHaveLength(2);
});

test('the event of an end has no session, even if upstream cannot be asked for one', async () => {
  const world = await createLiveWorld();
  const { dataSource, account, subscriptions, sandbox, exampleIds } = world;
  const { signal } = new AbortController();
  const createLoaders = (): OperationLoaders => new OperationLoaders(dataSource, account, signal);
  const events = await subscribe({
    schema: gatewaySchema(),
    document: parse('subscription { livestreamUpdated { id status activeSession { id } } }'),
    contextValue: {
      viewer: { id: '', token: null, scopes: ALL_SCOPES },
      loaders: createLoaders(),
      createLoaders,
      subscribeTo: async (target: SubscriptionTarget) => subscriptions.subscribe(account, 'caller', target, signal),
    },
  });
  if (!(Symbol.asyncIterator in events)) throw new Error('The subscription failed.');
  const livestreamId = exampleIds.liveLivestreamId;
  sandbox.trigger({ kind: 'livestream-failed', livestreamId });
  await world.advance(40_000);
  // What is known of the session is no longer certain, and cannot be read again.
  dataSource.invalidateExternal({ livestreamId, meetingId: null });
  world.setBrokenPaths([`/livestreams/${livestreamId}/active-livestream-session`]);
  let event: unknown;
  const reading = (async () => {
    for await (event of events) if (eventField(event, 'id') === livestreamId) return;
  })();
  await advanceUntil(world, () => eventField(event, 'id') === livestreamId);
  await reading;
  expect(at(event, 'errors')).toBeUndefined();
  expect(eventField(event)).toEqual({ id: livestreamId, status: 'ERRORED', activeSession: null });
});

test.each([
  ['app-wide', 'INVOKED', 600_000],
  ['app-wide', 'LIVE', 3000],
  ['of a meeting', 'INVOKED', 600_000],
  ['of a meeting', 'LIVE', 3000],
])(
  'a subscription %s to a livestream that is %s receives a session that appears late',
  async (scope, status, goLiveAfterMs) => {
    const world = await createLiveWorld({ settings: { goLiveAfterMs } });
    const gateway = await createLiveGateway(world);
    const meetingId = world.exampleIds.emptyMeetingId;
    world.setSessionsHidden(true);
    const id = await world.start(meetingId);
    const variables = scope === 'app-wide' ? {} : { meetingId };
    const lastState = (events: unknown[]): unknown => {
      const event = events.findLast((one) => eventField(one, 'id') === id);
      return [eventField(event, 'status'), eventField(event, 'activeSession', 'id') ?? null];
    };
    const first = gateway.subscribe(SUBSCRIPTION, variables);
    for (let seconds = 0; seconds < 20; seconds += 1) await world.advance(1000);
    expect(lastState(first.events)).toEqual([status, null]);
    world.setSessionsHidden(false);
    const sessionId = await world.actualSessionId(id);
    const second = gateway.subscribe(SUBSCRIPTION, variables);
    await advanceUntil(world, () => second.events.length > 0);
    await advanceUntil(world, () => isDeepStrictEqual(lastState(first.events), [status, sessionId]));
    expect([lastState(first.events), lastState(second.events)]).toEqual([
      [status, sessionId],
      [status, sessionId],
    ]);
  },
);

test('a subscription to an unknown livestream ends with BAD_USER_INPUT', async () => {
  const world = await createLiveWorld();
  const stream = (await createLiveGateway(world)).subscribe(SUBSCRIPTION, { livestreamId: 'unknown' });
  await waitUntil(() => stream.hasEnded);
  expect(at(stream.events[0], 'errors', 0, 'extensions', 'code')).toBe('BAD_USER_INPUT');
  expect(world.clock.pending()).toBe(0);
});

test('a client that disconnects ends polling and frees its slot', async () => {
  const world = await createLiveWorld();
  const gateway = await createLiveGateway(world, { live: { perCaller: 1 } });
  const variables = { livestreamId: world.exampleIds.invokedLivestreamId };
  for (let round = 0; round < 3; round += 1) {
    const stream = gateway.subscribe(SUBSCRIPTION, variables);
    await waitUntil(() => stream.events.length === 1);
    const rejected = gateway.subscribe(SUBSCRIPTION, variables);
    await waitUntil(() => rejected.hasEnded);
    expect(at(rejected.events[0], 'errors', 0, 'extensions', 'code')).toBe('RATE_LIMITED');
    stream.disconnect();
    await waitUntil(() => stream.hasEnded && world.clock.pending() === 0);
  }
  world.clearRequests();
  await world.advance(60_000);
  expect(world.requests()).toEqual([]);
});

test('a client that disconnects during the initial read frees its slot, and nothing is read for it any more', async () => {
  let delayMs = 1000;
  const world = await createLiveWorld({ latency: () => [delayMs, 0] });
  const gateway = await createLiveGateway(world, { live: { perCaller: 1 } });
  const variables = { livestreamId: world.exampleIds.liveLivestreamId };
  const aborted = gateway.subscribe(SUBSCRIPTION, variables);
  await waitUntil(() => world.requests().length === 1);
  aborted.disconnect();
  await world.advance(5000);
  await waitUntil(() => aborted.hasEnded);
  delayMs = 0;
  world.clearRequests();
  await world.advance(60_000);
  expect(world.requests()).toEqual([]);
  expect(world.clock.pending()).toBe(0);
  const next = gateway.subscribe(SUBSCRIPTION, variables);
  await waitUntil(() => next.events.length === 1);
  expect(eventField(next.events[0], 'status')).toBe('LIVE');
});
