import { describe, expect, test } from 'vitest';

import { type TestResponse, at, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';
import {
  SMALL_QUOTA,
  MEETING,
  SESSION,
  MEETINGS,
  START,
  BUDGET,
  sendWithReport,
  reportOf,
  sourcesOf,
  fetchMeetingIds,
  exhaustBudget,
  startWithOtherClient,
  rejectedCount,
  receivedCount,
} from './budgetScenario.ts';

/** Advances the clock in steps of 100 ms until `work` settles. Requests in flight arrive before each step. */
async function advanceUntilSettled<T>(gateway: TestGateway, work: Promise<T>): Promise<T> {
  const pending = new Set([work]);
  const settled = work.finally(() => pending.clear());
  for (await gateway.roundTrip(); pending.size > 0; await gateway.roundTrip()) gateway.clock.advance(100);
  return settled;
}

describe('a request budget that is nearly exhausted', () => {
  test('reserves a tenth for mutations, and rejects further reads without an upstream request', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const ids = await fetchMeetingIds(gateway, 40);
    expect(await exhaustBudget(gateway, ids)).toBe(18);
    const rejected = await Promise.all(ids.slice(18).map((id) => sendWithReport(gateway, MEETING, id)));
    for (const { errors } of rejected) expect(errors).toHaveLength(1);
    expect([receivedCount(gateway), rejectedCount(gateway)]).toEqual([18, 0]);
  });

  test('rejects a read with the seconds after which the same query succeeds', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const ids = await fetchMeetingIds(gateway, 40);
    await exhaustBudget(gateway, ids);
    gateway.clock.advance(20_000);
    const id = ids.at(-1);
    const { status, data, errors } = await sendWithReport(gateway, MEETING, id);
    expect([status, data]).toEqual([200, { meeting: { title: null } }]);
    expect(errors.map(({ path, extensions }) => ({ path, extensions }))).toEqual([
      {
        path: ['meeting', 'title'],
        extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 41 },
      },
    ]);
    gateway.clock.advance(41_000);
    expect((await sendWithReport(gateway, MEETING, id)).errors).toEqual([]);
    expect(rejectedCount(gateway)).toBe(0);
  });

  test('serves stale values, marked as stale, and rejects only reads without a cached value', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const ids = await fetchMeetingIds(gateway, 40);
    const [cached = '', uncached = ''] = [ids[0], ids.at(-1)];
    const fresh = await sendWithReport(gateway, MEETING, cached);
    await exhaustBudget(gateway, ids.slice(1));
    gateway.clock.advance(10_000);
    gateway.clearUpstreamRequests();
    const query = 'query ($a: ID!, $b: ID!) { cached: meeting(id: $a) { title } uncached: meeting(id: $b) { title } }';
    const response = await gateway.send(
      { query, variables: { a: cached, b: uncached } },
      { headers: { 'x-upstream-report': '1' } },
    );
    expect(response.data).toEqual({ cached: at(fresh.data, 'meeting'), uncached: { title: null } });
    expect(response.errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['uncached', 'title'], 'RATE_LIMITED'],
    ]);
    expect(reportOf(response)).toMatchObject({
      requests: 0,
      cacheHits: 1,
      budget: { limit: 20, remaining: 2, resetSeconds: 50 },
      calls: [{ method: 'GET', route: '/meetings/{id}', status: null, ms: 0, source: 'stale' }],
    });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('does not serve values beyond their stale limit', async () => {
    const quota = { ...SMALL_QUOTA.quota, windowSeconds: 300 };
    const gateway = await startTestGateway({ settings: { quota } });
    const ids = await fetchMeetingIds(gateway, 40);
    await exhaustBudget(gateway, ids);
    gateway.clock.advance(61_999);
    expect((await sendWithReport(gateway, MEETING, ids[0])).errors).toEqual([]);
    gateway.clock.advance(1);
    const { errors } = await sendWithReport(gateway, MEETING, ids[0]);
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['RATE_LIMITED']);
  });

  test('still starts and stops livestreams, and reads the active livestream afresh after each', async () => {
    const gateway = await startTestGateway({ settings: { quota: { ...SMALL_QUOTA.quota, limit: 30 } } });
    const ids = await fetchMeetingIds(gateway, 40);
    expect(await exhaustBudget(gateway, ids)).toBe(27);
    const { emptyMeetingId } = gateway.exampleIds;
    const started = await sendWithReport(gateway, START, emptyMeetingId);
    expect(at(started.data, 'startLivestream', 'userErrors')).toEqual([]);
    const query = 'query ($id: ID!) { meeting(id: $id) { activeLivestream { id } } }';
    const active = await sendWithReport(gateway, query, emptyMeetingId);
    expect(at(active.data, 'meeting', 'activeLivestream', 'id')).toBe(
      at(started.data, 'startLivestream', 'livestream', 'id'),
    );
    const stop = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';
    expect((await sendWithReport(gateway, stop, emptyMeetingId)).data).toEqual({ stopLivestream: { userErrors: [] } });
    expect((await sendWithReport(gateway, query, emptyMeetingId)).data).toEqual({
      meeting: { activeLivestream: null },
    });
    expect([receivedCount(gateway), rejectedCount(gateway)]).toEqual([29, 0]);
  });

  test('rejects a mutation without sending it when no request is left', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const ids = await fetchMeetingIds(gateway, 40);
    await exhaustBudget(gateway, ids);
    for (const id of [gateway.exampleIds.emptyMeetingId, ids.at(-2)])
      expect((await sendWithReport(gateway, START, id)).errors).toEqual([]);
    const { data, errors } = await sendWithReport(gateway, START, ids.at(-1));
    expect(data).toEqual({ startLivestream: null });
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 61 },
    ]);
    expect([receivedCount(gateway), rejectedCount(gateway)]).toEqual([20, 0]);
  });

  test('is restored by the next window, in which reads go upstream again', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const ids = await fetchMeetingIds(gateway, 40);
    await exhaustBudget(gateway, ids);
    gateway.clock.advance(61_000);
    for (const id of ids.slice(0, 18)) {
      const response = await sendWithReport(gateway, MEETING, id);
      expect([response.errors, sourcesOf(response)]).toEqual([[], ['network']]);
    }
    expect(rejectedCount(gateway)).toBe(0);
  });

  test('never exceeds the limit while many callers poll for minutes', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const ids = await fetchMeetingIds(gateway, 5);
    const responses: TestResponse[] = [];
    const startedAt = gateway.clock.now();
    while (gateway.clock.now() < startedAt + 240_000) {
      const polls = Promise.all(
        ids.flatMap((id) => [sendWithReport(gateway, MEETING, id), sendWithReport(gateway, MEETING, id)]),
      );
      responses.push(...(await advanceUntilSettled(gateway, polls)));
      gateway.clock.advance(3000);
    }
    // Fresh reads of five meetings would take 100 requests in a window, so the gateway serves stale values.
    expect(responses.flatMap(({ errors }) => errors)).toEqual([]);
    expect(responses.some((response) => sourcesOf(response).includes('stale'))).toBe(true);
    expect(rejectedCount(gateway)).toBe(0);
    expect(receivedCount(gateway)).toBeGreaterThan(40);
    expect(receivedCount(gateway)).toBeLessThanOrEqual(5 * 18);
  });

  test('never exceeds the limit when another client of the token spends requests and started the window', async () => {
    const { gateway, spendElsewhere } = await startWithOtherClient(SMALL_QUOTA);
    const ids = await fetchMeetingIds(gateway, 40);
    await sendWithReport(gateway, MEETING, ids[0]);
    gateway.clock.advance(62_000);
    await spendElsewhere(10);
    gateway.clock.advance(40_000);
    await exhaustBudget(gateway, ids.slice(1));
    expect(rejectedCount(gateway)).toBe(0);
  });

  test('extends the freshness of a polled meeting as the budget shrinks', async () => {
    const gateway = await startTestGateway({ settings: { quota: { ...SMALL_QUOTA.quota, limit: 100 } } });
    const [polled = '', ...rest] = await fetchMeetingIds(gateway, 80);
    /** The seconds for which a cached meeting is served without a request. */
    async function measureFreshnessSeconds(): Promise<number> {
      gateway.clearUpstreamRequests();
      for (let seconds = 0; ; seconds += 1) {
        await sendWithReport(gateway, MEETING, polled);
        if (receivedCount(gateway) > 0) return seconds;
        gateway.clock.advance(1000);
      }
    }
    await sendWithReport(gateway, MEETING, polled);
    const freshnessSeconds = [await measureFreshnessSeconds()];
    for (let taken = 0; taken < 75; taken += 25) {
      for (const id of rest.slice(taken, taken + 25)) await sendWithReport(gateway, MEETING, id);
      freshnessSeconds.push(await measureFreshnessSeconds());
    }
    expect(freshnessSeconds[0]).toBe(2);
    expect(freshnessSeconds).toEqual(freshnessSeconds.toSorted((left, right) => left - right));
    expect(freshnessSeconds.at(-1)).toBeGreaterThan(10);
  });
});

describe('maxRequestsPerOperation', () => {
  const maxRequestsPerOperation = 5;

  /** A query that selects each meeting under an alias. */
  const meetingsQuery = (ids: readonly string[]): string =>
    `{ ${ids.map((id, index) => `m${index}: meeting(id: "${id}") { title }`).join(' ')} }`;

  test('limits what an operation sends: further fields fail, and fields that were read are returned', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation, bulkReads: false } });
    const ids = await fetchMeetingIds(gateway, 8);
    const response = await sendWithReport(gateway, meetingsQuery(ids));
    const titles = ids.map((_id, index) => at(response.data, `m${index}`, 'title'));
    expect(titles.filter((title) => typeof title === 'string')).toHaveLength(maxRequestsPerOperation);
    expect(response.errors).toHaveLength(3);
    for (const { path, extensions, message } of response.errors) {
      expect(extensions).toEqual({ code: 'QUERY_TOO_EXPENSIVE', retryable: false });
      expect(message).toContain(`more than ${maxRequestsPerOperation} requests to RealtimeKit`);
      expect(at(response.data, ...(path ?? []))).toBeNull();
    }
    expect(receivedCount(gateway)).toBe(maxRequestsPerOperation);
    expect(reportOf(response)).toMatchObject({ requests: maxRequestsPerOperation });
  });

  test('does not count cached values', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation, bulkReads: false } });
    const ids = await fetchMeetingIds(gateway, 10);
    const halves = [ids.slice(0, 5), ids.slice(5)];
    for (const half of halves) expect((await sendWithReport(gateway, meetingsQuery(half))).errors).toEqual([]);
    expect((await sendWithReport(gateway, meetingsQuery(ids))).errors).toEqual([]);
    expect(receivedCount(gateway)).toBe(10);
  });

  test('counts retries', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation: 2 } });
    const [id] = await fetchMeetingIds(gateway, 1);
    gateway.sandbox.setFaults([{ kind: 'status', status: 503 }]);
    const { errors } = await sendWithReport(gateway, MEETING, id);
    expect(errors).toHaveLength(1);
    expect(receivedCount(gateway)).toBe(2);
  });

  test('does not affect another operation that joined the same read', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation: 1 } });
    const [id = ''] = await fetchMeetingIds(gateway, 1);
    gateway.sandbox.configure({ latencyMs: 1000 });
    gateway.sandbox.setFaults([{ kind: 'status', status: 503, times: 1 }]);
    const starter = sendWithReport(gateway, meetingsQuery([id]));
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    const joiner = sendWithReport(gateway, meetingsQuery([id]));
    const [overLimit, withinLimit] = await advanceUntilSettled(gateway, Promise.all([starter, joiner]));
    expect(overLimit.errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_EXPENSIVE' } }]);
    expect([withinLimit.errors, typeof at(withinLimit.data, 'm0', 'title')]).toEqual([[], 'string']);
    expect(sourcesOf(withinLimit)).toEqual(['coalesced', 'network']);
  });

  test('starts anew for each operation', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation, bulkReads: false } });
    const ids = await fetchMeetingIds(gateway, 8);
    await sendWithReport(gateway, meetingsQuery(ids));
    const second = await sendWithReport(gateway, meetingsQuery(ids));
    expect(second.errors).toEqual([]);
    expect(receivedCount(gateway)).toBe(8);
  });
});

describe('upstreamBudget', () => {
  test('returns the documented limit before the first upstream response, without an upstream request', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const resetsAt = new Date(gateway.clock.now() + 300_000).toISOString();
    const response = await sendWithReport(gateway, BUDGET);
    expect(response.data).toEqual({ upstreamBudget: { limit: 1200, remaining: 1200, resetsAt } });
    expect([receivedCount(gateway), reportOf(response)]).toEqual([
      0,
      {
        requests: 0,
        cacheHits: 0,
        coalesced: 0,
        budget: { remaining: 1200, limit: 1200, resetSeconds: 300 },
        calls: [],
      },
    ]);
  });

  test('returns the limit and remainder of the last upstream response, and the end of the window', async () => {
    const gateway = await startTestGateway({ settings: SMALL_QUOTA });
    const startedAt = gateway.clock.now();
    await sendWithReport(gateway, MEETINGS);
    gateway.clock.advance(7000);
    await sendWithReport(gateway, SESSION, gateway.exampleIds.endedSessionId);
    const resetsAt = new Date(startedAt + 60_000).toISOString();
    expect((await sendWithReport(gateway, BUDGET)).data).toEqual({
      upstreamBudget: { limit: 20, remaining: 18, resetsAt },
    });
    expect(receivedCount(gateway)).toBe(2);
    gateway.clock.advance(60_000);
    expect(at((await sendWithReport(gateway, BUDGET)).data, 'upstreamBudget', 'remaining')).toBe(20);
  });

  test('includes requests of another client of the token after the next upstream response', async () => {
    const { gateway, spendElsewhere } = await startWithOtherClient(SMALL_QUOTA);
    await sendWithReport(gateway, MEETINGS);
    await spendElsewhere(6);
    expect(at((await sendWithReport(gateway, BUDGET)).data, 'upstreamBudget', 'remaining')).toBe(19);
    await sendWithReport(gateway, SESSION, gateway.exampleIds.endedSessionId);
    expect(at((await sendWithReport(gateway, BUDGET)).data, 'upstreamBudget', 'remaining')).toBe(12);
  });
});
