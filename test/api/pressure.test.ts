import { describe, expect, test } from 'vitest';

import {
  asArray,
  at,
  nonNull,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from '../support/gateway.ts';
import { startReplicas } from '../support/replicas.ts';

const LIVESTREAM = 'GET /livestreams/{livestream_id}';
const LIVESTREAMS = 'GET /livestreams';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';

/** 90 reads in 100 seconds. */
const QUOTA = { limit: 100, windowSeconds: 100, lockoutSeconds: 100, enforced: true };
const LOOK_UPS = 10;

interface LiveRow {
  id: string;
  meetingId: string;
}

/** Livestreams that are live in a meeting. The request for them is not counted against the gateway's quota. */
async function liveRows(gateway: TestGateway): Promise<LiveRow[]> {
  const rows = asArray(await gateway.rest('/livestreams?status=LIVE&per_page=100'));
  const inMeetings = rows.filter((row) => typeof at(row, 'meeting_id') === 'string');
  return inMeetings
    .slice(0, LOOK_UPS)
    .map((row) => ({ id: String(at(row, 'id')), meetingId: String(at(row, 'meeting_id')) }));
}

/** The livestream; fails the test if the response has errors. */
async function lookUp(gateway: TestGateway, id: string): Promise<unknown> {
  const query = 'query ($id: ID!) { livestream(id: $id) { name status } }';
  const { data, errors } = await gateway.send({ query, variables: { id } });
  expect(errors).toEqual([]);
  return at(data, 'livestream');
}

async function activeIn(gateway: TestGateway, meetingId: string): Promise<unknown> {
  const query = 'query ($id: ID!) { meeting(id: $id) { activeLivestream { name } } }';
  const { data, errors } = await gateway.send({ query, variables: { id: meetingId } });
  expect(errors).toEqual([]);
  return at(data, 'meeting', 'activeLivestream');
}

async function listNames(gateway: TestGateway, count = 50, filter = 'status: LIVE'): Promise<unknown[]> {
  const query = `{ livestreams(first: ${count}, filter: { ${filter} }) { totalCount pageInfo { hasNextPage } nodes { name } } }`;
  const { data, errors } = await gateway.send({ query });
  expect(errors).toEqual([]);
  expect(at(data, 'livestreams')).toMatchObject({ totalCount: 64, pageInfo: { hasNextPage: count < 64 } });
  return asArray(at(data, 'livestreams', 'nodes')).map((node) => at(node, 'name'));
}

/** Looks each livestream up in an operation of its own, all at once. */
async function lookUpAll(gateway: TestGateway, rows: readonly LiveRow[]): Promise<unknown[]> {
  return Promise.all(rows.map(({ id }) => lookUp(gateway, id)));
}

/** Asks for sessions that nobody else asks for, until 55 reads are left. */
async function spendBudget(gateway: TestGateway): Promise<void> {
  const live = asArray(await gateway.rest('/livestreams?status=LIVE&per_page=100')).slice(-30);
  for (const row of live) {
    const { data } = await gateway.send({ query: '{ upstreamBudget { remaining } }' });
    if (Number(at(data, 'upstreamBudget', 'remaining')) <= 65) return;
    const query = `{ livestream(id: "${String(at(row, 'id'))}") { activeSession { id } } }`;
    expect((await gateway.send({ query })).errors).toEqual([]);
  }
  throw new Error('There are too few livestreams to spend the budget');
}

/** Fills the cache, and then makes the budget tight. Everything that `fill` has read is older than the stretched TTL afterwards. */
async function makeTight(gateway: TestGateway, fill: () => Promise<unknown>): Promise<void> {
  await fill();
  await spendBudget(gateway);
  gateway.clock.advance(20_000);
  gateway.clearUpstreamRequests();
}

/** Advances the clock in steps of 100 ms. Requests in flight arrive before each step. */
async function advanceUntil(gateway: TestGateway, isTrue: () => boolean): Promise<void> {
  for (await gateway.roundTrip(); !isTrue(); await gateway.roundTrip()) gateway.clock.advance(100);
}

/** Advances the clock until the work is done. */
async function settle<T>(gateway: TestGateway, work: Promise<T>): Promise<T> {
  const pending = new Set([work]);
  const settled = work.finally(() => pending.clear());
  await advanceUntil(gateway, () => pending.size === 0);
  return settled;
}

function rename(gateway: TestGateway, rows: readonly LiveRow[]): void {
  for (const { id } of rows)
    gateway.sandbox.trigger({ kind: 'livestream-renamed', livestreamId: id, name: `new ${id}` });
}

const renamed = (rows: readonly LiveRow[]) => rows.map(({ id }) => ({ name: `new ${id}`, status: 'LIVE' }));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

async function startTight(options: TestGatewayOptions = {}) {
  const gateway = await startTestGateway({ ...options, settings: { quota: QUOTA, ...options.settings } });
  const rows = await liveRows(gateway);
  await makeTight(gateway, () => lookUpAll(gateway, rows));
  return { gateway, rows };
}

describe('while the budget is tight', () => {
  test('look-ups of many livestreams, each in an operation of its own, are served by one refresh of the lists', async () => {
    const { gateway, rows } = await startTight();
    rename(gateway, rows);
    expect(await lookUpAll(gateway, rows)).toEqual(renamed(rows));
    // One key alone is read alone. The second one makes the lists cheaper.
    expect(gateway.upstreamRequests().toSorted()).toEqual([LIVESTREAMS, LIVESTREAM]);
  });

  test('a livestream that one asks for alone, or many ask for alone, is read alone', async () => {
    const { gateway, rows } = await startTight();
    rename(gateway, rows);
    const row = nonNull(rows[0]);
    expect(await lookUpAll(gateway, times(20, row))).toEqual(times(20, renamed([row])[0]));
    expect(gateway.upstreamRequests()).toEqual([LIVESTREAM]);
  });

  test('the active livestreams of meetings are served by the lists, and so is that a meeting has none', async () => {
    const gateway = await startTestGateway({ settings: { quota: QUOTA } });
    const rows = await liveRows(gateway);
    const { emptyMeetingId, idleMeetingId } = gateway.exampleIds;
    const meetingIds = [emptyMeetingId, idleMeetingId, ...rows.map(({ meetingId }) => meetingId)];
    const lookUpMeetings = () => Promise.all(meetingIds.map((id) => activeIn(gateway, id)));
    await makeTight(gateway, lookUpMeetings);
    rename(gateway, rows);
    expect(await lookUpMeetings()).toEqual([null, null, ...rows.map(({ id }) => ({ name: `new ${id}` }))]);
    expect(gateway.upstreamRequests().toSorted()).toEqual([LIVESTREAMS, LIVESTREAMS, ACTIVE_LIVESTREAM]);
  });

  test.each(['status: LIVE', 'status: LIVE, excludeMeetings: false'])(
    'pages of a list (%s) are served by the refresh that look-ups have started',
    async (filter) => {
      const gateway = await startTestGateway({ settings: { quota: QUOTA } });
      const rows = await liveRows(gateway);
      const lists = () => Promise.all([20, 50].map((count) => listNames(gateway, count, filter)));
      await makeTight(gateway, () => Promise.all([lookUpAll(gateway, rows), lists()]));
      rename(gateway, rows);
      await lookUpAll(gateway, rows);
      gateway.clearUpstreamRequests();
      const [twenty, fifty] = await lists();
      expect([twenty?.length, fifty?.length]).toEqual([20, 50]);
      for (const names of [twenty, fifty])
        expect(names).toEqual(expect.arrayContaining(rows.map(({ id }) => `new ${id}`)));
      expect(gateway.upstreamRequests()).toEqual([]);
    },
  );

  test('a page of another list is read by itself', async () => {
    const gateway = await startTestGateway({ settings: { quota: QUOTA } });
    const rows = await liveRows(gateway);
    const list = () =>
      gateway.send({
        query: '{ livestreams(first: 5, filter: { status: LIVE, excludeMeetings: true }) { nodes { id } } }',
      });
    await makeTight(gateway, () => Promise.all([lookUpAll(gateway, rows), list()]));
    await lookUpAll(gateway, rows);
    gateway.clearUpstreamRequests();
    await list();
    expect(gateway.upstreamRequests()).toEqual([LIVESTREAMS]);
  });

  test('a livestream that is no longer in the lists is read alone, and shows at once that it has ended', async () => {
    const { gateway, rows } = await startTight();
    const ended = nonNull(rows[5]);
    await gateway.rest(`/meetings/${ended.meetingId}/active-livestream/stop`, {});
    gateway.clearUpstreamRequests();
    const found = await lookUpAll(gateway, rows);
    expect(found.map((row) => at(row, 'status'))).toEqual(rows.map(({ id }) => (id === ended.id ? 'IDLE' : 'LIVE')));
    expect(gateway.upstreamRequests().toSorted()).toEqual([LIVESTREAMS, LIVESTREAM, LIVESTREAM]);
  });

  test('a stop and a start during a refresh are not overwritten by the older lists', async () => {
    const { gateway, rows } = await startTight();
    const stopped = nonNull(rows[5]);
    const { emptyMeetingId } = gateway.exampleIds;
    expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    gateway.sandbox.configure({ latencyMs: 500 });
    const refreshing = lookUpAll(gateway, rows);
    // The lists show the state before the changes, but arrive after them.
    await advanceUntil(gateway, () => gateway.upstreamRequests().filter((route) => route === LIVESTREAMS).length === 1);
    const mutate = (mutation: string, id: string) =>
      gateway.send({
        query: `mutation ($id: ID!) { ${mutation}(input: { meetingId: $id }) { userErrors { code } } }`,
        variables: { id },
      });
    const changing = Promise.all([
      mutate('stopLivestream', stopped.meetingId),
      mutate('startLivestream', emptyMeetingId),
    ]);
    await settle(gateway, Promise.all([refreshing, changing]));
    gateway.sandbox.configure({ latencyMs: 0 });
    expect(await lookUp(gateway, stopped.id)).toMatchObject({ status: 'IDLE' });
    expect(await activeIn(gateway, stopped.meetingId)).toBeNull();
    expect(await activeIn(gateway, emptyMeetingId)).not.toBeNull();
  });

  test('every look-up is served by a read of its own if a list fails, and the list is left alone for a while', async () => {
    const { gateway, rows } = await startTight();
    rename(gateway, rows);
    gateway.sandbox.setFaults([{ kind: 'status', status: 404, route: '/livestreams' }]);
    expect(await lookUpAll(gateway, rows)).toEqual(renamed(rows));
    expect(gateway.upstreamRequests().toSorted()).toEqual([LIVESTREAMS, ...times(LOOK_UPS, LIVESTREAM)]);
  });

  test('every look-up is served by a read of its own if the lists do not say how long they are', async () => {
    const { gateway, rows } = await startTight({ settings: { responseFormats: { paging: 'missing' } } });
    rename(gateway, rows);
    expect(await lookUpAll(gateway, rows)).toEqual(renamed(rows));
    expect(gateway.upstreamRequests().filter((route) => route === LIVESTREAM)).toHaveLength(LOOK_UPS);
  });

  test('no list is read if the operator turned bulk reads off', async () => {
    const { gateway, rows } = await startTight({ caching: { bulkReads: false } });
    rename(gateway, rows);
    expect(await lookUpAll(gateway, rows)).toEqual(renamed(rows));
    expect(gateway.upstreamRequests()).toEqual(times(LOOK_UPS, LIVESTREAM));
  });

  test('the refresh of one replica serves the look-ups of another', async () => {
    const wire: { repeat?: () => Promise<unknown> } = {};
    const { one, other } = await startReplicas(2, {
      settings: { quota: { ...QUOTA, limit: 400 } },
      intercept: (send) => (request) => {
        wire.repeat = async () => send({ ...request, signal: new AbortController().signal });
        return send(request);
      },
    });
    const rows = await liveRows(one);
    for (const { id } of rows) await settle(one, lookUp(one, id));
    // Somebody else uses the same token. The next response shows that.
    for (let sent = 0; sent < 90; sent += 1) await wire.repeat?.();
    await settle(one, activeIn(one, one.exampleIds.emptyMeetingId));
    one.clock.advance(20_000);
    one.clearUpstreamRequests();
    rename(one, rows);
    expect(await settle(one, lookUpAll(one, rows))).toEqual(renamed(rows));
    expect(one.upstreamRequests().toSorted()).toEqual([LIVESTREAMS, LIVESTREAM]);
    one.clearUpstreamRequests();
    one.clock.advance(1500);
    expect(await settle(one, lookUpAll(other, rows))).toEqual(renamed(rows));
    expect(one.upstreamRequests()).toEqual([]);
  });
});

test('while the budget is easy, each look-up sends its own request at once, and waits for no other', async () => {
  const gateway = await startTestGateway({ settings: { quota: { ...QUOTA, limit: 1000 } } });
  const rows = await liveRows(gateway);
  await lookUpAll(gateway, rows);
  gateway.clock.advance(3000);
  gateway.clearUpstreamRequests();
  rename(gateway, rows);
  expect(await lookUpAll(gateway, rows)).toEqual(renamed(rows));
  expect(gateway.upstreamRequests()).toEqual(times(LOOK_UPS, LIVESTREAM));
});
