import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import type { SettingsPatch, ResponseFormats } from '../../src/sandbox/settings.ts';
import {
  ACCOUNT,
  APP,
  at,
  asArray,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  waitUntil,
} from '../support/gateway.ts';
import { NO_CACHING } from '../support/upstream.ts';

const MEETINGS = 'GET /meetings';
const MEETING = 'GET /meetings/{meeting_id}';
const LIVESTREAMS = 'GET /livestreams';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';
const LIVESTREAM = 'GET /livestreams/{livestream_id}';

const FIELDS = 'id name status disabled streamKey playbackUrl createdAt updatedAt meeting { id }';

/** Keeps the request quota out of these tests, which compare bulk reads with many single reads. */
const UNLIMITED: SettingsPatch = { quota: { enforced: false, limit: 1_000_000 } };

/** Starts a gateway whose limits and quota allow hundreds of single reads. */
async function startGateway({ settings, ...options }: TestGatewayOptions = {}) {
  // Some tests read all 240 meetings at once.
  const limits = { aliases: 240, rootFields: 240, tokens: 10_000, queryBytes: 100_000, upstreamRequests: 2000 };
  return startTestGateway({ ...options, options: { limits }, settings: { ...UNLIMITED, ...settings } });
}

/** The first `count` meetings, each with its active livestream. */
async function meetingsWithActiveLivestream(gateway: TestGateway, count: number): Promise<unknown[]> {
  const query = `{ meetings(first: ${count}) { nodes { id activeLivestream { ${FIELDS} } } } }`;
  const { data, errors } = await gateway.send({ query });
  expect(errors).toEqual([]);
  return asArray(at(data, 'meetings', 'nodes'));
}

/** The active livestream of each meeting; does not read the meetings themselves. */
async function activeLivestreams(gateway: TestGateway, ids: readonly string[]): Promise<unknown[]> {
  const { data, errors } = await gateway.send({ query: activeQuery(ids) });
  expect(errors).toEqual([]);
  return ids.map((_, index) => at(data, `at${index}`, 'activeLivestream'));
}

function activeQuery(ids: readonly string[]): string {
  return aliased(ids, (id) => `meeting(id: "${id}") { activeLivestream { ${FIELDS} } }`);
}

async function livestreamsById(gateway: TestGateway, ids: readonly string[]): Promise<unknown[]> {
  const { data, errors } = await gateway.send({ query: aliased(ids, (id) => `livestream(id: "${id}") { ${FIELDS} }`) });
  expect(errors).toEqual([]);
  return ids.map((_, index) => at(data, `at${index}`));
}

function aliased(ids: readonly string[], field: (id: string) => string): string {
  return `{ ${ids.map((id, index) => `at${index}: ${field(id)}`).join(' ')} }`;
}

/** The ids of a whole list, read directly from the REST API. */
async function idsOf(gateway: TestGateway, path: string, pages: number): Promise<string[]> {
  const responses = Array.from({ length: pages }, async (_, page) =>
    gateway.rest(`${path}page_no=${page + 1}&per_page=100`),
  );
  return (await Promise.all(responses)).flatMap(asArray).map((row) => String(at(row, 'id')));
}

const meetingIds = async (gateway: TestGateway): Promise<string[]> => idsOf(gateway, '/meetings?', 3);
const livestreamIds = async (gateway: TestGateway): Promise<string[]> => idsOf(gateway, '/livestreams?', 4);

/** Starts or stops a livestream behind the gateway's back. */
async function sendBehindGateway(gateway: TestGateway, path: string): Promise<void> {
  const url = `http://sandbox.test/client/v4/accounts/${ACCOUNT}/realtime/kit/${APP}${path}`;
  const headers = { authorization: 'Bearer another' };
  const response = await gateway.sandbox.fetch(new Request(url, { method: 'POST', headers, body: '{}' }));
  // 409: the meeting is live already.
  expect([200, 201, 409]).toContain(response.status);
}

/** Starts a livestream in every meeting of the sandbox, which makes 236 LIVE and 8 INVOKED livestreams. */
async function startInEveryMeeting(gateway: TestGateway): Promise<void> {
  gateway.sandbox.configure({ goLiveAfterMs: 0 });
  const ids = await meetingIds(gateway);
  for (const id of ids) await sendBehindGateway(gateway, `/meetings/${id}/livestreams`);
  gateway.clearUpstreamRequests();
}

/** The number of upstream requests by route. */
function requestCounts(gateway: TestGateway): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const route of gateway.upstreamRequests()) counts[route] = (counts[route] ?? 0) + 1;
  return counts;
}

/** Expects each meeting's active livestream to be what the REST API returns for that meeting alone. */
async function expectSameAsSingleReads(gateway: TestGateway, meetings: readonly unknown[]): Promise<void> {
  const responses = await Promise.all(
    meetings.map(async (meeting) => gateway.rest(`/meetings/${String(at(meeting, 'id'))}/active-livestream`)),
  );
  for (const [index, meeting] of meetings.entries()) {
    const expected = responses[index];
    const served = at(meeting, 'activeLivestream');
    const fields = [
      ['id'],
      ['name'],
      ['status'],
      ['streamKey', 'stream_key'],
      ['playbackUrl', 'playback_url'],
    ] as const;
    expect(served === null).toBe(expected === undefined);
    for (const [field, restField = field] of fields)
      expect(at(served, field) ?? null).toBe(at(expected, restField) ?? null);
    expect(at(served, 'meeting', 'id')).toBe(expected === undefined ? undefined : at(meeting, 'id'));
  }
}

const hasActiveLivestream = (meeting: unknown): boolean => at(meeting, 'activeLivestream') !== null;

describe('the active livestreams of many meetings', () => {
  test('cost one page of each livestream list besides the page of meetings, and equal single reads', async () => {
    const gateway = await startGateway();
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [LIVESTREAMS]: 2 });
    expect(meetings).toHaveLength(50);
    expect(meetings.filter(hasActiveLivestream).length).toBeGreaterThan(5);
    expect(meetings.filter(hasActiveLivestream).length).toBeLessThan(45);
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('cost four pages besides the page of meetings while hundreds of livestreams are active', async () => {
    const gateway = await startGateway();
    await startInEveryMeeting(gateway);
    expect(gateway.sandbox.overview().counts.byStatus).toMatchObject({ LIVE: 236, INVOKED: 8 });
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [LIVESTREAMS]: 4 });
    expect(meetings.filter(hasActiveLivestream)).toHaveLength(50);
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('equal single reads for all 240 meetings at once', async () => {
    const gateway = await startGateway();
    const ids = await meetingIds(gateway);
    gateway.clearUpstreamRequests();
    const active = await activeLivestreams(gateway, ids);
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 2 });
    expect(active.filter((livestream) => livestream !== null)).toHaveLength(68);
    await expectSameAsSingleReads(
      gateway,
      ids.map((id, index) => ({ id, activeLivestream: active[index] })),
    );
  });

  test('are read one by one for two meetings, and from the lists for three', async () => {
    const gateway = await startGateway();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId } = gateway.exampleIds;
    await activeLivestreams(gateway, [liveMeetingId, emptyMeetingId]);
    expect(requestCounts(gateway)).toEqual({ [ACTIVE_LIVESTREAM]: 2 });
    gateway.clock.advance(100_000);
    gateway.clearUpstreamRequests();
    const active = await activeLivestreams(gateway, [liveMeetingId, invokedMeetingId, emptyMeetingId]);
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 2 });
    expect(active).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null]);
  });

  test('are read one by one when bulk reads are disabled', async () => {
    const gateway = await startGateway({ caching: { bulkReads: false } });
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [ACTIVE_LIVESTREAM]: 50 });
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('are read one by one when the cache leaves only two meetings to read', async () => {
    const gateway = await startGateway();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId } = gateway.exampleIds;
    await activeLivestreams(gateway, [liveMeetingId]);
    await activeLivestreams(gateway, [emptyMeetingId]);
    gateway.clearUpstreamRequests();
    const active = await activeLivestreams(gateway, [liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId]);
    expect(active).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null, null]);
    // The lists do not pay off for the two meetings that are not cached.
    expect(requestCounts(gateway)).toEqual({ [ACTIVE_LIVESTREAM]: 2 });
  });

  test('are null for meetings that do not exist', async () => {
    const gateway = await startGateway();
    const { liveMeetingId } = gateway.exampleIds;
    const active = await activeLivestreams(gateway, ['none-1', liveMeetingId, 'none-2', 'none-3']);
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 2 });
    expect(active).toMatchObject([null, { id: gateway.exampleIds.liveLivestreamId }, null, null]);
  });

  test('are read one by one once the list has proved too long, and from the list again after 5 minutes', async () => {
    const gateway = await startGateway({ caching: { ttl: NO_CACHING } });
    await startInEveryMeeting(gateway);
    const ids = (await meetingIds(gateway)).slice(0, 4);
    gateway.clearUpstreamRequests();
    // The plan assumes that each list has one page. One of them turns out to have three.
    const first = await activeLivestreams(gateway, ids);
    expect(first.every((livestream) => livestream !== null)).toBe(true);
    expect(requestCounts(gateway)[LIVESTREAMS]).toBe(2);
    const singles = requestCounts(gateway)[ACTIVE_LIVESTREAM] ?? 0;
    expect(singles).toBeGreaterThan(0);
    expect(singles).toBeLessThanOrEqual(4);
    gateway.clearUpstreamRequests();
    expect(await activeLivestreams(gateway, ids)).toEqual(first);
    expect(requestCounts(gateway)).toEqual({ [ACTIVE_LIVESTREAM]: 4 });
    gateway.clock.advance(300_000);
    gateway.clearUpstreamRequests();
    await activeLivestreams(gateway, ids);
    expect(requestCounts(gateway)[LIVESTREAMS]).toBe(2);
  });
});

describe('many livestreams read by id', () => {
  test('come from the list of all livestreams when the list needs fewer requests', async () => {
    const gateway = await startGateway();
    const all = await livestreamIds(gateway);
    expect(all).toHaveLength(320);
    const ids = all.filter((_, index) => index % 16 === 0);
    gateway.clearUpstreamRequests();
    const served = await livestreamsById(gateway, ids);
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 4 });
    for (const [index, id] of ids.entries()) {
      const expected = at(await gateway.rest(`/livestreams/${id}`), 'livestream');
      expect(served[index]).toMatchObject({ id, name: at(expected, 'name'), status: at(expected, 'status') });
      expect(at(served[index], 'meeting', 'id')).toEqual(at(expected, 'meeting_id'));
    }
  });

  test('are read one by one when they are few', async () => {
    const gateway = await startGateway();
    const { liveLivestreamId, idleLivestreamId, erroredLivestreamId } = gateway.exampleIds;
    const ids = [liveLivestreamId, idleLivestreamId, erroredLivestreamId];
    expect(await livestreamsById(gateway, ids)).toMatchObject(ids.map((id) => ({ id })));
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAM]: 3 });
  });

  test('are null for ids that do not exist', async () => {
    const gateway = await startGateway();
    const { liveLivestreamId } = gateway.exampleIds;
    const unknown = Array.from({ length: 20 }, (_, index) => `none-${index}`);
    const served = await livestreamsById(gateway, [...unknown, liveLivestreamId]);
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 4 });
    expect(served.slice(0, 20)).toEqual(unknown.map(() => null));
    expect(served[20]).toMatchObject({ id: liveLivestreamId });
  });

  test('are read one by one once the list is known to need as many requests', async () => {
    const gateway = await startGateway({ caching: { ttl: NO_CACHING } });
    await startInEveryMeeting(gateway);
    // Five of the oldest livestreams, all on the last of five pages.
    const ids = (await idsOf(gateway, '/livestreams?sort_order=ASC&', 1)).slice(0, 5);
    gateway.clearUpstreamRequests();
    expect(await livestreamsById(gateway, ids)).toMatchObject(ids.map((id) => ({ id })));
    // After the first page, four more pages are cheaper than five single reads.
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 5 });
    gateway.clearUpstreamRequests();
    expect(await livestreamsById(gateway, ids)).toMatchObject(ids.map((id) => ({ id })));
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAM]: 5 });
  });
});

describe('the details of many meetings', () => {
  const titles = (ids: readonly string[]): string => aliased(ids, (id) => `meeting(id: "${id}") { title }`);

  test('come from the list of all meetings when the list needs fewer requests', async () => {
    const gateway = await startGateway();
    const ids = (await meetingIds(gateway)).filter((_, index) => index % 5 === 0);
    gateway.clearUpstreamRequests();
    const { data, errors } = await gateway.send({ query: titles(ids) });
    expect(errors).toEqual([]);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 3 });
    for (const [index, id] of ids.entries())
      expect(at(data, `at${index}`, 'title')).toBe(at(await gateway.rest(`/meetings/${id}`), 'title'));
  });

  test('are read one by one when they are few or when the list does not contain its length', async () => {
    const gateway = await startGateway();
    const ids = (await meetingIds(gateway)).slice(0, 4);
    gateway.clearUpstreamRequests();
    expect((await gateway.send({ query: titles(ids) })).errors).toEqual([]);
    expect(requestCounts(gateway)).toEqual({ [MEETING]: 4 });
    const odd = await startGateway({ settings: { responseFormats: { paging: 'missing' } } });
    const more = (await meetingIds(odd)).slice(0, 10);
    odd.clearUpstreamRequests();
    expect((await odd.send({ query: titles(more) })).errors).toEqual([]);
    expect(requestCounts(odd)).toEqual({ [MEETINGS]: 1, [MEETING]: 10 });
  });

  test('are read one by one for ids that the list does not contain', async () => {
    const gateway = await startGateway();
    const known = (await meetingIds(gateway)).slice(0, 10);
    gateway.clearUpstreamRequests();
    const { data, errors } = await gateway.send({ query: titles([...known, 'none-1', 'none-2']) });
    expect(errors).toEqual([]);
    expect(requestCounts(gateway)).toMatchObject({ [MEETING]: 2 });
    expect([at(data, 'at10', 'title'), at(data, 'at11', 'title')]).toEqual([null, null]);
  });
});

describe('a list in an unusual response format', () => {
  /** The format, and the livestream list pages and single reads that 50 meetings cost with it. */
  const formats: [string, Partial<ResponseFormats>, { lists: number; singles: number }][] = [
    ['a single object', { list: 'object' }, { lists: 1, singles: 50 }],
    ['nested', { list: 'nested' }, { lists: 2, singles: 0 }],
    ['without paging', { paging: 'missing' }, { lists: 1, singles: 50 }],
    ['nested, without paging', { list: 'nested', paging: 'missing' }, { lists: 1, singles: 50 }],
    ['a single object, without paging', { list: 'object', paging: 'missing' }, { lists: 1, singles: 50 }],
    ['with required fields only', { optionalFields: 'missing' }, { lists: 2, singles: 50 }],
    ['with an unknown status', { status: 'unknown' }, { lists: 2, singles: 0 }],
    ['under another envelope', { envelope: 'result' }, { lists: 2, singles: 0 }],
    ['with null for not found', { notFound: 'null' }, { lists: 2, singles: 0 }],
    ['with numbers as strings', { numbers: 'string', timestamps: 'empty' }, { lists: 2, singles: 0 }],
    ['in pages of 50', { maxPerPage: 50 }, { lists: 3, singles: 0 }],
  ];

  test.each(formats)(
    'yields the active livestreams that single reads yield: %s',
    async (_name, responseFormats, { lists, singles }) => {
      const gateway = await startGateway({ settings: { responseFormats } });
      const reference = await startGateway({ settings: { responseFormats }, caching: { bulkReads: false } });
      const meetings = await meetingsWithActiveLivestream(gateway, 50);
      expect(meetings).toEqual(await meetingsWithActiveLivestream(reference, 50));
      expect(meetings.filter(hasActiveLivestream).length).toBeGreaterThan(5);
      const { [LIVESTREAMS]: listed = 0, [ACTIVE_LIVESTREAM]: single = 0 } = requestCounts(gateway);
      expect({ lists: listed, singles: single }).toEqual({ lists, singles });
      // The gateway remembers a useless list, and the next operation reads one by one at once.
      gateway.clock.advance(100_000);
      gateway.clearUpstreamRequests();
      await meetingsWithActiveLivestream(gateway, 50);
      expect(requestCounts(gateway)[LIVESTREAMS] ?? 0).toBe(singles > 0 ? 0 : lists);
    },
  );

  test.each(formats)('yields the livestreams by id that single reads yield: %s', async (_name, responseFormats) => {
    const gateway = await startGateway({ settings: { responseFormats } });
    const reference = await startGateway({ settings: { responseFormats }, caching: { bulkReads: false } });
    const plain = await startGateway();
    const ids = [...(await livestreamIds(plain)).filter((_, index) => index % 16 === 0), 'none'];
    const served = await livestreamsById(gateway, ids);
    expect(served).toEqual(await livestreamsById(reference, ids));
    expect(served.filter((livestream) => livestream !== null)).toHaveLength(20);
    // One page shows whether the list is useless. The whole list has 4 pages of 100 or 7 of 50, fewer than 21 single reads.
    expect(gateway.upstreamRequests().length).toBeLessThanOrEqual(22);
  });

  test.each([0, 1] as const)('yields what single reads yield when the first page is %i', async (firstPage) => {
    const responseFormats = { firstPage };
    const gateway = await startGateway({ settings: { responseFormats } });
    const reference = await startGateway({ settings: { responseFormats }, caching: { bulkReads: false } });
    const first = await meetingsWithActiveLivestream(gateway, 50);
    expect(first).toEqual(await meetingsWithActiveLivestream(reference, 50));
    expect(first.filter(hasActiveLivestream).length).toBeGreaterThan(5);
    // One or two pages of meetings, at most two useless list pages, and 50 single reads.
    expect(gateway.upstreamRequests().length).toBeLessThanOrEqual(54);
  });

  test.each([2, 3, 5, 10])('costs no more requests than single reads with pages of %i rows', async (maxPerPage) => {
    const gateway = await startGateway({ settings: { responseFormats: { maxPerPage } } });
    const plain = await startGateway();
    const ids = (await meetingIds(plain)).slice(0, 50);
    expect(await activeLivestreams(gateway, ids)).toEqual(await activeLivestreams(plain, ids));
    expect(gateway.upstreamRequests().length).toBeLessThanOrEqual(50);
  });
});

describe('a list with small pages', () => {
  test('takes one request for each page, also the first time', async () => {
    const gateway = await startGateway();
    await startInEveryMeeting(gateway);
    const ids = (await meetingIds(gateway)).slice(0, 50);
    gateway.sandbox.configure({ responseFormats: { maxPerPage: 30 } });
    gateway.clearUpstreamRequests();
    expect((await activeLivestreams(gateway, ids)).filter((found) => found !== null)).toHaveLength(50);
    // One page of INVOKED livestreams, and eight of LIVE ones.
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 9 });
  });
});

describe('a page that lacks a livestream, which ended after upstream counted it,', () => {
  /** Starts a gateway whose first response to a list of LIVE livestreams has one row and a total of two. */
  async function startInconsistent() {
    let isFirst = true;
    const gateway = await startGateway({
      intercept: (send) => async (request) => {
        const response = await send(request);
        if (!isFirst || !request.url.includes('status=LIVE')) return response;
        isFirst = false;
        const [row] = asArray(at(JSON.parse(response.body), 'data'));
        const paging = { start_offset: 1, end_offset: 1, total_count: 2 };
        return { ...response, body: JSON.stringify({ success: true, data: [row], paging }) };
      },
    });
    const first = await gateway.send({ query: '{ livestreams(first: 40) { pageInfo { endCursor } } }' });
    const cursor = String(at(first.data, 'livestreams', 'pageInfo', 'endCursor'));
    /** What a page of 60 rows in the middle of the list costs: the cost, and what was sent. */
    async function costOfPage(): Promise<unknown> {
      gateway.clock.advance(100_000);
      const query = `{ livestreams(first: 60, after: "${cursor}") { nodes { id } } }`;
      const { text } = await gateway.send({ query }, { headers: { 'x-cost': '1' } });
      const cost = at(JSON.parse(text), 'extensions', 'cost');
      return { requested: at(cost, 'requested'), actual: at(cost, 'actual') };
    }
    const readActive = async () => activeLivestreams(gateway, (await meetingIds(gateway)).slice(0, 20));
    return { gateway, costOfPage, readActive };
  }

  test('does not make other pages smaller', async () => {
    const { costOfPage, readActive } = await startInconsistent();
    await readActive();
    expect(await costOfPage()).toEqual({ requested: 2, actual: 1 });
  });

  test('makes other pages smaller only until a list shows that pages have more rows', async () => {
    const { gateway, costOfPage, readActive } = await startInconsistent();
    await gateway.send({ query: '{ livestreams(first: 10, filter: { status: LIVE }) { nodes { id } } }' });
    await readActive();
    expect(await costOfPage()).toEqual({ requested: 2, actual: 1 });
  });
});

describe('a failing livestream list', () => {
  const faults: [string, Fault, number][] = [
    ['503, three times', { kind: 'status', status: 503 }, 3],
    ['501', { kind: 'status', status: 501 }, 1],
    ['an HTML page, three times', { kind: 'html' }, 3],
    ['an empty body', { kind: 'empty' }, 1],
    ['invalid JSON', { kind: 'not-json' }, 1],
    ['a closed connection, three times', { kind: 'reset' }, 3],
  ];

  test.each(faults)('is replaced by single reads: %s', async (_name, fault, lists) => {
    const gateway = await startGateway();
    gateway.sandbox.setFaults([{ ...fault, route: '/livestreams' }]);
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [LIVESTREAMS]: lists, [ACTIVE_LIVESTREAM]: 50 });
    expect(meetings.filter(hasActiveLivestream).length).toBeGreaterThan(5);
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('is completed by single reads when its later pages fail', async () => {
    const gateway = await startGateway();
    await startInEveryMeeting(gateway);
    gateway.sandbox.setFaults([{ kind: 'status', status: 501, route: '/livestreams', skip: 2 }]);
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    const { [LIVESTREAMS]: lists, [ACTIVE_LIVESTREAM]: singles = 0 } = requestCounts(gateway);
    expect(lists).toBe(4);
    expect(singles).toBeLessThanOrEqual(50);
    expect(meetings.filter(hasActiveLivestream)).toHaveLength(50);
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('is replaced by single reads after three timed-out attempts', async () => {
    const gateway = await startGateway();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId } = gateway.exampleIds;
    gateway.sandbox.setFaults([{ kind: 'hang', route: '/livestreams' }]);
    const active = activeLivestreams(gateway, [liveMeetingId, invokedMeetingId, emptyMeetingId]);
    for (const attempt of [1, 2, 3]) {
      await waitUntil(() => gateway.upstreamRequests().length === attempt);
      gateway.clock.advance(10_000);
    }
    expect(await active).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null]);
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 3, [ACTIVE_LIVESTREAM]: 3 });
  });

  test('with a 429 fails every uncached field with RATE_LIMITED, and yields no null as a result', async () => {
    const gateway = await startGateway();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId } = gateway.exampleIds;
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 60, route: '/livestreams' }]);
    const ids = [liveMeetingId, invokedMeetingId, emptyMeetingId];
    const { errors } = await gateway.send({ query: activeQuery(ids) });
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 1 });
    expect(errors.map(({ path }) => path)).toEqual(ids.map((_, index) => [`at${index}`, 'activeLivestream']));
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(ids.map(() => 'RATE_LIMITED'));
    // The lockout ends a second later than Retry-After says, because Retry-After counts whole seconds.
    gateway.clock.advance(61_000);
    gateway.sandbox.setFaults([]);
    expect(await activeLivestreams(gateway, ids)).toMatchObject([{ status: 'LIVE' }, { status: 'INVOKED' }, null]);
  });

  test('is cancelled and not replaced by single reads when its caller disconnects', async () => {
    const gateway = await startGateway();
    gateway.sandbox.setFaults([{ kind: 'hang', route: '/livestreams' }]);
    const caller = new AbortController();
    const ids = Array.from({ length: 20 }, (_, index) => `none-${index}`);
    const cancelled = gateway.send({ query: activeQuery(ids) }, { signal: caller.signal }).catch(() => null);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    caller.abort();
    await cancelled;
    await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
    await gateway.roundTrip();
    expect(requestCounts(gateway)).toEqual({ [LIVESTREAMS]: 1 });
  });
});

describe('a livestream list', () => {
  /** Starts a gateway over an upstream whose livestream lists lack a field. */
  async function without(field: string) {
    return startGateway({
      intercept: (transport) => async (request) => {
        const response = await transport(request);
        const isList = request.url.includes('/livestreams?');
        return isList ? { ...response, body: response.body.replaceAll(`"${field}"`, '"another"') } : response;
      },
    });
  }

  test('is replaced by single reads when its rows lack the meeting id', async () => {
    const gateway = await without('meeting_id');
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [LIVESTREAMS]: 2, [ACTIVE_LIVESTREAM]: 50 });
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('is replaced by single reads when its rows lack their id', async () => {
    const gateway = await without('id');
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [LIVESTREAMS]: 1, [ACTIVE_LIVESTREAM]: 50 });
    await expectSameAsSingleReads(gateway, meetings);
  });

  test('is replaced by single reads when its length is missing', async () => {
    const gateway = await without('total_count');
    const meetings = await meetingsWithActiveLivestream(gateway, 50);
    expect(requestCounts(gateway)).toEqual({ [MEETINGS]: 1, [LIVESTREAMS]: 1, [ACTIVE_LIVESTREAM]: 50 });
    await expectSameAsSingleReads(gateway, meetings);
  });
});

describe('a start or a stop', () => {
  test('is visible to the next operation over many meetings', async () => {
    const gateway = await startGateway();
    const { liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId } = gateway.exampleIds;
    const ids = [liveMeetingId, invokedMeetingId, emptyMeetingId, idleMeetingId];
    expect(await activeLivestreams(gateway, ids)).toMatchObject([
      { status: 'LIVE' },
      { status: 'INVOKED' },
      null,
      null,
    ]);
    const input = (id: string): string => `(input: { meetingId: "${id}" }) { userErrors { code } }`;
    const query = `mutation { startLivestream${input(emptyMeetingId)} stopLivestream${input(liveMeetingId)} }`;
    expect((await gateway.send({ query })).errors).toEqual([]);
    expect(await activeLivestreams(gateway, ids)).toMatchObject([
      null,
      { status: 'INVOKED' },
      { status: 'INVOKED' },
      null,
    ]);
  });
});
