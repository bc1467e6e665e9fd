import { describe, expect, test } from 'vitest';

import { type Transport, TransportError } from '../../src/realtimekit/transport.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { ACCOUNT, APP, asArray, at, startTestGateway, TOKEN, waitUntil } from '../support/gateway.ts';
import { startHttp2, startTcp } from '../support/origins.ts';

const QUERY = { query: '{ livestreams { totalCount } }' };

/** Starts a gateway over the upstream at `baseUrl`, with metrics. */
async function start(baseUrl?: string, intercept?: () => Transport) {
  const transport = createUndiciTransport();
  cleanUpAfterTest(() => transport.close());
  const ids = { accountId: ACCOUNT, appId: APP, token: TOKEN };
  const limits = { attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 };
  const gateway = await startTestGateway({
    intercept: intercept ?? (() => transport.send),
    options: {
      metrics: createPrometheus('1.2.3'),
      ...(baseUrl === undefined ? {} : { upstream: { ...ids, ...limits, baseUrl } }),
    },
  });
  return {
    ...gateway,
    ready: async () => at(JSON.parse((await gateway.fetch('/ready')).text), 'upstream'),
    failures: async () =>
      [...(await gateway.fetch('/metrics')).text.matchAll(/_upstream_failures_total\{(.*)\} [1-9]/g)].map(
        ([, labels]) => labels,
      ),
  };
}

/** What the operator can see. */
async function reportOf(gateway: Awaited<ReturnType<typeof start>>) {
  const [entry, ...others] = gateway.logs;
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ level: 'error', message: 'Requests to RealtimeKit fail.' });
  const { cause, code } = entry?.fields ?? {};
  expect(await gateway.ready()).toBe(cause);
  expect(await gateway.failures()).toEqual([`cause="${String(cause)}"`]);
  expect(JSON.stringify(gateway.logs)).not.toMatch(/127\.0\.0\.1|tok-5e|acc-0a7f/);
  return [cause, code];
}

describe('an upstream that cannot be reached', () => {
  test('because its host name is unknown is reported', async () => {
    const gateway = await start('https://nowhere.invalid');
    await gateway.send(QUERY);
    expect((await reportOf(gateway))[0]).toBe('dns');
  });

  test('because nothing listens is reported', async () => {
    const origin = await startTcp();
    await origin.stop();
    const gateway = await start(origin.url);
    await gateway.send(QUERY);
    expect(await reportOf(gateway)).toEqual(['refused', 'ECONNREFUSED']);
  });

  test('because its certificate is not trusted is reported', async () => {
    const origin = await startHttp2();
    cleanUpAfterTest(() => origin.stop());
    const gateway = await start(origin.url);
    await gateway.send(QUERY);
    expect(await reportOf(gateway)).toEqual(['tls', 'DEPTH_ZERO_SELF_SIGNED_CERT']);
  });

  test('because it closes connections is reported', async () => {
    const gateway = await start();
    gateway.sandbox.setFaults([{ kind: 'reset' }]);
    await gateway.send(QUERY);
    expect(await reportOf(gateway)).toEqual(['interrupted', 'UND_ERR_SOCKET']);
  });

  test('because it does not respond in time is reported', async () => {
    const gateway = await start();
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const response = gateway.send(QUERY);
    for (const attempts of [1, 2, 3]) {
      await waitUntil(() => gateway.upstreamRequests().length === attempts);
      gateway.clock.advance(10_000);
    }
    await response;
    expect(await reportOf(gateway)).toEqual(['timeout', null]);
  });

  test.each([
    ['EMFILE', 'open_files'],
    ['EAI_AGAIN', 'dns'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect_timeout'],
    ['ENETUNREACH', 'unreachable'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['UND_ERR_PRX_TLS', 'proxy'],
    ['A_NEW_CODE', 'unreachable'],
  ])('with the code %s is reported as %s', async (code, cause) => {
    const gateway = await start(undefined, () => async () => {
      throw new TransportError('connect', 'The connection failed', { code });
    });
    await gateway.send(QUERY);
    expect(await reportOf(gateway)).toEqual([cause, code]);
  });

  test('is reported once a minute and cause, and as reached with the next response', async () => {
    const gateway = await start();
    expect(await gateway.ready()).toBe('unknown');
    gateway.sandbox.setFaults([{ kind: 'reset' }]);
    await gateway.send(QUERY);
    await gateway.send(QUERY);
    gateway.sandbox.setFaults([{ kind: 'status', status: 403 }]);
    await gateway.send(QUERY);
    gateway.sandbox.setFaults([{ kind: 'reset' }]);
    gateway.clock.advance(60_000);
    await gateway.send(QUERY);
    expect(gateway.logs.map(({ fields: { cause, requests } }) => [cause, requests])).toEqual([
      ['interrupted', 1],
      ['token', 1],
      ['interrupted', 2],
    ]);
    gateway.sandbox.setFaults([]);
    await gateway.send(QUERY);
    expect(await gateway.ready()).toBe('ok');
  });

  test('is not reported if a retry succeeds, nor if the caller leaves', async () => {
    const gateway = await start();
    gateway.sandbox.setFaults([{ kind: 'reset', times: 2 }]);
    expect((await gateway.send(QUERY)).errors).toEqual([]);
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const caller = new AbortController();
    const leaving = gateway.send({ query: '{ meetings { totalCount } }' }, { signal: caller.signal });
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    caller.abort();
    await leaving.catch(() => {});
    expect(gateway.logs).toEqual([]);
    expect(asArray(await gateway.failures())).toEqual([]);
  });
});

describe('the check at the start', () => {
  test('spends one request, and logs that RealtimeKit accepts the settings', async () => {
    const gateway = await start();
    await gateway.server.checkUpstream();
    expect(gateway.upstreamRequests()).toEqual(['GET /livestreams']);
    expect(gateway.logs).toEqual([
      { level: 'info', message: "RealtimeKit accepts the gateway's requests.", fields: {} },
    ]);
    expect(await gateway.ready()).toBe('ok');
  });

  test.each([
    [{ kind: 'reset' }, 'interrupted'],
    [{ kind: 'status', status: 403, code: 9109 }, 'token'],
    [{ kind: 'status', status: 404, code: 7003 }, 'address'],
  ] as const)('reports %j with one request and one line', async (fault, cause) => {
    const gateway = await start();
    gateway.sandbox.setFaults([fault]);
    await gateway.server.checkUpstream();
    expect((await reportOf(gateway))[0]).toBe(cause);
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });

  test.each([
    { kind: 'status', status: 503 },
    { kind: 'html', status: 200 },
  ] as const)('reports a response that is of no use: %j', async (fault) => {
    const gateway = await start();
    gateway.sandbox.setFaults([fault]);
    await gateway.server.checkUpstream();
    expect(gateway.logs).toMatchObject([{ level: 'error', message: 'The first request to RealtimeKit failed.' }]);
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });
});
