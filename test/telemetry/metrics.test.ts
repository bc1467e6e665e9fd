import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import { ACCOUNT, APP, at, rowsOf, startTestGateway, type TestGateway, TOKEN, until } from '../support/gateway.ts';
import { createMemoryStore } from '../support/memoryStore.ts';

const WATCH = 'subscription Watch { livestreamUpdated { id } }';

const scrape = async (gateway: TestGateway): Promise<string> => (await gateway.fetch('/metrics')).text;

/** The samples that a text has, each as its series and its value. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const ours = (series: string): string => `realtimekit_graphql_${series}`;

/** A gateway that has done something of everything. */
async function startBusy(): Promise<TestGateway> {
  const metrics = createPrometheus('1.2.3');
  metrics.gauge('websockets', 'As the program has it.', () => 2);
  const gateway = await startTestGateway({
    takesWebhooks: true,
    share: (clock) => ({ store: createMemoryStore({ clock, minReplicas: 1 }).connect(), prefix: 'test ' }),
    options: { metrics },
  });
  const { liveLivestreamId, liveMeetingId } = gateway.samples;
  const look = `query Look { livestream(id: "${liveLivestreamId}") { status activeSession { id } } }`;
  await gateway.send({ query: look });
  await gateway.send({ query: look });
  await gateway.send({ query: `{ livestream(id: "${liveLivestreamId}") { name } }` });
  await gateway.send({
    query: `mutation Stop { stopLivestream(input: { meetingId: "${liveMeetingId}" }) { userErrors { code } } }`,
  });
  await gateway.send({ query: '{' });
  await gateway.fetch('/webhooks/realtimekit', { method: 'POST', body: '{}' });
  await gateway.server.fetch('http://gateway.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: WATCH }),
  });
  await until(() => gateway.server.subscriptionCount() === 1);
  return gateway;
}

test('what the gateway does is counted', async () => {
  const gateway = await startBusy();
  const samples = samplesOf(await scrape(gateway));
  const counted = Object.fromEntries(
    [...samples].filter(([name]) => /_total\{|^realtimekit_graphql_[a-z_]+$/.test(name)),
  );
  expect(counted).toMatchObject({
    [ours('operations_total{operation="Look",kind="query",code="OK"}')]: 2,
    [ours('operations_total{operation="anonymous",kind="query",code="OK"}')]: 1,
    [ours('operations_total{operation="Stop",kind="mutation",code="OK"}')]: 1,
    [ours('operations_total{operation="none",kind="none",code="GRAPHQL_PARSE_FAILED"}')]: 1,
    [ours('upstream_requests_total{method="GET",route="/livestreams/{id}/active-livestream-session",status="200"}')]: 1,
    [ours('upstream_requests_total{method="POST",route="/meetings/{id}/active-livestream/stop",status="200"}')]: 1,
    [ours('reads_total{source="response_cache"}')]: 1,
    [ours('reads_total{source="cache"}')]: 1,
    [ours('webhooks_total{outcome="unauthorized"}')]: 1,
    [ours('budget_limit_requests')]: 1200,
    [ours('stretched_ttl_seconds')]: 0,
    [ours('subscriptions')]: 1,
    [ours('websockets')]: 2,
    [ours('redis_up')]: 1,
    [ours('replicas')]: 1,
  });
  const requests = gateway.upstream().length;
  expect(samples.get(ours('reads_total{source="network"}'))).toBe(requests);
  expect(samples.get(ours('budget_remaining_requests'))).toBe(1200 - requests);
  expect(samples.get(ours('operation_duration_seconds_count{kind="query"}'))).toBe(3);
});

test('Prometheus is told which format it is, and no secret', async () => {
  const gateway = await startBusy();
  const { status, headers, text } = await gateway.fetch('/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  for (const secret of [TOKEN, ACCOUNT, APP]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
});

test('without metrics there is no such page', async () => {
  const gateway = await startTestGateway();
  expect((await gateway.fetch('/metrics')).status).toBe(404);
});

test('where each caller pays for itself there is no budget to tell of', async () => {
  const options = { metrics: createPrometheus('1.2.3'), auth: { kind: 'passthrough' } as const };
  const upstream = { baseUrl: 'http://127.0.0.1:9', accountId: ACCOUNT, appId: APP, token: null };
  const limits = { attemptTimeoutMs: 1000, totalTimeoutMs: 1000, requestsPerSecond: 0 };
  const gateway = await startTestGateway({ options: { ...options, upstream: { ...upstream, ...limits } } });
  const text = await scrape(gateway);
  expect(text).toContain(ours('subscriptions 0'));
  expect(text).not.toMatch(/budget|stretched/);
});

describe('a caller cannot make up more than a few series', () => {
  const series = async (metrics: ReturnType<typeof createPrometheus>): Promise<number> =>
    [...samplesOf((await metrics.expose()).text).keys()].filter((name) => name.startsWith(ours(''))).length;

  test('names beyond the first two hundred are one', async () => {
    const metrics = createPrometheus('1.2.3');
    const gateway = await startTestGateway({ options: { metrics } });
    for (let number = 0; number < 300; number += 1) await gateway.send({ query: `query N${number} { __typename }` });
    const samples = samplesOf(await scrape(gateway));
    const names = [...samples.keys()].filter((name) => name.startsWith(ours('operations_total')));
    expect(names).toHaveLength(201);
    expect(samples.get(ours('operations_total{operation="other",kind="query",code="OK"}'))).toBe(100);
    expect(samples.get(ours('operations_total{operation="N7",kind="query",code="OK"}'))).toBe(1);
  });

  test('whatever is sent', async () => {
    const metrics = createPrometheus('1.2.3');
    const gateway = await startTestGateway({ options: { metrics } });
    const send = async (body: unknown) => gateway.send(body);
    await send({ query: '{ __typename }' });
    await send({ query: '{' });
    await send({ query: '{ nothing }' });
    await send({ query: '{ __typename }', operationName: 'a' });
    await send([]);
    const before = await series(metrics);
    const words = fc.string({ unit: 'binary' });
    const body = fc.record({ query: words, operationName: words, variables: fc.object() }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(body, async (wild) => {
        await send(wild);
      }),
    );
    expect((await series(metrics)) - before).toBeLessThanOrEqual(3);
  });
});

describe('the dashboard', () => {
  const dashboard: unknown = JSON.parse(
    readFileSync(new URL('../../src/telemetry/dashboard.json', import.meta.url), 'utf8'),
  );
  const panels = rowsOf(at(dashboard, 'panels'));
  const expressions = panels.flatMap((panel) =>
    rowsOf(at(panel, 'targets') ?? []).map((target) => String(at(target, 'expr'))),
  );
  /** The metrics that an expression names: what stands before a brace. */
  const named = new Set(
    expressions.flatMap((expression) => [...expression.matchAll(/([a-z0-9_]+)\{/g)].map(([, name]) => name)),
  );

  test('shows nothing that a running gateway does not tell', async () => {
    const gateway = await startBusy();
    const told = new Set([...samplesOf(await scrape(gateway)).keys()].map((name) => name.replace(/\{.*$/, '')));
    expect(expressions.length).toBeGreaterThan(20);
    expect(expressions.filter((expression) => !/[a-z0-9_]\{/.test(expression))).toEqual([]);
    expect([...named].filter((name) => !told.has(String(name)))).toEqual([]);
  });

  test('shows each metric of the gateway', async () => {
    const gateway = await startBusy();
    const metrics = [...(await scrape(gateway)).matchAll(/^# TYPE (realtimekit_graphql_\w+)/gm)].map(
      ([, name]) => name,
    );
    const shown = new Set([...named].map((name) => String(name).replace(/_(bucket|sum|count)$/, '')));
    expect(metrics.length).toBeGreaterThan(10);
    expect(metrics.filter((name) => !shown.has(String(name)))).toEqual([]);
  });

  test('asks the chosen data source alone, and no two panels lie on each other', () => {
    const sources = panels.map((panel) => at(panel, 'datasource', 'uid')).filter((uid) => uid !== undefined);
    expect(new Set(sources)).toEqual(new Set(['${datasource}']));
    const cells = panels.flatMap((panel) => {
      const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((key) => Number(at(panel, 'gridPos', key)));
      const across = Array.from({ length: w ?? 0 }, (_, column) => (x ?? 0) + column);
      return across.flatMap((column) => Array.from({ length: h ?? 0 }, (_, line) => `${column} ${(y ?? 0) + line}`));
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});
