import { afterEach, describe, expect, test, vi } from 'vitest';

import { createOtlpTracing } from '../../src/telemetry/otlpTracer.ts';
import type { TransportRequest } from '../../src/realtimekit/transport.ts';
import { ACCOUNT, APP, present, startTestGateway, TOKEN, until } from '../support/gateway.ts';
import { type CollectedSpan, type CollectorOptions, startCollector } from './collector.ts';

const ALL = { isParentBased: true, ratio: 1 };
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A gateway that is traced, and what its collector and its upstream see. */
async function startTraced({ sampling = ALL, ...options }: CollectorOptions & { sampling?: typeof ALL } = {}) {
  const collector = await startCollector(options);
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=me');
  const warnings: unknown[] = [];
  const tracing = createOtlpTracing({ serviceName: 'ours', sampling }, (...event) => warnings.push(event));
  const sent: TransportRequest[] = [];
  const gateway = await startTestGateway({
    options: { tracer: tracing.tracer },
    intercept: (send) => async (request) => {
      sent.push(request);
      return send(request);
    },
  });
  return { collector, tracing, gateway, sent, warnings };
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  return present(spans.find((span) => span.name === name));
}

const LOOK = 'query Look($id: ID!) { meeting(id: $id) { activeLivestream { id activeSession { id } } } }';

describe('a traced operation', () => {
  test('is a span, whose parts are its batches, whose parts are their upstream requests', async () => {
    const { collector, tracing, gateway, sent } = await startTraced();
    const variables = { id: gateway.samples.liveMeetingId };
    await gateway.send({ query: LOOK, variables }, { headers: { traceparent: PARENT } });
    await tracing.close();
    const spans = collector.spans();
    const [, traceId, parentId] = PARENT.split('-');
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const operation = named(spans, 'query Look');
    expect(operation).toMatchObject({
      parentSpanId: parentId,
      kind: 2,
      isFailed: false,
      attributes: { 'graphql.operation.name': 'Look', 'graphql.operation.type': 'query' },
    });
    const batches = ['batch activeLivestream', 'batch activeSession'].map((name) => named(spans, name));
    for (const batch of batches)
      expect(batch).toMatchObject({ parentSpanId: operation.spanId, attributes: { 'graphql.batch.keys': 1 } });
    const requests = spans.filter(({ kind }) => kind === 3);
    expect(requests.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['GET /meetings/{id}/active-livestream', batches[0]?.spanId],
      ['GET /livestreams/{id}/active-livestream-session', batches[1]?.spanId],
    ]);
    expect(requests[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/meetings/{id}/active-livestream',
      'http.response.status_code': 200,
    });
    // Upstream can go on from there.
    expect(sent.map(({ headers }) => headers['traceparent'])).toEqual(
      requests.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
    );
    expect(gateway.told[0]?.fields).toMatchObject({ traceId });
  });

  test('is sent under the service’s name with the operator’s headers, and no secret and no value of a caller', async () => {
    const { collector, tracing, gateway } = await startTraced();
    const id = gateway.samples.liveLivestreamId;
    await gateway.send({ query: `{ livestream(id: "${id}") { streamKey ingestServer activeSession { id } } }` });
    await gateway.send({ query: 'query Unknown($id: ID!) { livestream(id: $id) { name } }', variables: { id: 'a b' } });
    await tracing.close();
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'ours' });
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'me' });
    expect(collector.spans().map(({ name }) => name)).toEqual(expect.arrayContaining(['query', 'query Unknown']));
    for (const secret of [TOKEN, ACCOUNT, APP, id, 'a b', '127.0.0.1']) expect(collector.text()).not.toContain(secret);
    expect(collector.text()).not.toMatch(/[0-9a-f]{64}/);
  });

  test('that fails says so by its code, as do its upstream requests', async () => {
    const { collector, tracing, gateway } = await startTraced();
    gateway.sandbox.fail([{ kind: 'status', status: 403 }]);
    await gateway.send({ query: LOOK, variables: { id: gateway.samples.liveMeetingId } });
    await gateway.send({ query: '{' });
    await tracing.close();
    const spans = collector.spans();
    expect(named(spans, 'query Look')).toMatchObject({ isFailed: true, attributes: { 'error.type': 'FORBIDDEN' } });
    expect(named(spans, 'batch activeLivestream').isFailed).toBe(true);
    expect(named(spans, 'GET /meetings/{id}/active-livestream')).toMatchObject({
      isFailed: true,
      attributes: { 'error.type': '403', 'http.response.status_code': 403 },
    });
    expect(named(spans, 'GraphQL Operation').attributes).toEqual({ 'error.type': 'GRAPHQL_PARSE_FAILED' });
  });

  test('whose whole answer is at hand is one span', async () => {
    const { collector, tracing, gateway } = await startTraced();
    const ask = async () => gateway.send({ query: LOOK, variables: { id: gateway.samples.liveMeetingId } });
    await ask();
    await ask();
    await tracing.close();
    const kept = collector.spans().filter(({ attributes }) => attributes['graphql.from_response_cache'] === true);
    expect(kept).toHaveLength(1);
    expect(collector.spans().filter(({ traceId }) => traceId === kept[0]?.traceId)).toHaveLength(1);
  });

  test.each([
    '',
    'nonsense',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ])('begins a trace of its own where it came with none: "%s"', async (traceparent) => {
    const { collector, tracing, gateway } = await startTraced();
    await gateway.send({ query: '{ __typename }' }, { headers: { traceparent } });
    await tracing.close();
    expect(named(collector.spans(), 'query')).toMatchObject({ parentSpanId: '' });
  });
});

describe('sampling', () => {
  test('what the caller’s trace leaves out is left out, and upstream is told so', async () => {
    const { collector, tracing, gateway, sent } = await startTraced();
    const traceparent = PARENT.replace(/01$/, '00');
    const variables = { id: gateway.samples.liveMeetingId };
    await gateway.send({ query: LOOK, variables }, { headers: { traceparent } });
    await tracing.close();
    expect(collector.text()).toBe('');
    expect(sent[0]?.headers['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  });

  test.each([
    [{ isParentBased: true, ratio: 0 }, {}, 0],
    [{ isParentBased: true, ratio: 0 }, { traceparent: PARENT }, 1],
    [{ isParentBased: false, ratio: 0 }, { traceparent: PARENT }, 0],
    [{ isParentBased: false, ratio: 1 }, { traceparent: PARENT.replace(/01$/, '00') }, 1],
  ])('%o with %o gives %i', async (sampling, headers, count) => {
    const { collector, tracing, gateway } = await startTraced({ sampling });
    await gateway.send({ query: '{ __typename }' }, { headers });
    await tracing.close();
    expect(collector.spans()).toHaveLength(count);
  });
});

test('an untraced operation sends upstream nothing that it was not sent before', async () => {
  const sent: TransportRequest[] = [];
  const gateway = await startTestGateway({
    intercept: (send) => async (request) => {
      sent.push(request);
      return send(request);
    },
  });
  const variables = { id: gateway.samples.liveMeetingId };
  await gateway.send({ query: LOOK, variables }, { headers: { traceparent: PARENT } });
  expect(sent.map(({ headers }) => Object.keys(headers).toSorted())).toEqual([
    ['accept', 'authorization'],
    ['accept', 'authorization'],
  ]);
});

test('what a subscription reads for its events is no part of a trace that would never end', async () => {
  const { collector, tracing, gateway } = await startTraced();
  const response = await gateway.server.fetch('http://gateway.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription Watch { livestreamUpdated { id meeting { title } } }' }),
  });
  const reader = response.body?.getReader();
  let text = '';
  while (!text.includes('event: next')) text += new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  await until(() => gateway.told.length > 0);
  await tracing.close();
  const names = collector.spans().map(({ name }) => name);
  expect(names).toContain('subscription Watch');
  expect(names).not.toContain('batch meeting');
});

test('a collector that never answers holds up neither an answer nor the end, and is told of once', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300');
  const { tracing, gateway, warnings } = await startTraced({ answers: false });
  for (let count = 0; count < 3000; count += 1) await gateway.send({ query: '{ __typename }' });
  const startedAt = performance.now();
  await tracing.close();
  expect(performance.now() - startedAt).toBeLessThan(4000);
  expect(warnings).toHaveLength(1);
});
