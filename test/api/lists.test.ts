import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import type { SettingsPatch, Shapes } from '../../src/sandbox/settings.ts';
import {
  ACCOUNT,
  APP,
  at,
  rowsOf,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  until,
} from '../support/gateway.ts';
import { NOTHING_KEPT } from '../support/upstream.ts';

const MEETINGS = 'GET /meetings';
const MEETING = 'GET /meetings/{meeting_id}';
const LIST = 'GET /livestreams';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';
const LIVESTREAM = 'GET /livestreams/{livestream_id}';

const FIELDS = 'id name status disabled streamKey playbackUrl createdAt updatedAt meeting { id }';

/** The quota is no matter of these tests: they ask for many things one by one, to compare. */
const UNLIMITED: SettingsPatch = { quota: { enforced: false, limit: 1_000_000 } };

/** A gateway whose lists and single reads can be compared; nothing ends the one by taking from the other. */
async function start({ settings, ...options }: TestGatewayOptions = {}) {
  // Some ask for all 240 meetings at once.
  const limits = { aliases: 240, rootFields: 240, tokens: 10_000, queryBytes: 100_000, cost: 2000 };
  return startTestGateway({ ...options, options: { limits }, settings: { ...UNLIMITED, ...settings } });
}

/** The first `count` meetings with what is live in them. */
async function liveMeetings(gateway: TestGateway, count: number): Promise<unknown[]> {
  const query = `{ meetings(first: ${count}) { nodes { id activeLivestream { ${FIELDS} } } } }`;
  const { data, errors } = await gateway.send({ query });
  expect(errors).toEqual([]);
  return rowsOf(at(data, 'meetings', 'nodes'));
}

/** What is live in each of the meetings, none of which is read itself. */
async function activeOf(gateway: TestGateway, ids: readonly string[]): Promise<unknown[]> {
  const { data, errors } = await gateway.send({ query: activeQuery(ids) });
  expect(errors).toEqual([]);
  return ids.map((_, index) => at(data, `at${index}`, 'activeLivestream'));
}

function activeQuery(ids: readonly string[]): string {
  return aliased(ids, (id) => `meeting(id: "${id}") { activeLivestream { ${FIELDS} } }`);
}

async function livestreams(gateway: TestGateway, ids: readonly string[]): Promise<unknown[]> {
  const { data, errors } = await gateway.send({ query: aliased(ids, (id) => `livestream(id: "${id}") { ${FIELDS} }`) });
  expect(errors).toEqual([]);
  return ids.map((_, index) => at(data, `at${index}`));
}

function aliased(ids: readonly string[], field: (id: string) => string): string {
  return `{ ${ids.map((id, index) => `at${index}: ${field(id)}`).join(' ')} }`;
}

/** The ids of a whole list, read in the API itself. */
async function idsOf(gateway: TestGateway, path: string, pages: number): Promise<string[]> {
  const answers = Array.from({ length: pages }, async (_, page) =>
    gateway.rest(`${path}page_no=${page + 1}&per_page=100`),
  );
  return (await Promise.all(answers)).flatMap(rowsOf).map((row) => String(at(row, 'id')));
}

const meetingIds = async (gateway: TestGateway): Promise<string[]> => idsOf(gateway, '/meetings?', 3);
const livestreamIds = async (gateway: TestGateway): Promise<string[]> => idsOf(gateway, '/livestreams?', 4);

/** Starts or stops a livestream behind the gateway's back. */
async function send(gateway: TestGateway, path: string): Promise<void> {
  const url = `http://sandbox.test/client/v4/accounts/${ACCOUNT}/realtime/kit/${APP}${path}`;
  const headers = { authorization: 'Bearer another' };
  const answer = await gateway.sandbox.fetch(new Request(url, { method: 'POST', headers, body: '{}' }));
  // One that is live already cannot be started.
  expect([200, 201, 409]).toContain(answer.status);
}

/** Has a livestream in every meeting of the sandbox: 236 are LIVE then, and 8 INVOKED. */
async function startAll(gateway: TestGateway): Promise<void> {
  gateway.sandbox.configure({ goLiveAfterMs: 0 });
  const ids = await meetingIds(gateway);
  for (const id of ids) await send(gateway, `/meetings/${id}/livestreams`);
  gateway.forget();
}

/** How often each route was asked for. */
function spent(gateway: TestGateway): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const route of gateway.upstream()) counts[route] = (counts[route] ?? 0) + 1;
  return counts;
}

/** The API's own word for each meeting, one by one. */
async function expectSingleAnswers(gateway: TestGateway, meetings: readonly unknown[]): Promise<void> {
  const answers = await Promise.all(
    meetings.map(async (meeting) => gateway.rest(`/meetings/${String(at(meeting, 'id'))}/active-livestream`)),
  );
  for (const [index, meeting] of meetings.entries()) {
    const told = answers[index];
    const served = at(meeting, 'activeLivestream');
    const fields = [
      ['id'],
      ['name'],
      ['status'],
      ['streamKey', 'stream_key'],
      ['playbackUrl', 'playback_url'],
    ] as const;
    expect(served === null).toBe(told === undefined);
    for (const [field, sent = field] of fields) expect(at(served, field) ?? null).toBe(at(told, sent) ?? null);
    expect(at(served, 'meeting', 'id')).toBe(told === undefined ? undefined : at(meeting, 'id'));
  }
}

const isLive = (meeting: unknown): boolean => at(meeting, 'activeLivestream') !== null;

describe('what is live in many meetings', () => {
  test('costs the page of meetings and one page of each list, and is what single reads tell', async () => {
    const gateway = await start();
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [LIST]: 2 });
    expect(meetings).toHaveLength(50);
    expect(meetings.filter(isLive).length).toBeGreaterThan(5);
    expect(meetings.filter(isLive).length).toBeLessThan(45);
    await expectSingleAnswers(gateway, meetings);
  });

  test('costs at most six requests more than the page of meetings while hundreds are live', async () => {
    const gateway = await start();
    await startAll(gateway);
    expect(gateway.sandbox.overview().counts.byStatus).toMatchObject({ LIVE: 236, INVOKED: 8 });
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [LIST]: 4 });
    expect(meetings.filter(isLive)).toHaveLength(50);
    await expectSingleAnswers(gateway, meetings);
  });

  test('is right for all 240 meetings at once, which no operation could ask for one by one', async () => {
    const gateway = await start();
    const ids = await meetingIds(gateway);
    gateway.forget();
    const active = await activeOf(gateway, ids);
    expect(spent(gateway)).toEqual({ [LIST]: 2 });
    expect(active.filter((livestream) => livestream !== null)).toHaveLength(68);
    await expectSingleAnswers(
      gateway,
      ids.map((id, index) => ({ id, activeLivestream: active[index] })),
    );
  });

  test('is asked for one by one for two meetings, since the two lists cost as much', async () => {
    const gateway = await start();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId } = gateway.samples;
    await activeOf(gateway, [liveMeetingId, emptyMeetingId]);
    expect(spent(gateway)).toEqual({ [ACTIVE_LIVESTREAM]: 2 });
    gateway.clock.advance(100_000);
    gateway.forget();
    const active = await activeOf(gateway, [liveMeetingId, invokedMeetingId, emptyMeetingId]);
    expect(spent(gateway)).toEqual({ [LIST]: 2 });
    expect(active).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null]);
  });

  test('is asked for one by one where the operator turned the lists off', async () => {
    const gateway = await start({ caching: { bulkReads: false } });
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [ACTIVE_LIVESTREAM]: 50 });
    await expectSingleAnswers(gateway, meetings);
  });

  test('is asked for one by one only where the rest of the operation does not tell it', async () => {
    const gateway = await start();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId } = gateway.samples;
    await activeOf(gateway, [liveMeetingId]);
    await activeOf(gateway, [emptyMeetingId]);
    gateway.forget();
    const active = await activeOf(gateway, [liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId]);
    expect(active).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null, null]);
    // Two are known already, which leaves too few for the lists.
    expect(spent(gateway)).toEqual({ [ACTIVE_LIVESTREAM]: 2 });
  });

  test('is null for a meeting that does not exist', async () => {
    const gateway = await start();
    const { liveMeetingId } = gateway.samples;
    const active = await activeOf(gateway, ['none-1', liveMeetingId, 'none-2', 'none-3']);
    expect(spent(gateway)).toEqual({ [LIST]: 2 });
    expect(active).toMatchObject([null, { id: gateway.samples.liveLivestreamId }, null, null]);
  });

  test('is planned with the length that the list had, until that is too old to plan with', async () => {
    const gateway = await start({ caching: { ttl: NOTHING_KEPT } });
    await startAll(gateway);
    const ids = (await meetingIds(gateway)).slice(0, 4);
    gateway.forget();
    // Two lists of one page each are believed; the second turns out to have three.
    const first = await activeOf(gateway, ids);
    expect(first.every((livestream) => livestream !== null)).toBe(true);
    expect(spent(gateway)[LIST]).toBe(2);
    const singles = spent(gateway)[ACTIVE_LIVESTREAM] ?? 0;
    expect(singles).toBeGreaterThan(0);
    expect(singles).toBeLessThanOrEqual(4);
    gateway.forget();
    expect(await activeOf(gateway, ids)).toEqual(first);
    expect(spent(gateway)).toEqual({ [ACTIVE_LIVESTREAM]: 4 });
    gateway.clock.advance(300_000);
    gateway.forget();
    await activeOf(gateway, ids);
    expect(spent(gateway)[LIST]).toBe(2);
  });
});

describe('many livestreams by their ids', () => {
  test('come from the list of all, where that is shorter than asking for each', async () => {
    const gateway = await start();
    const all = await livestreamIds(gateway);
    expect(all).toHaveLength(320);
    const ids = all.filter((_, index) => index % 16 === 0);
    gateway.forget();
    const served = await livestreams(gateway, ids);
    expect(spent(gateway)).toEqual({ [LIST]: 4 });
    for (const [index, id] of ids.entries()) {
      const told = at(await gateway.rest(`/livestreams/${id}`), 'livestream');
      expect(served[index]).toMatchObject({ id, name: at(told, 'name'), status: at(told, 'status') });
      expect(at(served[index], 'meeting', 'id')).toEqual(at(told, 'meeting_id'));
    }
  });

  test('come one by one, where they are few', async () => {
    const gateway = await start();
    const { liveLivestreamId, idleLivestreamId, erroredLivestreamId } = gateway.samples;
    const ids = [liveLivestreamId, idleLivestreamId, erroredLivestreamId];
    expect(await livestreams(gateway, ids)).toMatchObject(ids.map((id) => ({ id })));
    expect(spent(gateway)).toEqual({ [LIVESTREAM]: 3 });
  });

  test('are null where there is none of that id', async () => {
    const gateway = await start();
    const { liveLivestreamId } = gateway.samples;
    const unknown = Array.from({ length: 20 }, (_, index) => `none-${index}`);
    const served = await livestreams(gateway, [...unknown, liveLivestreamId]);
    expect(spent(gateway)).toEqual({ [LIST]: 4 });
    expect(served.slice(0, 20)).toEqual(unknown.map(() => null));
    expect(served[20]).toMatchObject({ id: liveLivestreamId });
  });

  test('leave the list alone where one page of it showed that the rest costs more than they do', async () => {
    const gateway = await start({ caching: { ttl: NOTHING_KEPT } });
    await startAll(gateway);
    // Five of the oldest, which stand on the last of five pages.
    const ids = (await idsOf(gateway, '/livestreams?sort_order=ASC&', 1)).slice(0, 5);
    gateway.forget();
    expect(await livestreams(gateway, ids)).toMatchObject(ids.map((id) => ({ id })));
    // Four more pages against five reads: still worth it.
    expect(spent(gateway)).toEqual({ [LIST]: 5 });
    gateway.forget();
    expect(await livestreams(gateway, ids)).toMatchObject(ids.map((id) => ({ id })));
    expect(spent(gateway)).toEqual({ [LIVESTREAM]: 5 });
  });
});

describe("many meetings' details", () => {
  const titles = (ids: readonly string[]): string => aliased(ids, (id) => `meeting(id: "${id}") { title }`);

  test('come from the list of all, where that is shorter than asking for each', async () => {
    const gateway = await start();
    const ids = (await meetingIds(gateway)).filter((_, index) => index % 5 === 0);
    gateway.forget();
    const { data, errors } = await gateway.send({ query: titles(ids) });
    expect(errors).toEqual([]);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 3 });
    for (const [index, id] of ids.entries())
      expect(at(data, `at${index}`, 'title')).toBe(at(await gateway.rest(`/meetings/${id}`), 'title'));
  });

  test('come one by one, where they are few, or where the list does not tell its length', async () => {
    const gateway = await start();
    const ids = (await meetingIds(gateway)).slice(0, 4);
    gateway.forget();
    expect((await gateway.send({ query: titles(ids) })).errors).toEqual([]);
    expect(spent(gateway)).toEqual({ [MEETING]: 4 });
    const odd = await start({ settings: { shapes: { paging: 'missing' } } });
    const more = (await meetingIds(odd)).slice(0, 10);
    odd.forget();
    expect((await odd.send({ query: titles(more) })).errors).toEqual([]);
    expect(spent(odd)).toEqual({ [MEETINGS]: 1, [MEETING]: 10 });
  });

  test('are asked for by themselves where the list has none: nothing tells that it leaves none out', async () => {
    const gateway = await start();
    const known = (await meetingIds(gateway)).slice(0, 10);
    gateway.forget();
    const { data, errors } = await gateway.send({ query: titles([...known, 'none-1', 'none-2']) });
    expect(errors).toEqual([]);
    expect(spent(gateway)).toMatchObject({ [MEETING]: 2 });
    expect([at(data, 'at10', 'title'), at(data, 'at11', 'title')]).toEqual([null, null]);
  });
});

describe('a list in an odd form', () => {
  /** The form, and what 50 meetings then cost beside their page or pages: of the lists, and one by one. */
  const forms: [string, Partial<Shapes>, { lists: number; singles: number }][] = [
    ['one object', { list: 'object' }, { lists: 1, singles: 50 }],
    ['nested', { list: 'nested' }, { lists: 2, singles: 0 }],
    ['without paging', { paging: 'missing' }, { lists: 1, singles: 50 }],
    ['nested without paging', { list: 'nested', paging: 'missing' }, { lists: 1, singles: 50 }],
    ['one object without paging', { list: 'object', paging: 'missing' }, { lists: 1, singles: 50 }],
    ['with ids alone', { optionalFields: 'missing' }, { lists: 2, singles: 50 }],
    ['with a status nobody knows', { status: 'unknown' }, { lists: 2, singles: 0 }],
    ['under another envelope', { envelope: 'result' }, { lists: 2, singles: 0 }],
    ['with nothing as null', { nothing: 'null' }, { lists: 2, singles: 0 }],
    ['with numbers as strings', { numbers: 'string', timestamps: 'empty' }, { lists: 2, singles: 0 }],
    ['in pages of 50', { maxPerPage: 50 }, { lists: 3, singles: 0 }],
  ];

  test.each(forms)('%s gives what single reads give', async (_name, shapes, { lists, singles }) => {
    const gateway = await start({ settings: { shapes } });
    const reference = await start({ settings: { shapes }, caching: { bulkReads: false } });
    const meetings = await liveMeetings(gateway, 50);
    expect(meetings).toEqual(await liveMeetings(reference, 50));
    expect(meetings.filter(isLive).length).toBeGreaterThan(5);
    const { [LIST]: listed = 0, [ACTIVE_LIVESTREAM]: single = 0 } = spent(gateway);
    expect({ lists: listed, singles: single }).toEqual({ lists, singles });
    // What was no use is remembered: the next operation asks one by one at once.
    gateway.clock.advance(100_000);
    gateway.forget();
    await liveMeetings(gateway, 50);
    expect(spent(gateway)[LIST] ?? 0).toBe(singles > 0 ? 0 : lists);
  });

  test.each(forms)('%s gives livestreams by id as single reads do', async (_name, shapes) => {
    const gateway = await start({ settings: { shapes } });
    const reference = await start({ settings: { shapes }, caching: { bulkReads: false } });
    const plain = await start();
    const ids = [...(await livestreamIds(plain)).filter((_, index) => index % 16 === 0), 'none'];
    const served = await livestreams(gateway, ids);
    expect(served).toEqual(await livestreams(reference, ids));
    expect(served.filter((livestream) => livestream !== null)).toHaveLength(20);
    // 1 page shows that the list is no use; at most 4 pages of 100, or 7 of 50, are less than 21 single reads.
    expect(gateway.upstream().length).toBeLessThanOrEqual(22);
  });

  test.each([0, 1] as const)('numbered from %i gives what single reads give', async (firstPage) => {
    const shapes = { firstPage };
    const gateway = await start({ settings: { shapes } });
    const reference = await start({ settings: { shapes }, caching: { bulkReads: false } });
    const first = await liveMeetings(gateway, 50);
    expect(first).toEqual(await liveMeetings(reference, 50));
    expect(first.filter(isLive).length).toBeGreaterThan(5);
    // The page or two of the meetings, at most two pages that are no use, and 50 reads.
    expect(gateway.upstream().length).toBeLessThanOrEqual(54);
  });

  test.each([2, 3, 5, 10])('in pages of %i costs no more than single reads do', async (maxPerPage) => {
    const gateway = await start({ settings: { shapes: { maxPerPage } } });
    const plain = await start();
    const ids = (await meetingIds(plain)).slice(0, 50);
    expect(await activeOf(gateway, ids)).toEqual(await activeOf(plain, ids));
    expect(gateway.upstream().length).toBeLessThanOrEqual(50);
  });
});

describe('a list that fails', () => {
  const faults: [string, Fault, number][] = [
    ['with a 503, three times', { kind: 'status', status: 503 }, 3],
    ['with a 500', { kind: 'status', status: 500 }, 1],
    ['with a page of HTML, three times', { kind: 'html' }, 3],
    ['with no body', { kind: 'empty' }, 1],
    ['with half of its JSON', { kind: 'not-json' }, 1],
    ['with a closed connection, three times', { kind: 'reset' }, 3],
  ];

  test.each(faults)("%s, is none of the single reads' failure", async (_name, fault, lists) => {
    const gateway = await start();
    gateway.sandbox.fail([{ ...fault, route: '/livestreams' }]);
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [LIST]: lists, [ACTIVE_LIVESTREAM]: 50 });
    expect(meetings.filter(isLive).length).toBeGreaterThan(5);
    await expectSingleAnswers(gateway, meetings);
  });

  test('on its later pages, is made up for by single reads', async () => {
    const gateway = await start();
    await startAll(gateway);
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: '/livestreams', skip: 2 }]);
    const meetings = await liveMeetings(gateway, 50);
    const { [LIST]: lists, [ACTIVE_LIVESTREAM]: singles = 0 } = spent(gateway);
    expect(lists).toBe(4);
    expect(singles).toBeLessThanOrEqual(50);
    expect(meetings.filter(isLive)).toHaveLength(50);
    await expectSingleAnswers(gateway, meetings);
  });

  test('by never answering, gives way to single reads when its time is over', async () => {
    const gateway = await start();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId } = gateway.samples;
    gateway.sandbox.fail([{ kind: 'hang', route: '/livestreams' }]);
    const active = activeOf(gateway, [liveMeetingId, invokedMeetingId, emptyMeetingId]);
    for (const attempt of [1, 2, 3]) {
      await until(() => gateway.upstream().length === attempt);
      gateway.clock.advance(10_000);
    }
    expect(await active).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null]);
    expect(spent(gateway)).toEqual({ [LIST]: 3, [ACTIVE_LIVESTREAM]: 3 });
  });

  test('with a 429, has everything wait: what is not known is an error then, and never null', async () => {
    const gateway = await start();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId } = gateway.samples;
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 60, route: '/livestreams' }]);
    const ids = [liveMeetingId, invokedMeetingId, emptyMeetingId];
    const { errors } = await gateway.send({ query: activeQuery(ids) });
    expect(spent(gateway)).toEqual({ [LIST]: 1 });
    expect(errors.map(({ path }) => path)).toEqual(ids.map((_, index) => [`at${index}`, 'activeLivestream']));
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(ids.map(() => 'RATE_LIMITED'));
    // What waits ends a second later than upstream said, which tells whole seconds.
    gateway.clock.advance(61_000);
    gateway.sandbox.fail([]);
    expect(await activeOf(gateway, ids)).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null]);
  });

  test('is not waited for, nor read singly after it, once its caller has left', async () => {
    const gateway = await start();
    gateway.sandbox.fail([{ kind: 'hang', route: '/livestreams' }]);
    const caller = new AbortController();
    const ids = Array.from({ length: 20 }, (_, index) => `none-${index}`);
    const answer = gateway.send({ query: activeQuery(ids) }, { signal: caller.signal }).catch(() => 'left');
    await until(() => gateway.sandbox.requests().inFlight === 1);
    caller.abort();
    await answer;
    await until(() => gateway.sandbox.requests().inFlight === 0);
    await gateway.control();
    expect(spent(gateway)).toEqual({ [LIST]: 1 });
  });
});

describe('a list whose rows', () => {
  /** A gateway whose upstream's rows of livestreams are without one of their fields. */
  async function without(field: string) {
    return start({
      intercept: (transport) => async (request) => {
        const response = await transport(request);
        const isList = request.url.includes('/livestreams?');
        return isList ? { ...response, body: response.body.replaceAll(`"${field}"`, '"another"') } : response;
      },
    });
  }

  test('do not tell their meeting, says nothing of meetings: they are asked one by one', async () => {
    const gateway = await without('meeting_id');
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [LIST]: 2, [ACTIVE_LIVESTREAM]: 50 });
    await expectSingleAnswers(gateway, meetings);
  });

  test('have no id, are asked for one by one', async () => {
    const gateway = await without('id');
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [LIST]: 1, [ACTIVE_LIVESTREAM]: 50 });
    await expectSingleAnswers(gateway, meetings);
  });

  test('is without its length, is asked for one by one', async () => {
    const gateway = await without('total_count');
    const meetings = await liveMeetings(gateway, 50);
    expect(spent(gateway)).toEqual({ [MEETINGS]: 1, [LIST]: 1, [ACTIVE_LIVESTREAM]: 50 });
    await expectSingleAnswers(gateway, meetings);
  });
});

describe('a start or a stop', () => {
  test('is seen by the very next operation over many meetings', async () => {
    const gateway = await start();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId } = gateway.samples;
    const ids = [liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId];
    expect(await activeOf(gateway, ids)).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null, null]);
    const input = (id: string): string => `(input: { meetingId: "${id}" }) { userErrors { code } }`;
    const query = `mutation { startLivestream${input(emptyMeetingId)} stopLivestream${input(liveMeetingId)} }`;
    expect((await gateway.send({ query })).errors).toEqual([]);
    expect(await activeOf(gateway, ids)).toMatchObject([null, { status: 'INVOKED' }, { status: 'INVOKED' }, null]);
  });
});
