import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { createNodeMetrics } from '../../src/telemetry/nodeMetrics.ts';
import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import {
  ACCOUNT,
  APP,
  at,
  matching,
  asArray,
  startTestGateway,
  type TestGateway,
  TOKEN,
  waitUntil,
} from '../support/gateway.ts';
import { createMemoryStore } from '../support/memoryStore.ts';
import { startPurgeServer } from '../support/purgeServer.ts';

const WATCH = 'subscription Watch { livestreamUpdated { id } }';

const scrape = async (gateway: TestGateway): Promise<string> => (await gateway.fetch('/metrics')).text;

/** Parses a scrape: the value of each series. */
function parseSamples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const PREFIX = 'realtimekit_graphql_';
const prefixed = (series: string): string => PREFIX + series;
/** The names of all metrics, including the suffixes of histograms. */
const namesIn = (exampleIds: ReadonlyMap<string, number>): Set<string> =>
  new Set([...exampleIds.keys()].map((series) => series.replace(/\{.*$/, '')));

/** Starts a gateway and records at least one sample of every metric. */
async function startWithAllMetrics(): Promise<TestGateway> {
  const metrics = createNodeMetrics('1.2.3');
  metrics.gauge('websockets', 'Registered by the program.', () => 2);
  // Only callers that authenticate are counted.
  metrics.callerRequest('dashboard', 'sent');
  const gateway = await startTestGateway({
    receivesWebhooks: true,
    cluster: (clock) => ({ store: createMemoryStore({ clock, minReplicas: 1 }).connect(), prefix: 'test ' }),
    options: { metrics, purge: (await startPurgeServer()).settings },
  });
  const { liveLivestreamId, liveMeetingId } = gateway.exampleIds;
  const query = `query Session { livestream(id: "${liveLivestreamId}") { status activeSession { id } } }`;
  await gateway.send({ query });
  await gateway.send({ query });
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
  await waitUntil(() => gateway.server.subscriptionCount() === 1 && gateway.server.pendingPurges?.size() === 0);
  return gateway;
}

test('operations, reads, upstream requests, webhooks, budget, connections and the version are recorded', async () => {
  const gateway = await startWithAllMetrics();
  const exampleIds = parseSamples(await scrape(gateway));
  const counted = Object.fromEntries(
    [...exampleIds].filter(([name]) => /_total\{|^realtimekit_graphql_[a-z_]+$/.test(name)),
  );
  expect(counted).toMatchObject({
    [prefixed('operations_total{operation="Session",kind="query",code="OK"}')]: 2,
    [prefixed('operations_total{operation="anonymous",kind="query",code="OK"}')]: 1,
    [prefixed('operations_total{operation="Stop",kind="mutation",code="OK"}')]: 1,
    [prefixed('operations_total{operation="none",kind="none",code="GRAPHQL_PARSE_FAILED"}')]: 1,
    [prefixed(
      'upstream_requests_total{method="GET",route="/livestreams/{id}/active-livestream-session",status="200"}',
    )]: 1,
    [prefixed('upstream_requests_total{method="POST",route="/meetings/{id}/active-livestream/stop",status="200"}')]: 1,
    [prefixed('reads_total{source="response_cache"}')]: 1,
    [prefixed('reads_total{source="cache"}')]: 1,
    [prefixed('webhooks_total{outcome="unauthorized"}')]: 1,
    [prefixed('budget_limit_requests')]: 1200,
    [prefixed('stretched_ttl_seconds')]: 0,
    [prefixed('subscriptions')]: 1,
    [prefixed('websockets')]: 2,
    [prefixed('redis_up')]: 1,
    [prefixed('replicas')]: 1,
  });
  const requests = gateway.upstreamRequests().length;
  expect(exampleIds.get(prefixed('reads_total{source="network"}'))).toBe(requests);
  expect(exampleIds.get(prefixed('budget_remaining_requests'))).toBe(1200 - requests);
  expect(exampleIds.get(prefixed('operation_duration_seconds_count{kind="query"}'))).toBe(3);
  expect(exampleIds.get(prefixed('build_info{version="1.2.3"}'))).toBe(1);
});

test("a scrape has Prometheus' content type, and contains no secrets and no ids", async () => {
  const gateway = await startWithAllMetrics();
  const { status, headers, text } = await gateway.fetch('/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  for (const secret of [TOKEN, ACCOUNT, APP]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
});

test('GET /metrics answers 404 if metrics are off', async () => {
  const gateway = await startTestGateway();
  expect((await gateway.fetch('/metrics')).status).toBe(404);
});

test('there are no budget metrics if each caller has a budget of its own', async () => {
  const options = { metrics: createPrometheus('1.2.3'), auth: { kind: 'passthrough' } as const };
  const upstream = { baseUrl: 'http://127.0.0.1:9', accountId: ACCOUNT, appId: APP, token: null };
  const limits = { attemptTimeoutMs: 1000, totalTimeoutMs: 1000, requestsPerSecond: 0 };
  const gateway = await startTestGateway({ options: { ...options, upstream: { ...upstream, ...limits } } });
  const text = await scrape(gateway);
  expect(text).toContain(prefixed('subscriptions 0'));
  expect(text).not.toMatch(/^realtimekit_graphql_(budget|stretched)/m);
});

describe('the number of series is bounded', () => {
  const countSeries = async (metrics: ReturnType<typeof createPrometheus>): Promise<number> =>
    [...parseSamples((await metrics.expose()).text).keys()].filter((name) => name.startsWith(prefixed(''))).length;

  test('operation names beyond the first 200 are counted as "other"', async () => {
    const metrics = createPrometheus('1.2.3');
    const gateway = await startTestGateway({ options: { metrics } });
    for (let number = 0; number < 300; number += 1) await gateway.send({ query: `query N${number} { __typename }` });
    const exampleIds = parseSamples(await scrape(gateway));
    const names = [...exampleIds.keys()].filter((name) => name.startsWith(prefixed('operations_total')));
    expect(names).toHaveLength(201);
    expect(exampleIds.get(prefixed('operations_total{operation="other",kind="query",code="OK"}'))).toBe(100);
    expect(exampleIds.get(prefixed('operations_total{operation="N7",kind="query",code="OK"}'))).toBe(1);
  });

  test('whatever callers send', async () => {
    const metrics = createPrometheus('1.2.3');
    const gateway = await startTestGateway({ options: { metrics } });
    const send = async (body: unknown) => gateway.send(body);
    await send({ query: '{ __typename }' });
    await send({ query: '{' });
    await send({ query: '{ nothing }' });
    await send({ query: '{ __typename }', operationName: 'a' });
    await send([]);
    const before = await countSeries(metrics);
    const text = fc.string({ unit: 'binary' });
    const body = fc.record({ query: text, operationName: text, variables: fc.object() }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(body, async (request) => {
        await send(request);
      }),
    );
    expect((await countSeries(metrics)) - before).toBeLessThanOrEqual(3);
  });
});

describe('the dashboard', () => {
  const dashboard: unknown = JSON.parse(
    readFileSync(new URL('../../src/telemetry/dashboard.json', import.meta.url), 'utf8'),
  );
  const panels = asArray(at(dashboard, 'panels'));
  const expressions = panels.flatMap((panel) =>
    asArray(at(panel, 'targets') ?? []).map((target) => String(at(target, 'expr'))),
  );
  /** The metrics in the expressions: every name before a brace. */
  const shown = new Set(
    expressions.flatMap((expression) => [...expression.matchAll(/([a-z0-9_]+)\{/g)].map(([, name = '']) => name)),
  );

  test('shows only metrics that a gateway exposes', async () => {
    const gateway = await startWithAllMetrics();
    const exposed = namesIn(parseSamples(await scrape(gateway)));
    expect(expressions.length).toBeGreaterThan(20);
    expect(expressions.filter((expression) => !/[a-z0-9_]\{/.test(expression))).toEqual([]);
    expect([...shown].filter((name) => !exposed.has(name))).toEqual([]);
  });

  test('shows every metric of the gateway', async () => {
    const gateway = await startWithAllMetrics();
    const metrics = [...(await scrape(gateway)).matchAll(/^# TYPE (realtimekit_graphql_\w+)/gm)].map(
      ([, name]) => name,
    );
    const shownMetrics = new Set([...shown].map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect(metrics.length).toBeGreaterThan(10);
    expect(metrics.filter((name) => !shownMetrics.has(String(name)))).toEqual([]);
  });

  test('queries only the selected data source, and its panels do not overlap', () => {
    const sources = panels.map((panel) => at(panel, 'datasource', 'uid')).filter((uid) => uid !== undefined);
    expect(new Set(sources)).toEqual(new Set(['${datasource}']));
    const cells = panels.flatMap((panel) => {
      const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((key) => Number(at(panel, 'gridPos', key)));
      const columns = Array.from({ length: w ?? 0 }, (_, column) => (x ?? 0) + column);
      return columns.flatMap((column) => Array.from({ length: h ?? 0 }, (_, row) => `${column} ${(y ?? 0) + row}`));
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe('the alert rules', () => {
  const file: unknown = parse(readFileSync(new URL('../../src/telemetry/alerts.yaml', import.meta.url), 'utf8'));
  const rules = asArray(at(file, 'groups')).flatMap((group) => asArray(at(group, 'rules')));

  test('have unique names, a severity, a summary and a description', () => {
    expect(rules.length).toBeGreaterThan(5);
    expect(new Set(rules.map((rule) => at(rule, 'alert'))).size).toBe(rules.length);
    for (const rule of rules)
      expect(rule).toMatchObject({
        alert: matching(/^RealtimeKitGraphql[A-Z]\w+$/),
        labels: { severity: matching(/^(warning|critical)$/) },
        annotations: { summary: matching(/\.$/), description: matching(/\.$/) },
      });
  });

  test('use only metrics that a gateway exposes', async () => {
    const exposed = namesIn(parseSamples(await scrape(await startWithAllMetrics())));
    for (const rule of rules) {
      const used = String(at(rule, 'expr')).match(/realtimekit_graphql_\w+/g) ?? [];
      expect(used).not.toEqual([]);
      expect(used.filter((name) => !exposed.has(name))).toEqual([]);
    }
  });
});
