import { describe, expect, test } from 'vitest';

import { createGateway } from '../../src/server/gateway.ts';
import { ACCOUNT, APP, at, nonNull, asArray, startTestGateway, TOKEN, waitUntil } from '../support/gateway.ts';
import {
  LIVESTREAM,
  SESSION,
  MEETINGS,
  START,
  sendWithReport,
  reportOf,
  startWithOtherClient,
  receivedCount,
} from './budgetScenario.ts';

describe('the contents of the upstream report', () => {
  const budget = { remaining: 1199, limit: 1200, resetSeconds: 300 };

  test('include the route without ids, the status and the duration of a read from upstream', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1500 } });
    const pending = sendWithReport(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1 && gateway.clock.pending() > 1);
    gateway.clock.advance(1500);
    expect(reportOf(await pending)).toEqual({
      requests: 1,
      cacheHits: 0,
      coalesced: 0,
      budget,
      calls: [{ method: 'GET', route: '/livestreams/{id}', status: 200, ms: 1500, source: 'network' }],
    });
  });

  test('include a read that is served from the cache', async () => {
    const gateway = await startTestGateway();
    await sendWithReport(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    expect(reportOf(await sendWithReport(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId))).toEqual({
      requests: 0,
      cacheHits: 1,
      coalesced: 0,
      budget,
      calls: [{ method: 'GET', route: '/livestreams/{id}', status: null, ms: 0, source: 'cache' }],
    });
  });

  test('include the stale value that replaces a failed read', async () => {
    const gateway = await startTestGateway();
    await sendWithReport(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    gateway.clock.advance(10_000);
    gateway.sandbox.setFaults([{ kind: 'status', status: 501 }]);
    const response = await sendWithReport(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    expect([response.errors, reportOf(response)]).toEqual([
      [],
      {
        requests: 1,
        cacheHits: 1,
        coalesced: 0,
        budget: { remaining: 1198, limit: 1200, resetSeconds: 290 },
        calls: [
          { method: 'GET', route: '/livestreams/{id}', status: 501, ms: 0, source: 'network' },
          { method: 'GET', route: '/livestreams/{id}', status: null, ms: 0, source: 'stale' },
        ],
      },
    ]);
  });

  test('include a read that joined the request of another operation', async () => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.liveLivestreamId;
    const [first, second] = await Promise.all([
      sendWithReport(gateway, LIVESTREAM, id),
      sendWithReport(gateway, LIVESTREAM, id),
    ]);
    const reports = [reportOf(first), reportOf(second)].toSorted(
      (a, b) => Number(at(b, 'requests')) - Number(at(a, 'requests')),
    );
    expect(reports).toEqual([
      expect.objectContaining({ requests: 1, cacheHits: 0, coalesced: 0 }),
      {
        requests: 0,
        cacheHits: 0,
        coalesced: 1,
        budget,
        calls: [{ method: 'GET', route: '/livestreams/{id}', status: null, ms: 0, source: 'coalesced' }],
      },
    ]);
    expect(receivedCount(gateway)).toBe(1);
  });

  test('include a mutation', async () => {
    const gateway = await startTestGateway();
    expect(reportOf(await sendWithReport(gateway, START, gateway.exampleIds.emptyMeetingId))).toEqual({
      requests: 1,
      cacheHits: 0,
      coalesced: 0,
      budget,
      calls: [{ method: 'POST', route: '/meetings/{id}/livestreams', status: 201, ms: 0, source: 'network' }],
    });
  });

  test('include every attempt of a failed read', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([
      { kind: 'reset', times: 1 },
      { kind: 'status', status: 503, times: 1 },
      { kind: 'status', status: 403 },
    ]);
    const response = await sendWithReport(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    expect([response.data, response.errors.length]).toEqual([{ livestream: null }, 1]);
    const calls = asArray(at(reportOf(response), 'calls'));
    expect(calls.map((call) => at(call, 'status'))).toEqual([null, 503, 403]);
    expect(at(reportOf(response), 'requests')).toBe(3);
  });

  test('include a read that finds nothing, with status 404', async () => {
    const gateway = await startTestGateway();
    const response = await sendWithReport(gateway, LIVESTREAM, 'none');
    expect([response.data, at(reportOf(response), 'calls', 0, 'status')]).toEqual([{ livestream: null }, 404]);
  });

  test('count exactly the requests that upstream received for a query of many rows', async () => {
    const gateway = await startTestGateway();
    const query =
      '{ livestreams(first: 30, filter: { status: LIVE }) { nodes { id activeSession { viewerSeconds } } } }';
    const uncached = await sendWithReport(gateway, query);
    expect(at(reportOf(uncached), 'requests')).toBe(receivedCount(gateway));
    expect(asArray(at(reportOf(uncached), 'calls'))).toHaveLength(receivedCount(gateway));
    gateway.clearUpstreamRequests();
    const cached = await sendWithReport(gateway, query);
    expect(at(reportOf(cached), 'requests')).toBe(receivedCount(gateway));
    expect(at(reportOf(cached), 'cacheHits')).toBeGreaterThan(20);
  });

  test('include no id, search text, token or account', async () => {
    const gateway = await startTestGateway();
    const query = `{
      livestreams(first: 20) { nodes { id meeting { title activeLivestream { id activeSession { id } } } } }
      meetings(search: "secret-word", first: 3) { nodes { id livestreams(first: 2) { nodes { name } } } }
    }`;
    const ids = asArray(await gateway.rest('/livestreams?per_page=100')).map((row) => String(at(row, 'id')));
    const responses = [
      await sendWithReport(gateway, query),
      await sendWithReport(gateway, START, gateway.exampleIds.liveMeetingId),
      await sendWithReport(gateway, SESSION, gateway.exampleIds.endedSessionId),
    ];
    const reports = JSON.stringify(responses.map(reportOf));
    expect(reports.length).toBeGreaterThan(1000);
    const exampleIds = Object.values<string>({ ...gateway.exampleIds });
    const secrets = [TOKEN, ACCOUNT, APP, 'secret-word', ...exampleIds, ...ids];
    for (const secret of secrets) expect(reports).not.toContain(secret);
  });

  test.each([['0'], ['true'], ['']])('are absent if the request header is "%s"', async (value) => {
    const gateway = await startTestGateway();
    const { text } = await gateway.send(
      { query: LIVESTREAM, variables: { id: gateway.exampleIds.liveLivestreamId } },
      { headers: { 'x-upstream-report': value } },
    );
    expect(at(JSON.parse(text), 'extensions')).toBeUndefined();
  });

  test('are absent if the request header is missing', async () => {
    const gateway = await startTestGateway();
    const { text, errors } = await gateway.send({ query: MEETINGS });
    expect([errors, at(JSON.parse(text), 'extensions')]).toEqual([[], undefined]);
  });

  test('are absent from the response to an invalid operation', async () => {
    const gateway = await startTestGateway();
    for (const query of ['{', '{ nothing }', '']) {
      const response = await sendWithReport(gateway, query);
      expect(response.errors.length).toBeGreaterThan(0);
      expect(reportOf(response)).toBeUndefined();
    }
  });

  test('are absent if the operator has not enabled the report', async () => {
    const { gateway, wire } = await startWithOtherClient({});
    await sendWithReport(gateway, MEETINGS);
    const [baseUrl = ''] = nonNull(wire.lastRequest).url.split('/accounts/');
    const withoutReport = createGateway({
      upstream: {
        baseUrl,
        accountId: ACCOUNT,
        appId: APP,
        token: TOKEN,
        attemptTimeoutMs: 10_000,
        totalTimeoutMs: 25_000,
        requestsPerSecond: 0,
      },
      transport: nonNull(wire.send),
      log: () => {},
      graphiql: {},
      clock: gateway.clock,
    });
    const response = await withoutReport.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-upstream-report': '1' },
      body: JSON.stringify({ query: MEETINGS }),
    });
    const body: unknown = await response.json();
    expect(at(body, 'data', 'meetings', 'nodes')).toHaveLength(50);
    expect(at(body, 'extensions')).toBeUndefined();
  });
});
