import { describe, expect, test } from 'vitest';

import { ACCOUNT, APP, at, matching, nonNull, TOKEN, type TestGateway, waitUntil } from '../support/gateway.ts';
import { startReplicas } from '../support/replicas.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';
const START = 'POST /meetings/{meeting_id}/livestreams';
const REPORT = { headers: { 'x-upstream-report': '1' } };

/** Reads the example livestream that is live. */
function readLive(gateway: TestGateway, options: { headers?: Record<string, string>; signal?: AbortSignal } = {}) {
  const query = 'query Live($id: ID!) { livestream(id: $id) { status name streamKey } }';
  return gateway.send({ query, variables: { id: gateway.exampleIds.liveLivestreamId } }, { ...REPORT, ...options });
}

/** The meeting's active livestream, or null if there is none. */
async function activeIn(gateway: TestGateway, meetingId: string): Promise<unknown> {
  const query = 'query Active($id: ID!) { meeting(id: $id) { activeLivestream { id status } } }';
  const { data, errors } = await gateway.send({ query, variables: { id: meetingId } });
  expect(errors).toEqual([]);
  return at(data, 'meeting', 'activeLivestream');
}

function start(gateway: TestGateway, name: string | null = 'Show') {
  const query =
    'mutation Start($input: StartLivestreamInput!) { startLivestream(input: $input) { livestream { id name } userErrors { code } } }';
  return gateway.send({ query, variables: { input: { meetingId: gateway.exampleIds.emptyMeetingId, name } } });
}

function stop(gateway: TestGateway, meetingId: string) {
  const query = 'mutation Stop($input: StopLivestreamInput!) { stopLivestream(input: $input) { userErrors { code } } }';
  return gateway.send({ query, variables: { input: { meetingId } } });
}

/** The source of the first call in the upstream report of a response body. */
const sourceOf = (text: string): unknown => at(JSON.parse(text), 'extensions', 'upstream', 'calls', 0, 'source');

describe('a response that one replica has read', () => {
  test('is served by another replica without an upstream request, and reported as a cache hit', async () => {
    const { one, other } = await startReplicas(2);
    const first = await readLive(one);
    const second = await readLive(other);
    expect(at(second.data, 'livestream')).toEqual(at(first.data, 'livestream'));
    expect(one.upstreamRequests()).toEqual([BY_ID]);
    expect([first, second].map(({ text }) => sourceOf(text))).toEqual(['network', 'cache']);
    expect(at(JSON.parse(second.text), 'extensions', 'upstream')).toMatchObject({ requests: 0, cacheHits: 1 });
  });

  test('is served by another replica for lists, sessions, meetings and analytics', async () => {
    const { one, other } = await startReplicas(2);
    const query = `query All($id: ID!, $meeting: ID!) {
      livestreams(first: 5) { totalCount nodes { id name meeting { title } } }
      meetings(first: 3) { nodes { id title } }
      livestream(id: $id) { activeSession { id startedAt ingestSeconds } }
      meeting(id: $meeting) { title createdAt livestreams(first: 2) { nodes { id createdAt } } activeLivestream { id } }
      livestreamAnalytics { count ingestSeconds }
    }`;
    const variables = { id: one.exampleIds.liveLivestreamId, meeting: one.exampleIds.idleMeetingId };
    const first = await one.send({ query, variables });
    one.clearUpstreamRequests();
    expect(await other.send({ query, variables })).toMatchObject({ data: first.data, errors: [] });
    expect(one.upstreamRequests()).toEqual([]);
  });

  test('is read again by another replica once it has expired', async () => {
    const { one, other } = await startReplicas(2);
    await readLive(one);
    one.clock.advance(2000);
    await readLive(other);
    expect(one.upstreamRequests()).toEqual([BY_ID, BY_ID]);
  });

  test('costs one upstream request when all replicas read concurrently', async () => {
    const { all, one } = await startReplicas(3, { settings: { latencyMs: 1000 } });
    const responses = Promise.all(all.map(async ({ gateway }) => readLive(gateway)));
    await waitUntil(() => one.sandbox.requests().inFlight === 1);
    await one.roundTrip();
    one.clock.advance(1000);
    for (const { data } of await responses) expect(at(data, 'livestream', 'status')).toBe('LIVE');
    expect(one.upstreamRequests()).toEqual([BY_ID]);
  });

  test('is read by a waiting replica when the replica that was reading it fails', async () => {
    const { one, other } = await startReplicas(2, { settings: { latencyMs: 1000 } });
    one.sandbox.setFaults([{ kind: 'status', status: 403, times: 1 }]);
    const first = readLive(one);
    await waitUntil(() => one.sandbox.requests().inFlight === 1);
    const second = readLive(other);
    await one.roundTrip();
    one.clock.advance(1000);
    expect((await first).errors).toMatchObject([{ extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
    await waitUntil(() => one.upstreamRequests().length === 2);
    one.clock.advance(1000);
    expect((await second).errors).toEqual([]);
  });

  test('is read by a waiting replica when the callers of the reading replica disconnect', async () => {
    const { one, other } = await startReplicas(2, { settings: { latencyMs: 1000 } });
    const caller = new AbortController();
    const cancelled = readLive(one, { signal: caller.signal }).catch(() => null);
    await waitUntil(() => one.sandbox.requests().inFlight === 1);
    const second = readLive(other);
    await one.roundTrip();
    caller.abort();
    await cancelled;
    await waitUntil(() => one.upstreamRequests().length === 2);
    one.clock.advance(1000);
    expect((await second).errors).toEqual([]);
  });

  test('is read by a waiting replica after 5 s when the reading replica crashes', async () => {
    const { one, other, stores } = await startReplicas(2);
    let isSettled = false;
    one.sandbox.setFaults([{ kind: 'hang', times: 1 }]);
    void readLive(one);
    await waitUntil(() => one.upstreamRequests().length === 1);
    stores[0]?.kill();
    const second = readLive(other).finally(() => {
      isSettled = true;
    });
    await one.roundTrip();
    expect(isSettled).toBe(false);
    one.clock.advance(5000);
    expect((await second).errors).toEqual([]);
    expect(one.upstreamRequests()).toEqual([BY_ID, BY_ID]);
  });

  test('is served stale by another replica while upstream is unavailable', async () => {
    const { one, other } = await startReplicas(2);
    await readLive(one);
    one.clock.advance(10_000);
    one.sandbox.setFaults([{ kind: 'status', status: 503 }]);
    const { data, text } = await readLive(other);
    expect(at(data, 'livestream', 'status')).toBe('LIVE');
    expect(at(JSON.parse(text), 'extensions', 'upstream', 'calls')).toContainEqual(
      expect.objectContaining({ source: 'stale' }),
    );
  });

  test('is read by each replica for itself while the store is unavailable', async () => {
    const { one, other, store } = await startReplicas(2);
    store.breakAll();
    for (const gateway of [one, other]) expect((await readLive(gateway)).errors).toEqual([]);
    expect(one.upstreamRequests()).toEqual([BY_ID, BY_ID]);
  });
});

describe('after a mutation', () => {
  test('no replica serves responses read before it', async () => {
    const { all, one, other } = await startReplicas(3);
    const { liveMeetingId } = one.exampleIds;
    for (const { gateway } of all) expect(await activeIn(gateway, liveMeetingId)).not.toBeNull();
    await stop(other, liveMeetingId);
    await one.roundTrip();
    for (const { gateway } of all) expect(await activeIn(gateway, liveMeetingId)).toBeNull();
  });

  test('a replica that has just started does not serve responses cached before it started', async () => {
    const { one, begin } = await startReplicas(2);
    const { emptyMeetingId } = one.exampleIds;
    expect(await activeIn(one, emptyMeetingId)).toBeNull();
    // Started directly in the REST API, as if by a replica that crashed before it could publish the start.
    await one.rest(`/meetings/${emptyMeetingId}/livestreams`, { name: 'Elsewhere' });
    const { gateway } = await begin();
    expect(await activeIn(gateway, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test('a replica that was disconnected from the store does not serve responses read before it', async () => {
    const { one, other, stores } = await startReplicas(2);
    const { emptyMeetingId } = one.exampleIds;
    for (const gateway of [one, other]) expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    stores[1]?.break();
    await start(one);
    stores[1]?.heal();
    expect(await activeIn(other, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test.each([
    ['keeps its cache when no message was lost', false, []],
    ['reads again when messages may have been lost', true, [BY_ID]],
  ])('a replica that reconnects to the store %s', async (_name, hasMissed, sent) => {
    const { one, stores } = await startReplicas(2, { caching: { ttl: { statusMs: 60_000 } } });
    await readLive(one);
    one.clearUpstreamRequests();
    stores[0]?.break();
    stores[0]?.heal(hasMissed);
    await readLive(one);
    expect(one.upstreamRequests()).toEqual(sent);
  });

  test('a foreign message with a far-future timestamp does not hide the mutation', async () => {
    const { one, other, store } = await startReplicas(2);
    const { emptyMeetingId } = one.exampleIds;
    const message = { kind: 'invalidate', tokenHash: null, tags: ['livestreams'], logical: 1e17 };
    store.inject(JSON.stringify({ sender: 'nobody', message }));
    for (const gateway of [one, other]) expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    await start(one);
    expect(await activeIn(other, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test('other replicas do not serve responses read before a start by a disconnected replica that has reconnected', async () => {
    const { one, other, stores } = await startReplicas(2);
    const { emptyMeetingId } = one.exampleIds;
    for (const gateway of [one, other]) expect(await activeIn(gateway, emptyMeetingId)).toBeNull();
    stores[0]?.break();
    await start(one);
    stores[0]?.heal();
    await one.roundTrip();
    expect(await activeIn(other, emptyMeetingId)).toMatchObject({ status: 'INVOKED' });
  });

  test('equal concurrent starts at two replicas are sent once, and both return the requested name', async () => {
    const { one, other } = await startReplicas(2, { settings: { latencyMs: 1000, nameDelayMs: 60_000 } });
    const outcomes = Promise.all([start(one), start(other)]);
    // The timers of the start that was sent: its timeout, the heartbeat of its lock, the latency; and of the other: its wait for the lock.
    await waitUntil(() => one.sandbox.requests().inFlight === 1 && one.clock.pending() === 4);
    one.clock.advance(1000);
    const [first, second] = (await outcomes).map(({ data }) => at(data, 'startLivestream'));
    expect(first).toEqual({ livestream: { id: matching(/./), name: 'Show' }, userErrors: [] });
    expect(second).toEqual(first);
    expect(one.upstreamRequests().filter((route) => route === START)).toHaveLength(1);
  });
});

describe('the shared store', () => {
  test('serves no entry of one token to another token, nor any entry of a revoked token', async () => {
    const auth = { auth: { kind: 'passthrough' as const } };
    const { one, other } = await startReplicas(2, { options: auth });
    const as = (token: string) => ({ headers: { ...REPORT.headers, authorization: `Bearer ${token}` } });
    await readLive(one, as('first'));
    expect(sourceOf((await readLive(other, as('second'))).text)).toBe('network');
    one.sandbox.setFaults([{ kind: 'status', status: 401 }]);
    one.clock.advance(2500);
    expect((await readLive(one, as('first'))).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    await one.roundTrip();
    expect((await readLive(other, as('first'))).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    one.sandbox.setFaults([]);
    expect(sourceOf((await readLive(other, as('first'))).text)).toBe('network');
  });

  test('contains no token, account id or app id in keys, values or messages, and no stream key in keys', async () => {
    const { one, other, store } = await startReplicas(2);
    await readLive(one);
    await start(other);
    await activeIn(one, one.exampleIds.emptyMeetingId);
    const contents = [...store.entries().keys(), ...store.entries().values(), ...store.published()].join('\n');
    expect(contents).toContain(one.exampleIds.emptyMeetingId);
    for (const secret of [TOKEN, ACCOUNT, APP]) expect(contents).not.toContain(secret);
    const key = String(at((await readLive(one)).data, 'livestream', 'streamKey'));
    expect([...store.entries().keys()].join('\n')).not.toContain(key);
  });

  test('is bypassed when an entry is malformed or of another version', async () => {
    const { one, other, store } = await startReplicas(2);
    await readLive(one);
    const key = nonNull(
      [...store.entries().keys()].find((name) => name.includes(' value ') && name.includes('/livestreams/{id}')),
    );
    const valid: unknown = JSON.parse(nonNull(store.entries().get(key)));
    for (const garbage of ['', '{', 'null', '{"value":1}', JSON.stringify({ ...Object(valid), value: { id: 7 } })]) {
      store.put(key, garbage);
      other.clock.advance(2500);
      expect(at((await readLive(other)).data, 'livestream', 'status')).toBe('LIVE');
    }
    expect(one.upstreamRequests()).toHaveLength(6);
  });

  test('holds one request budget for all replicas', async () => {
    const { one, other } = await startReplicas(2, { settings: { quota: { limit: 100 } } });
    one.clock.advance(12_000);
    await readLive(one);
    one.clock.advance(12_000);
    const { text } = await readLive(other);
    expect(at(JSON.parse(text), 'extensions', 'upstream', 'budget')).toMatchObject({ limit: 100, remaining: 98 });
  });
});
