import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import type { ExampleIds } from '../../src/sandbox/exampleIds.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { at, asArray, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';
const ACTIVE = 'GET /meetings/{meeting_id}/active-livestream';
const ACTIVE_SESSION = 'GET /livestreams/{livestream_id}/active-livestream-session';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const MEETING = 'GET /meetings/{meeting_id}';
const LIST = 'GET /livestreams';
const LIVESTREAMS_OF_MEETING = 'GET /meetings/{meeting_id}/livestream';

const livestream = (id: string): string => `livestream(id: "${id}") { id name status }`;
const active = (meetingId: string): string => `meeting(id: "${meetingId}") { activeLivestream { id name status } }`;
const session = (id: string): string => `livestreamSession(id: "${id}") { id startedAt stoppedAt }`;
const activeSession = (id: string): string => `livestream(id: "${id}") { activeSession { id } }`;
const ofMeeting = (id: string): string => `meeting(id: "${id}") { livestreams { nodes { id name status } } }`;
const listed = (status: string): string =>
  `livestreams(first: 100, filter: { status: ${status} }) { nodes { id name status } }`;
const start = (meetingId: string): string =>
  `startLivestream(input: { meetingId: "${meetingId}", name: "Town hall" }) { livestream { id } userErrors { code } }`;
const stop = (meetingId: string): string =>
  `stopLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } }`;

/** Executes one operation and returns its data. Throws if the result has errors. */
async function dataOf(gateway: TestGateway, fields: string, kind = 'query'): Promise<unknown> {
  const { data, errors, text } = await gateway.send({ query: `${kind} { ${fields} }` });
  if (errors.length > 0) throw new Error(text);
  return data;
}

/** Executes one query; the result includes the `source` of each call in the upstream report. */
async function executeWithSources(gateway: TestGateway, fields: string) {
  const response = await gateway.send({ query: `{ ${fields} }` }, { headers: { 'x-upstream-report': '1' } });
  const calls = asArray(at(JSON.parse(response.text), 'extensions', 'upstream', 'calls'));
  return { ...response, sources: calls.map((call) => at(call, 'source')) };
}

/** Sends a POST to upstream without the gateway, as another client of RealtimeKit would. */
async function postElsewhere({ sandbox }: TestGateway, path: string): Promise<void> {
  const url = `http://sandbox/client/v4/accounts/a/realtime/kit/b${path}`;
  const response = await sandbox.fetch(
    new Request(url, { method: 'POST', headers: { authorization: 'Bearer another' }, body: '{}' }),
  );
  if (!response.ok) throw new Error(`The sandbox responded with ${response.status}`);
}

const idsOf = (rows: unknown): unknown[] => asArray(rows).map((row) => at(row, 'id'));

/** Delays the first response to a GET request whose path `matches` accepts, until `release` is called. */
function delayResponse(matches: (path: string) => boolean) {
  const released = Promise.withResolvers<null>();
  let hasMatched = false;
  const state = { isDelayed: false, release: () => released.resolve(null) };
  const intercept =
    (send: Transport): Transport =>
    async (request) => {
      const isDelayed = !hasMatched && request.method === 'GET' && matches(new URL(request.url).pathname);
      hasMatched ||= isDelayed;
      const response = await send(request);
      if (!isDelayed) return response;
      state.isDelayed = true;
      await released.promise;
      return response;
    };
  return { state, intercept };
}

describe('a livestream that is cached from the response to another request', () => {
  test('is served to `livestream` and `activeLivestream` after a list contained it, without a request', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, liveMeetingId } = gateway.exampleIds;
    await dataOf(gateway, listed('LIVE'));
    gateway.clearUpstreamRequests();

    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(await dataOf(gateway, active(liveMeetingId))).toMatchObject({
      meeting: { activeLivestream: { id: liveLivestreamId, status: 'LIVE' } },
    });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('is served with its meeting and session after a read of its active session', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, liveMeetingId, liveSessionId } = gateway.exampleIds;
    await dataOf(gateway, activeSession(liveLivestreamId));
    gateway.clearUpstreamRequests();

    expect(await dataOf(gateway, session(liveSessionId))).toMatchObject({ livestreamSession: { id: liveSessionId } });
    expect(await dataOf(gateway, active(liveMeetingId))).toMatchObject({
      meeting: { activeLivestream: { id: liveLivestreamId } },
    });
    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test("is served after a read of its meeting's livestreams, as a meeting is after a page of meetings", async () => {
    const gateway = await startTestGateway();
    const { idleMeetingId, idleLivestreamId } = gateway.exampleIds;
    await dataOf(gateway, ofMeeting(idleMeetingId));
    const meetings = await dataOf(gateway, 'meetings(first: 5) { nodes { id } }');
    gateway.clearUpstreamRequests();

    expect(await dataOf(gateway, livestream(idleLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    const id = String(at(meetings, 'meetings', 'nodes', 4, 'id'));
    expect(at(await dataOf(gateway, `meeting(id: "${id}") { title }`), 'meeting', 'title')).toMatch(/./);
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});

const HOUR = 3_600_000;

/** A query, its route, and its TTL in ms: the default, and the one with the settings of the test below. */
const TTL_CASES: [
  name: string,
  fieldsOf: (exampleIds: ExampleIds) => string,
  route: string,
  defaultTtlMs: number,
  configuredTtlMs: number,
][] = [
  ['a livestream', (exampleIds) => livestream(exampleIds.liveLivestreamId), BY_ID, 2000, 500],
  ['a meeting', (exampleIds) => `meeting(id: "${exampleIds.liveMeetingId}") { title }`, MEETING, 2000, 500],
  ['an active livestream', (exampleIds) => active(exampleIds.liveMeetingId), ACTIVE, 2000, 500],
  ['a list', () => listed('LIVE'), LIST, 2000, 500],
  ['a list of meetings', () => 'meetings { nodes { id } }', 'GET /meetings', 2000, 500],
  ['a meeting’s livestreams', (exampleIds) => ofMeeting(exampleIds.liveMeetingId), LIVESTREAMS_OF_MEETING, 2000, 500],
  ['a running session', (exampleIds) => session(exampleIds.liveSessionId), SESSION, 15_000, 5000],
  ['an ended session', (exampleIds) => session(exampleIds.endedSessionId), SESSION, HOUR, 20_000],
  ['a livestream that does not exist', () => livestream('none'), BY_ID, 2000, 700],
  ['a meeting without an active livestream', (exampleIds) => active(exampleIds.emptyMeetingId), ACTIVE, 2000, 700],
  ['a session that does not exist', () => session('none'), SESSION, 2000, 700],
  ['a meeting that does not exist', () => 'meeting(id: "none") { title }', MEETING, 2000, 700],
];

describe('the TTL of a cached response', () => {
  test.each(TTL_CASES)(
    '%s is fresh until its TTL, and is read again from then on',
    async (_name, fieldsOf, route, defaultTtlMs, configuredTtlMs) => {
      const ttl = { statusMs: 500, metersMs: 5000, endedMs: 20_000, negativeMs: 700 };
      for (const [caching, ttlMs] of [
        [{}, defaultTtlMs],
        [{ ttl }, configuredTtlMs],
      ] as const) {
        const gateway = await startTestGateway({ caching });
        const fields = fieldsOf(gateway.exampleIds);
        const requests = () => gateway.upstreamRequests().filter((request) => request === route).length;
        await dataOf(gateway, fields);
        gateway.clock.advance(ttlMs - 1);
        await dataOf(gateway, fields);
        expect(requests()).toBe(1);
        gateway.clock.advance(1);
        await dataOf(gateway, fields);
        expect(requests()).toBe(2);
      }
    },
  );
});

describe('the running session of a livestream', () => {
  const sessionReads = (gateway: TestGateway): number =>
    gateway.upstreamRequests().filter((request) => request === ACTIVE_SESSION).length;

  test('is served without a request for 14 s, and then from the cache while it is refreshed in the background', async () => {
    const gateway = await startTestGateway();
    const fields = activeSession(gateway.exampleIds.liveLivestreamId);
    await dataOf(gateway, fields);
    gateway.clock.advance(13_999);
    await dataOf(gateway, fields);
    // After this round trip, a request in flight would have arrived.
    await gateway.roundTrip();
    expect(sessionReads(gateway)).toBe(1);

    gateway.clock.advance(1);
    expect((await executeWithSources(gateway, fields)).sources).toContain('cache');
    await waitUntil(() => sessionReads(gateway) === 2 && gateway.sandbox.requests().inFlight === 0);
    await gateway.roundTrip();
    gateway.clock.advance(13_000);
    await dataOf(gateway, fields);
    await gateway.roundTrip();
    expect(sessionReads(gateway)).toBe(2);
  });

  test('is read again before the operation completes, once the session is 15 s old', async () => {
    const gateway = await startTestGateway();
    const fields = activeSession(gateway.exampleIds.liveLivestreamId);
    await dataOf(gateway, fields);
    gateway.clock.advance(15_000);
    const { sources } = await executeWithSources(gateway, fields);
    expect([sources.at(-1), sessionReads(gateway)]).toEqual(['network', 2]);
  });
});

/** A gateway that read a livestream `ageMs` ago. Another client has stopped the livestream since. */
async function withStaleLivestream(ageMs: number) {
  const gateway = await startTestGateway();
  const fields = livestream(gateway.exampleIds.liveLivestreamId);
  await dataOf(gateway, fields);
  await postElsewhere(gateway, `/meetings/${gateway.exampleIds.liveMeetingId}/active-livestream/stop`);
  gateway.clock.advance(ageMs);
  gateway.clearUpstreamRequests();
  return { gateway, fields };
}

describe('a stale livestream', () => {
  test('is served when its refresh takes more than a second, and the next query gets the refreshed one', async () => {
    const { gateway, fields } = await withStaleLivestream(61_999);
    gateway.sandbox.configure({ latencyMs: 1500 });
    const response = executeWithSources(gateway, fields);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    gateway.clock.advance(1000);
    const { data, sources } = await response;
    expect(data).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(sources).toEqual(['network', 'stale']);

    gateway.clock.advance(500);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
    expect(await dataOf(gateway, fields)).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(gateway.upstreamRequests()).toEqual([BY_ID]);
  });

  test('is not served beyond its stale limit: the query waits for the refresh', async () => {
    const { gateway, fields } = await withStaleLivestream(62_000);
    gateway.sandbox.configure({ latencyMs: 3000 });
    const response = executeWithSources(gateway, fields);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    gateway.clock.advance(1000);
    await gateway.roundTrip();
    gateway.clock.advance(2000);
    const { data, sources } = await response;
    expect(data).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(sources).toEqual(['network']);
  });

  test('is served after a second while upstream hangs, without waiting for the deadline', async () => {
    const { gateway, fields } = await withStaleLivestream(5000);
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const response = dataOf(gateway, fields);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    gateway.clock.advance(1000);
    expect(await response).toMatchObject({ livestream: { status: 'LIVE' } });
  });

  const TRANSIENT_FAULTS: [string, Fault, string][] = [
    ['a 503', { kind: 'status', status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['a 500', { kind: 'status', status: 500 }, 'UPSTREAM_UNAVAILABLE'],
    ['a 408', { kind: 'status', status: 408 }, 'UPSTREAM_TIMEOUT'],
    ['a 429', { kind: 'status', status: 429, retryAfterSeconds: 120 }, 'RATE_LIMITED'],
    ['an HTML page of a proxy', { kind: 'html' }, 'UPSTREAM_UNAVAILABLE'],
    ['an HTML page with status 200', { kind: 'html', status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['an empty response', { kind: 'empty' }, 'UPSTREAM_INVALID_RESPONSE'],
    ['malformed JSON', { kind: 'not-json' }, 'UPSTREAM_INVALID_RESPONSE'],
    ['a broken connection', { kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
  ];

  test.each(TRANSIENT_FAULTS)(
    'is served after %s up to its stale limit, but not beyond',
    async (_fault, fault, code) => {
      const { gateway, fields } = await withStaleLivestream(5000);
      gateway.sandbox.setFaults([fault]);
      const { data, errors, sources } = await executeWithSources(gateway, fields);
      expect(errors).toEqual([]);
      expect(data).toMatchObject({ livestream: { status: 'LIVE' } });
      expect(sources.at(-1)).toBe('stale');

      gateway.clock.advance(57_000);
      const beyondLimit = await executeWithSources(gateway, fields);
      expect(beyondLimit.data).toEqual({ livestream: null });
      expect(beyondLimit.errors).toMatchObject([{ extensions: { code } }]);
    },
  );

  test.each([401, 403])('is not served instead of a %i', async (status) => {
    const { gateway, fields } = await withStaleLivestream(5000);
    gateway.sandbox.setFaults([{ kind: 'status', status }]);
    const { data, errors } = await executeWithSources(gateway, fields);
    expect(data).toEqual({ livestream: null });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
  });
});

describe('stopLivestream', () => {
  test('is visible in every later read of the meeting and its livestream, and does not invalidate other meetings', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId, invokedMeetingId, invokedLivestreamId } = gateway.exampleIds;
    const reads = [livestream, activeSession].map((fields) => fields(liveLivestreamId));
    for (const fields of [...reads, active(liveMeetingId), ofMeeting(liveMeetingId), listed('LIVE')]) {
      await dataOf(gateway, fields);
    }
    await dataOf(gateway, active(invokedMeetingId));
    await dataOf(gateway, stop(liveMeetingId), 'mutation');
    gateway.clearUpstreamRequests();

    expect(await dataOf(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
    expect(await dataOf(gateway, active(invokedMeetingId))).toMatchObject({
      meeting: { activeLivestream: { id: invokedLivestreamId } },
    });
    expect(gateway.upstreamRequests()).toEqual([]);

    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(await dataOf(gateway, activeSession(liveLivestreamId))).toEqual({ livestream: { activeSession: null } });
    const ofStopped = await dataOf(gateway, ofMeeting(liveMeetingId));
    expect(at(ofStopped, 'meeting', 'livestreams', 'nodes', 0, 'status')).toBe('IDLE');
    const live = await dataOf(gateway, listed('LIVE'));
    expect(idsOf(at(live, 'livestreams', 'nodes'))).not.toContain(liveLivestreamId);
  });

  test('is visible in a livestream that was cached by its own id only', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    await dataOf(gateway, livestream(liveLivestreamId));
    await dataOf(gateway, stop(liveMeetingId), 'mutation');
    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
  });

  test('is not overwritten by a read that began earlier, and later reads do not join that read', async () => {
    const { state, intercept } = delayResponse((path) => /\/livestreams\/[^/]+$/.test(path));
    const gateway = await startTestGateway({ intercept });
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const before = dataOf(gateway, livestream(liveLivestreamId));
    await waitUntil(() => state.isDelayed);
    await dataOf(gateway, stop(liveMeetingId), 'mutation');
    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    gateway.clearUpstreamRequests();
    state.release();

    expect(await before).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(await dataOf(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('is not overwritten by a list that was read earlier', async () => {
    const { state, intercept } = delayResponse((path) => path.endsWith('/livestreams'));
    const gateway = await startTestGateway({ intercept });
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const before = dataOf(gateway, listed('LIVE'));
    await waitUntil(() => state.isDelayed);
    await dataOf(gateway, stop(liveMeetingId), 'mutation');
    state.release();
    expect(idsOf(at(await before, 'livestreams', 'nodes'))).toContain(liveLivestreamId);

    expect(await dataOf(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    const after = await dataOf(gateway, listed('LIVE'));
    expect(idsOf(at(after, 'livestreams', 'nodes'))).not.toContain(liveLivestreamId);
  });

  test('invalidates the livestream if its outcome stays unknown, so that the next query reads it', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    await dataOf(gateway, livestream(liveLivestreamId));
    await dataOf(gateway, active(liveMeetingId));
    const route = ACTIVE.slice('GET '.length);
    gateway.sandbox.setFaults([
      { kind: 'reset', method: 'POST', after: true },
      { kind: 'status', status: 500, method: 'GET', route },
    ]);
    expect(await dataOf(gateway, stop(liveMeetingId), 'mutation')).toMatchObject({
      stopLivestream: { userErrors: [{ code: 'OUTCOME_UNKNOWN' }] },
    });
    gateway.sandbox.setFaults([]);
    expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(await dataOf(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
  });
});

describe('startLivestream', () => {
  test('is visible in every later read of the meeting, its livestreams and lists', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    for (const fields of [active(meetingId), ofMeeting(meetingId), listed('INVOKED')]) await dataOf(gateway, fields);
    const started = await dataOf(gateway, start(meetingId), 'mutation');
    const id = String(at(started, 'startLivestream', 'livestream', 'id'));
    gateway.clearUpstreamRequests();

    const cached = await dataOf(gateway, active(meetingId));
    expect(cached).toEqual({ meeting: { activeLivestream: { id, name: 'Town hall', status: 'INVOKED' } } });
    expect(gateway.upstreamRequests()).toEqual([]);
    expect(idsOf(at(await dataOf(gateway, ofMeeting(meetingId)), 'meeting', 'livestreams', 'nodes'))).toEqual([id]);
    expect(idsOf(at(await dataOf(gateway, listed('INVOKED')), 'livestreams', 'nodes'))).toContain(id);
  });

  test('is not overwritten by an earlier read that found no active livestream', async () => {
    const { state, intercept } = delayResponse((path) => path.endsWith('/active-livestream'));
    const gateway = await startTestGateway({ intercept });
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const before = dataOf(gateway, active(meetingId));
    await waitUntil(() => state.isDelayed);
    await dataOf(gateway, start(meetingId), 'mutation');
    state.release();
    expect(await before).toEqual({ meeting: { activeLivestream: null } });
    expect(await dataOf(gateway, active(meetingId))).toMatchObject({
      meeting: { activeLivestream: { status: 'INVOKED' } },
    });
  });

  test('makes later operations return the name that was sent, until upstream returns one', async () => {
    const gateway = await startTestGateway({
      settings: { nameDelayMs: 600_000 },
      // Upstream returns a name that differs from the one that was sent.
      intercept: (send) => async (request) => {
        const response = await send(request);
        return { ...response, body: response.body.replaceAll('"Town hall"', '"TOWN HALL"') };
      },
    });
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const started = await dataOf(gateway, start(meetingId), 'mutation');
    const id = String(at(started, 'startLivestream', 'livestream', 'id'));
    const names = async (): Promise<unknown[]> => {
      const live = asArray(at(await dataOf(gateway, listed('LIVE')), 'livestreams', 'nodes'));
      return [
        at(await dataOf(gateway, livestream(id)), 'livestream', 'name'),
        at(await dataOf(gateway, active(meetingId)), 'meeting', 'activeLivestream', 'name'),
        at(await dataOf(gateway, ofMeeting(meetingId)), 'meeting', 'livestreams', 'nodes', 0, 'name'),
        at(
          live.find((row) => at(row, 'id') === id),
          'name',
        ),
      ];
    };
    gateway.clock.advance(590_000);
    expect(await names()).toEqual(Array.from({ length: 4 }, () => 'Town hall'));
    gateway.clock.advance(10_000);
    expect(await names()).toEqual(Array.from({ length: 4 }, () => 'TOWN HALL'));
  });
});

test('a response that arrives late does not replace the cached result of a later read', async () => {
  const { state, intercept } = delayResponse((path) => /\/livestreams\/[^/]+$/.test(path));
  const gateway = await startTestGateway({ intercept });
  const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
  const early = dataOf(gateway, livestream(liveLivestreamId));
  await waitUntil(() => state.isDelayed);
  await postElsewhere(gateway, `/meetings/${liveMeetingId}/active-livestream/stop`);
  const later = await dataOf(gateway, ofMeeting(liveMeetingId));
  expect(at(later, 'meeting', 'livestreams', 'nodes', 0)).toMatchObject({ id: liveLivestreamId, status: 'IDLE' });
  state.release();

  expect(await early).toMatchObject({ livestream: { status: 'LIVE' } });
  gateway.clearUpstreamRequests();
  expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
  expect(gateway.upstreamRequests()).toEqual([]);
});

test('an active livestream that a later read has shown as ended is returned to its caller, but not cached', async () => {
  const { state, intercept } = delayResponse((path) => path.endsWith('/active-livestream'));
  const gateway = await startTestGateway({ intercept });
  const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
  const early = dataOf(gateway, active(liveMeetingId));
  await waitUntil(() => state.isDelayed);
  await postElsewhere(gateway, `/meetings/${liveMeetingId}/active-livestream/stop`);
  expect(await dataOf(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
  state.release();

  expect(await early).toMatchObject({ meeting: { activeLivestream: { id: liveLivestreamId } } });
  expect(await dataOf(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
});
