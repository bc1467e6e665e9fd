import { describe, expect, test } from 'vitest';

import { ACCOUNT, APP, at, matching, present, TOKEN, type TestGateway, until } from '../support/gateway.ts';
import { startReplicas } from '../support/replicas.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';
const START = 'POST /meetings/{meeting_id}/livestreams';
const REPORT = { headers: { 'x-upstream-report': '1' } };

/** A read of the sample livestream that is live. */
function readLive(gateway: TestGateway, options: { headers?: Record<string, string>; signal?: AbortSignal } = {}) {
  const query = 'query Live($id: ID!) { livestream(id: $id) { status name streamKey } }';
  return gateway.send({ query, variables: { id: gateway.samples.liveLivestreamId } }, { ...REPORT, ...options });
}

/** The meeting's active livestream; `null` where there is none. */
async function activeIn(gateway: TestGateway, meetingId: string): Promise<unknown> {
  const query = 'query Active($id: ID!) { meeting(id: $id) { activeLivestream { id status } } }';
  const { data, errors } = await gateway.send({ query, variables: { id: meetingId } });
  expect(errors).toEqual([]);
  return at(data, 'meeting', 'activeLivestream');
}

function start(gateway: TestGateway, name: string | null = 'Show') {
  const query =
    'mutation Start($input: StartLivestreamInput!) { startLivestream(input: $input) { livestream { id name } userErrors { code } } }';
  return gateway.send({ query, variables: { input: { meetingId: gateway.samples.emptyMeetingId, name } } });
}

function stop(gateway: TestGateway, meetingId: string) {
  const query = 'mutation Stop($input: StopLivestreamInput!) { stopLivestream(input: $input) { userErrors { code } } }';
  return gateway.send({ query, variables: { input: { meetingId } } });
}

const callOf = (text: string): unknown => at(JSON.parse(text), 'extensions', 'upstream', 'calls', 0, 'source');

describe('what one replica has read', () => {
  test('all serve, for no request, and tell so', async () => {
    const { one, other } = await startReplicas(2);
    const first = await readLive(one);
    const second = await readLive(other);
    expect(at(second.data, 'livestream')).toEqual(at(first.data, 'livestream'));
    expect(one.upstream()).toEqual([BY_ID]);
    expect([first, second].map(({ text }) => callOf(text))).toEqual(['network', 'cache']);
    expect(at(JSON.parse(second.text), 'extensions', 'upstream')).toMatchObject({ requests: 0, cacheHits: 1 });
  });

  test('lists, sessions, meetings and analytics alike', async () => {
    const { one, other } = await startReplicas(2);
    const query = `query All($id: ID!, $meeting: ID!) {
      livestreams(first: 5) { totalCount nodes { id name meeting { title } } }
      meetings(first: 3) { nodes { id title } }
      livestream(id: $id) { activeSession { id startedAt ingestSeconds } }
      meeting(id: $meeting) { title createdAt livestreams(first: 2) { nodes { id createdAt } } activeLivestream { id } }
      livestreamAnalytics { count ingestSeconds }
    }`;
    const variables = { id: one.samples.liveLivestreamId, meeting: one.samples.idleMeetingId };
    const first = await one.send({ query, variables });
    one.forget();
    expect(await other.send({ query, variables })).toMatchObject({ data: first.data, errors: [] });
    expect(one.upstream()).toEqual([]);
  });

  test('is read anew once it is too old', async () => {
    const { one, other } = await startReplicas(2);
    await readLive(one);
    one.clock.advance(2000);
    await readLive(other);
    expect(one.upstream()).toEqual([BY_ID, BY_ID]);
  });

  test('is one request where all read at the same moment', async () => {
    const { all, one } = await startReplicas(3, { settings: { latencyMs: 1000 } });
    const answers = Promise.all(all.map(async ({ gateway }) => readLive(gateway)));
    await until(() => one.sandbox.requests().inFlight === 1);
    await one.control();
    one.clock.advance(1000);
    for (const { data } of await answers) expect(at(data, 'livestream', 'status')).toBe('LIVE');
    expect(one.upstream()).toEqual([BY_ID]);
  });

  test('is read by the next where the reader fails', async () => {
    const { one, other } = await startReplicas(2, { settings: { latencyMs: 1000 } });
    one.sandbox.fail([{ kind: 'status', status: 403, times: 1 }]);
    const first = readLive(one);
    await until(() => one.sandbox.requests().inFlight === 1);
    const second = readLive(other);
    await one.control();
    one.clock.advance(1000);
    expect((await first).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    await until(() => one.upstream().length === 2);
    one.clock.advance(1000);
    expect((await second).errors).toEqual([]);
  });

  test('is read by the next where the reader’s callers leave', async () => {
    const { one, other } = await startReplicas(2, { settings: { latencyMs: 1000 } });
    const leaver = new AbortController();
    const left = readLive(one, { signal: leaver.signal }).catch(() => null);
    await until(() => one.sandbox.requests().inFlight === 1);
    const second = readLive(other);
    await one.control();
    leaver.abort();
    await left;
    await until(() => one.upstream().length === 2);
    one.clock.advance(1000);
    expect((await second).errors).toEqual([]);
  });

  test('is read by the next after a moment where the reader dies without a word', async () => {
    const { one, other, stores } = await startReplicas(2);
    let isHanging = false;
    one.sandbox.fail([{ kind: 'hang', times: 1 }]);
    void readLive(one);
    await until(() => one.upstream().length === 1);
    stores[0]?.kill();
    const second = readLive(other).finally(() => {
      isHanging = true;
    });
    await one.control();
    expect(isHanging).toBe(false);
    one.clock.advance(5000);
    expect((await second).errors).toEqual([]);
    expect(one.upstream()).toEqual([BY_ID, BY_ID]);
  });

  test('serves another when upstream is down', async () => {
    const { one, other } = await startReplicas(2);
    await readLive(one);
    one.clock.advance(10_000);
    one.sandbox.fail([{ kind: 'status', status: 503 }]);
    const { data, text } = await readLive(other);
    expect(at(data, 'livestream', 'status')).toBe('LIVE');
    expect(at(JSON.parse(text), 'extensions', 'upstream', 'calls')).toContainEqual(
      expect.objectContaining({ source: 'stale' }),
    );
  });

  test('costs nobody an answer while the store is away', async () => {
    const { one, other, store } = await startReplicas(2);
    store.breakAll();
    for (const gateway of [one, other]) expect((await readLive(gateway)).errors).toEqual([]);
    expect(one.upstream()).toEqual([BY_ID, BY_ID]);
  });
});

describe('after a mutation', () => {
  test('no replica serves what was read before', async () => {
    const { all, one, other } = await startReplicas(3);
    const { liveMeetingId } = one.samples;
    for (const { gateway } of all) expect(await activeIn(gateway, liveMeetingId)).not.toBeNull();
    await stop(other, liveMeetingId);
    await one.control();
    for (const { gateway } of all) expect(await activeIn(gateway, liveMeetingId)).toBeNull();
  });

  test('neither does one that has just begun, whatever is kept', async () => {
    const { one, begin } = await startReplicas(2);
    const { emptyMeetingId } = one.samples;
    expect(await activeIn(one, emptyMeetingId)).toBeNull();
    // Past the gateway's memory, as if the one that has started it had died.
    await one.rest(`/meetings/${emptyMeetingId}/livestreams`, { name: 'Elsewhere' });
    const { gateway } = await begin();
    expect(await activeIn(gateway, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test('nor one that was away meanwhile', async () => {
    const { one, other, stores } = await startReplicas(2);
    const { emptyMeetingId } = one.samples;
    for (const gateway of [one, other]) expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    stores[1]?.break();
    await start(one);
    stores[1]?.heal();
    expect(await activeIn(other, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test.each([
    ['is kept by one that was away and has missed nothing', false, []],
    ['is read anew by one that may have', true, [BY_ID]],
  ])('what was read %s', async (_promise, hasMissed, sent) => {
    const { one, stores } = await startReplicas(2, { caching: { ttl: { statusMs: 60_000 } } });
    await readLive(one);
    one.forget();
    stores[0]?.break();
    stores[0]?.heal(hasMissed);
    await readLive(one);
    expect(one.upstream()).toEqual(sent);
  });

  test('whoever is on the channel with a time of its own makes nothing older', async () => {
    const { one, other, store } = await startReplicas(2);
    const { emptyMeetingId } = one.samples;
    const message = { kind: 'invalidate', tokenHash: null, tags: ['lists'], logical: 1e17 };
    store.inject(JSON.stringify({ sender: 'nobody', message }));
    for (const gateway of [one, other]) expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    await start(one);
    expect(await activeIn(other, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test('nor the others where the one that started was away', async () => {
    const { one, other, stores } = await startReplicas(2);
    const { emptyMeetingId } = one.samples;
    for (const gateway of [one, other]) expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    stores[0]?.break();
    await start(one);
    stores[0]?.heal();
    await one.control();
    expect(await activeIn(other, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test('equal starts at two replicas are one, with the name that was sent at both', async () => {
    const { one, other } = await startReplicas(2, { settings: { latencyMs: 1000, nameDelayMs: 60_000 } });
    const outcomes = Promise.all([start(one), start(other)]);
    await until(() => one.sandbox.requests().inFlight === 1);
    await one.control();
    one.clock.advance(1000);
    const [first, second] = (await outcomes).map(({ data }) => at(data, 'startLivestream'));
    expect(first).toEqual({ livestream: { id: matching(/./), name: 'Show' }, userErrors: [] });
    expect(second).toEqual(first);
    expect(one.upstream().filter((route) => route === START)).toHaveLength(1);
  });
});

describe('what is kept for all', () => {
  test('of one token is served to no other, and nothing of one that was refused to anybody', async () => {
    const auth = { auth: { kind: 'passthrough' as const } };
    const { one, other } = await startReplicas(2, { options: auth });
    const as = (token: string) => ({ headers: { ...REPORT.headers, authorization: `Bearer ${token}` } });
    await readLive(one, as('first'));
    expect(callOf((await readLive(other, as('second'))).text)).toBe('network');
    one.sandbox.fail([{ kind: 'status', status: 401 }]);
    one.clock.advance(2500);
    expect((await readLive(one, as('first'))).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    await one.control();
    expect((await readLive(other, as('first'))).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    one.sandbox.fail([]);
    expect(callOf((await readLive(other, as('first'))).text)).toBe('network');
  });

  test('names no token, no account and no app, in keys as in messages', async () => {
    const { one, other, store } = await startReplicas(2);
    await readLive(one);
    await start(other);
    await activeIn(one, one.samples.emptyMeetingId);
    const seen = [...store.entries().keys(), ...store.entries().values(), ...store.published()].join('\n');
    expect(seen).toContain(one.samples.emptyMeetingId);
    for (const secret of [TOKEN, ACCOUNT, APP]) expect(seen).not.toContain(secret);
    const key = String(at((await readLive(one)).data, 'livestream', 'streamKey'));
    expect([...store.entries().keys()].join('\n')).not.toContain(key);
  });

  test('is read anew where it is garbage, or another version’s', async () => {
    const { one, other, store } = await startReplicas(2);
    await readLive(one);
    const key = present(
      [...store.entries().keys()].find((name) => name.includes(' value ') && name.includes('/livestreams/{id}')),
    );
    const kept: unknown = JSON.parse(present(store.entries().get(key)));
    for (const garbage of ['', '{', 'null', '{"value":1}', JSON.stringify({ ...Object(kept), value: { id: 7 } })]) {
      store.put(key, garbage);
      other.clock.advance(2500);
      expect(at((await readLive(other)).data, 'livestream', 'status')).toBe('LIVE');
    }
    expect(one.upstream()).toHaveLength(6);
  });

  test('is one budget', async () => {
    const { one, other } = await startReplicas(2, { settings: { quota: { limit: 100 } } });
    one.clock.advance(12_000);
    await readLive(one);
    one.clock.advance(12_000);
    const { text } = await readLive(other);
    expect(at(JSON.parse(text), 'extensions', 'upstream', 'budget')).toMatchObject({ limit: 100, remaining: 98 });
  });
});
