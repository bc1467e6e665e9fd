import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import type { ExampleIds } from '../../src/sandbox/exampleIds.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { at, rowsOf, startTestGateway, type TestGateway, until } from '../support/gateway.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';
const ACTIVE = 'GET /meetings/{meeting_id}/active-livestream';
const ACTIVE_SESSION = 'GET /livestreams/{livestream_id}/active-livestream-session';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const MEETING = 'GET /meetings/{meeting_id}';
const LIST = 'GET /livestreams';
const OF_MEETING = 'GET /meetings/{meeting_id}/livestream';

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

/** The data of one operation; throws where it has an error. */
async function ask(gateway: TestGateway, fields: string, kind = 'query'): Promise<unknown> {
  const { data, errors, text } = await gateway.send({ query: `${kind} { ${fields} }` });
  if (errors.length > 0) throw new Error(text);
  return data;
}

/** Where an operation's answers came from, besides its data and errors. */
async function asked(gateway: TestGateway, fields: string) {
  const answer = await gateway.send({ query: `{ ${fields} }` }, { headers: { 'x-upstream-report': '1' } });
  const calls = rowsOf(at(JSON.parse(answer.text), 'extensions', 'upstream', 'calls'));
  return { ...answer, sources: calls.map((call) => at(call, 'source')) };
}

/** What somebody else does, of whom the gateway knows nothing. */
async function elsewhere({ sandbox }: TestGateway, path: string): Promise<void> {
  const url = `http://sandbox/client/v4/accounts/a/realtime/kit/b${path}`;
  const response = await sandbox.fetch(
    new Request(url, { method: 'POST', headers: { authorization: 'Bearer another' }, body: '{}' }),
  );
  if (!response.ok) throw new Error(`Answered ${response.status}`);
}

const idsOf = (rows: unknown): unknown[] => rowsOf(rows).map((row) => at(row, 'id'));

/** Holds the answer to the first request that `isHeld` picks, after upstream has given it, until `release`. */
function holding(isHeld: (url: string) => boolean) {
  const released = Promise.withResolvers<null>();
  let isTaken = false;
  const state = { isAnswered: false, release: () => released.resolve(null) };
  const intercept =
    (send: Transport): Transport =>
    async (request) => {
      const isOne = !isTaken && request.method === 'GET' && isHeld(new URL(request.url).pathname);
      isTaken ||= isOne;
      const answer = await send(request);
      if (!isOne) return answer;
      state.isAnswered = true;
      await released.promise;
      return answer;
    };
  return { state, intercept };
}

describe('a livestream that was seen in one answer', () => {
  test('of a list serves `livestream` and `activeLivestream` of other operations without a request', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, liveMeetingId } = gateway.exampleIds;
    await ask(gateway, listed('LIVE'));
    gateway.forget();

    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(await ask(gateway, active(liveMeetingId))).toMatchObject({
      meeting: { activeLivestream: { id: liveLivestreamId, status: 'LIVE' } },
    });
    expect(gateway.upstream()).toEqual([]);
  });

  test('of an active session serves the livestream, its meeting and the session', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, liveMeetingId, liveSessionId } = gateway.exampleIds;
    // The livestream's own answer is gone by then, the session's is not.
    await ask(gateway, activeSession(liveLivestreamId));
    gateway.forget();

    expect(await ask(gateway, session(liveSessionId))).toMatchObject({ livestreamSession: { id: liveSessionId } });
    expect(await ask(gateway, active(liveMeetingId))).toMatchObject({
      meeting: { activeLivestream: { id: liveLivestreamId } },
    });
    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(gateway.upstream()).toEqual([]);
  });

  test('of a meeting serves `livestream`, of a page of meetings the meeting', async () => {
    const gateway = await startTestGateway();
    const { idleMeetingId, idleLivestreamId } = gateway.exampleIds;
    await ask(gateway, ofMeeting(idleMeetingId));
    const meetings = await ask(gateway, 'meetings(first: 5) { nodes { id } }');
    gateway.forget();

    expect(await ask(gateway, livestream(idleLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    const id = String(at(meetings, 'meetings', 'nodes', 4, 'id'));
    expect(at(await ask(gateway, `meeting(id: "${id}") { title }`), 'meeting', 'title')).toMatch(/./);
    expect(gateway.upstream()).toEqual([]);
  });
});

const HOUR = 3_600_000;

/** What is asked, its route, and for how long its answer is kept: as by default, and as the settings below have it. */
const CLASSES: [string, (exampleIds: ExampleIds) => string, string, number, number][] = [
  ['a livestream', (exampleIds) => livestream(exampleIds.liveLivestreamId), BY_ID, 2000, 500],
  ['a meeting', (exampleIds) => `meeting(id: "${exampleIds.liveMeetingId}") { title }`, MEETING, 2000, 500],
  ['an active livestream', (exampleIds) => active(exampleIds.liveMeetingId), ACTIVE, 2000, 500],
  ['a list', () => listed('LIVE'), LIST, 2000, 500],
  ['a list of meetings', () => 'meetings { nodes { id } }', 'GET /meetings', 2000, 500],
  ['a meeting’s livestreams', (exampleIds) => ofMeeting(exampleIds.liveMeetingId), OF_MEETING, 2000, 500],
  ['a running session', (exampleIds) => session(exampleIds.liveSessionId), SESSION, 15_000, 5000],
  ['an ended session', (exampleIds) => session(exampleIds.endedSessionId), SESSION, HOUR, 20_000],
  ['no livestream', () => livestream('none'), BY_ID, 2000, 700],
  ['no active livestream', (exampleIds) => active(exampleIds.emptyMeetingId), ACTIVE, 2000, 700],
  ['no session', () => session('none'), SESSION, 2000, 700],
  ['no meeting', () => 'meeting(id: "none") { title }', MEETING, 2000, 700],
];

describe('how long an answer is kept', () => {
  test.each(CLASSES)('%s: up to its age and not at it', async (_what, fieldsOf, route, age, otherAge) => {
    const ttl = { statusMs: 500, metersMs: 5000, endedMs: 20_000, negativeMs: 700 };
    for (const [caching, edge] of [
      [{}, age],
      [{ ttl }, otherAge],
    ] as const) {
      const gateway = await startTestGateway({ caching });
      const fields = fieldsOf(gateway.exampleIds);
      const requests = () => gateway.upstream().filter((request) => request === route).length;
      await ask(gateway, fields);
      gateway.clock.advance(edge - 1);
      await ask(gateway, fields);
      expect(requests()).toBe(1);
      gateway.clock.advance(1);
      await ask(gateway, fields);
      expect(requests()).toBe(2);
    }
  });
});

describe('the session of a livestream that runs', () => {
  const sessionsRead = (gateway: TestGateway): number =>
    gateway.upstream().filter((request) => request === ACTIVE_SESSION).length;

  test('costs nothing for 14 s, and is then read anew for whoever asks, who need not wait for it', async () => {
    const gateway = await startTestGateway();
    const fields = activeSession(gateway.exampleIds.liveLivestreamId);
    await ask(gateway, fields);
    gateway.clock.advance(13_999);
    await ask(gateway, fields);
    // Whatever was sent would have arrived by now.
    await gateway.control();
    expect(sessionsRead(gateway)).toBe(1);

    gateway.clock.advance(1);
    expect((await asked(gateway, fields)).sources).toContain('cache');
    await until(() => sessionsRead(gateway) === 2 && gateway.sandbox.requests().inFlight === 0);
    await gateway.control();
    gateway.clock.advance(13_000);
    await ask(gateway, fields);
    await gateway.control();
    expect(sessionsRead(gateway)).toBe(2);
  });

  test('is waited for once it is 15 s old', async () => {
    const gateway = await startTestGateway();
    const fields = activeSession(gateway.exampleIds.liveLivestreamId);
    await ask(gateway, fields);
    gateway.clock.advance(15_000);
    const { sources } = await asked(gateway, fields);
    expect([sources.at(-1), sessionsRead(gateway)]).toEqual(['network', 2]);
  });
});

/** The livestream of the exampleIds was stopped by somebody else since it was read, `age` milliseconds ago. */
async function outdated(age: number) {
  const gateway = await startTestGateway();
  const fields = livestream(gateway.exampleIds.liveLivestreamId);
  await ask(gateway, fields);
  await elsewhere(gateway, `/meetings/${gateway.exampleIds.liveMeetingId}/active-livestream/stop`);
  gateway.clock.advance(age);
  gateway.forget();
  return { gateway, fields };
}

describe('an answer that is older than its class', () => {
  test('is served when the newer one is slow, which the next then gets', async () => {
    const { gateway, fields } = await outdated(61_999);
    gateway.sandbox.configure({ latencyMs: 1500 });
    const answer = asked(gateway, fields);
    await until(() => gateway.sandbox.requests().inFlight === 1);
    gateway.clock.advance(1000);
    const { data, sources } = await answer;
    expect(data).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(sources).toEqual(['network', 'stale']);

    gateway.clock.advance(500);
    await until(() => gateway.sandbox.requests().inFlight === 0);
    expect(await ask(gateway, fields)).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(gateway.upstream()).toEqual([BY_ID]);
  });

  test('is not served beyond the bound: the newer one is waited for', async () => {
    const { gateway, fields } = await outdated(62_000);
    gateway.sandbox.configure({ latencyMs: 3000 });
    const answer = asked(gateway, fields);
    await until(() => gateway.sandbox.requests().inFlight === 1);
    gateway.clock.advance(1000);
    await gateway.control();
    gateway.clock.advance(2000);
    const { data, sources } = await answer;
    expect(data).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(sources).toEqual(['network']);
  });

  test('is served while upstream hangs, without waiting for the deadline', async () => {
    const { gateway, fields } = await outdated(5000);
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const answer = ask(gateway, fields);
    await until(() => gateway.sandbox.requests().inFlight === 1);
    gateway.clock.advance(1000);
    expect(await answer).toMatchObject({ livestream: { status: 'LIVE' } });
  });

  const PASSING: [string, Fault, string][] = [
    ['a 503', { kind: 'status', status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['a 500', { kind: 'status', status: 500 }, 'UPSTREAM_UNAVAILABLE'],
    ['a 408', { kind: 'status', status: 408 }, 'UPSTREAM_TIMEOUT'],
    ['a 429', { kind: 'status', status: 429, retryAfterSeconds: 120 }, 'RATE_LIMITED'],
    ['a proxy’s page', { kind: 'html' }, 'UPSTREAM_UNAVAILABLE'],
    ['a page that says all is well', { kind: 'html', status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['an empty answer', { kind: 'empty' }, 'UPSTREAM_INVALID_RESPONSE'],
    ['half an answer', { kind: 'not-json' }, 'UPSTREAM_INVALID_RESPONSE'],
    ['a broken connection', { kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
  ];

  test.each(PASSING)('is served after %s within the bound, not beyond it', async (_what, fault, code) => {
    const { gateway, fields } = await outdated(5000);
    gateway.sandbox.setFaults([fault]);
    const { data, errors, sources } = await asked(gateway, fields);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(sources.at(-1)).toBe('stale');

    gateway.clock.advance(57_000);
    const late = await asked(gateway, fields);
    expect(late.data).toEqual({ livestream: null });
    expect(late.errors).toMatchObject([{ extensions: { code } }]);
  });

  test.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
  ])('never hides a %i', async (status, code) => {
    const { gateway, fields } = await outdated(5000);
    gateway.sandbox.setFaults([{ kind: 'status', status }]);
    const { data, errors } = await asked(gateway, fields);
    expect(data).toEqual({ livestream: null });
    expect(errors).toMatchObject([{ extensions: { code } }]);
  });
});

describe('a stop', () => {
  test('is seen at once by every read of every operation, and leaves other meetings alone', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId, invokedMeetingId, invokedLivestreamId } = gateway.exampleIds;
    const reads = [livestream, activeSession].map((fields) => fields(liveLivestreamId));
    for (const fields of [...reads, active(liveMeetingId), ofMeeting(liveMeetingId), listed('LIVE')]) {
      await ask(gateway, fields);
    }
    await ask(gateway, active(invokedMeetingId));
    await ask(gateway, stop(liveMeetingId), 'mutation');
    gateway.forget();

    expect(await ask(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
    expect(await ask(gateway, active(invokedMeetingId))).toMatchObject({
      meeting: { activeLivestream: { id: invokedLivestreamId } },
    });
    expect(gateway.upstream()).toEqual([]);

    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(await ask(gateway, activeSession(liveLivestreamId))).toEqual({ livestream: { activeSession: null } });
    const ofIt = await ask(gateway, ofMeeting(liveMeetingId));
    expect(at(ofIt, 'meeting', 'livestreams', 'nodes', 0, 'status')).toBe('IDLE');
    const live = await ask(gateway, listed('LIVE'));
    expect(idsOf(at(live, 'livestreams', 'nodes'))).not.toContain(liveLivestreamId);
  });

  test('is seen where the livestream was known by its own id alone', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    await ask(gateway, livestream(liveLivestreamId));
    await ask(gateway, stop(liveMeetingId), 'mutation');
    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
  });

  test('is not overwritten by a read that began before it, nor is that joined by one after it', async () => {
    const { state, intercept } = holding((path) => /\/livestreams\/[^/]+$/.test(path));
    const gateway = await startTestGateway({ intercept });
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const before = ask(gateway, livestream(liveLivestreamId));
    await until(() => state.isAnswered);
    await ask(gateway, stop(liveMeetingId), 'mutation');
    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    gateway.forget();
    state.release();

    expect(await before).toMatchObject({ livestream: { status: 'LIVE' } });
    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(await ask(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
    expect(gateway.upstream()).toEqual([]);
  });

  test('is not overwritten by a list that was read before it', async () => {
    const { state, intercept } = holding((path) => path.endsWith('/livestreams'));
    const gateway = await startTestGateway({ intercept });
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const before = ask(gateway, listed('LIVE'));
    await until(() => state.isAnswered);
    await ask(gateway, stop(liveMeetingId), 'mutation');
    state.release();
    expect(idsOf(at(await before, 'livestreams', 'nodes'))).toContain(liveLivestreamId);

    expect(await ask(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    const after = await ask(gateway, listed('LIVE'));
    expect(idsOf(at(after, 'livestreams', 'nodes'))).not.toContain(liveLivestreamId);
  });

  test('whose outcome stays unknown is looked up again by whoever asks', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    await ask(gateway, livestream(liveLivestreamId));
    await ask(gateway, active(liveMeetingId));
    const route = ACTIVE.slice('GET '.length);
    gateway.sandbox.setFaults([
      { kind: 'reset', method: 'POST', after: true },
      { kind: 'status', status: 500, method: 'GET', route },
    ]);
    expect(await ask(gateway, stop(liveMeetingId), 'mutation')).toMatchObject({
      stopLivestream: { userErrors: [{ code: 'OUTCOME_UNKNOWN' }] },
    });
    gateway.sandbox.setFaults([]);
    expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
    expect(await ask(gateway, active(liveMeetingId))).toEqual({ meeting: { activeLivestream: null } });
  });
});

describe('a start', () => {
  test('is seen at once by every read of every operation', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    for (const fields of [active(meetingId), ofMeeting(meetingId), listed('INVOKED')]) await ask(gateway, fields);
    const started = await ask(gateway, start(meetingId), 'mutation');
    const id = String(at(started, 'startLivestream', 'livestream', 'id'));
    gateway.forget();

    const primed = await ask(gateway, active(meetingId));
    expect(primed).toEqual({ meeting: { activeLivestream: { id, name: 'Town hall', status: 'INVOKED' } } });
    expect(gateway.upstream()).toEqual([]);
    expect(idsOf(at(await ask(gateway, ofMeeting(meetingId)), 'meeting', 'livestreams', 'nodes'))).toEqual([id]);
    expect(idsOf(at(await ask(gateway, listed('INVOKED')), 'livestreams', 'nodes'))).toContain(id);
  });

  test('is not overwritten by "nothing there" that was read before it', async () => {
    const { state, intercept } = holding((path) => path.endsWith('/active-livestream'));
    const gateway = await startTestGateway({ intercept });
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const before = ask(gateway, active(meetingId));
    await until(() => state.isAnswered);
    await ask(gateway, start(meetingId), 'mutation');
    state.release();
    expect(await before).toEqual({ meeting: { activeLivestream: null } });
    expect(await ask(gateway, active(meetingId))).toMatchObject({
      meeting: { activeLivestream: { status: 'INVOKED' } },
    });
  });

  test('is known by the sent name to every operation after it, until upstream tells one', async () => {
    const gateway = await startTestGateway({
      settings: { nameDelayMs: 600_000 },
      // Upstream made another name of it.
      intercept: (send) => async (request) => {
        const answer = await send(request);
        return { ...answer, body: answer.body.replaceAll('"Town hall"', '"TOWN HALL"') };
      },
    });
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const started = await ask(gateway, start(meetingId), 'mutation');
    const id = String(at(started, 'startLivestream', 'livestream', 'id'));
    const names = async (): Promise<unknown[]> => {
      const listing = rowsOf(at(await ask(gateway, listed('LIVE')), 'livestreams', 'nodes'));
      return [
        at(await ask(gateway, livestream(id)), 'livestream', 'name'),
        at(await ask(gateway, active(meetingId)), 'meeting', 'activeLivestream', 'name'),
        at(await ask(gateway, ofMeeting(meetingId)), 'meeting', 'livestreams', 'nodes', 0, 'name'),
        at(
          listing.find((row) => at(row, 'id') === id),
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

test('an answer that comes late does not replace one that was read later', async () => {
  const { state, intercept } = holding((path) => /\/livestreams\/[^/]+$/.test(path));
  const gateway = await startTestGateway({ intercept });
  const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
  const early = ask(gateway, livestream(liveLivestreamId));
  await until(() => state.isAnswered);
  await elsewhere(gateway, `/meetings/${liveMeetingId}/active-livestream/stop`);
  const later = await ask(gateway, ofMeeting(liveMeetingId));
  expect(at(later, 'meeting', 'livestreams', 'nodes', 0)).toMatchObject({ id: liveLivestreamId, status: 'IDLE' });
  state.release();

  expect(await early).toMatchObject({ livestream: { status: 'LIVE' } });
  gateway.forget();
  expect(await ask(gateway, livestream(liveLivestreamId))).toMatchObject({ livestream: { status: 'IDLE' } });
  expect(gateway.upstream()).toEqual([]);
});
