import { describe, expect, test } from 'vitest';

import { createOtlpTracing } from '../../src/telemetry/otlpTracer.ts';
import type { TransportRequest } from '../../src/realtimekit/transport.ts';
import { ACCOUNT, APP, nonNull, startTestGateway, TOKEN, waitUntil } from '../support/gateway.ts';
import { type CollectedSpan, type CollectorOptions, startCollector } from './collector.ts';

const SAMPLE_ALL = { isParentBased: true, ratio: 1 };
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** Starts a gateway that sends its traces to a collector, and records its upstream requests. */
async function startTraced({
  sampling = SAMPLE_ALL,
  timeoutMs = 10_000,
  ...options
}: CollectorOptions & { sampling?: typeof SAMPLE_ALL; timeoutMs?: number } = {}) {
  const collector = await startCollector(options);
  const warnings: unknown[] = [];
  const settings = {
    resourceAttributes: { 'service.name': 'ours' },
    sampling,
    collector: { url: `${collector.url}/v1/traces`, headers: { 'x-tenant': 'me' }, timeoutMs },
  };
  const tracing = createOtlpTracing(settings, (...event) => warnings.push(event));
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

function spanNamed(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  return nonNull(spans.find((span) => span.name === name));
}

const ACTIVE = 'query Active($id: ID!) { meeting(id: $id) { activeLivestream { id activeSession { id } } } }';

describe('the trace of an operation', () => {
  test('has a span for the operation, with spans for its batches, with spans for their upstream requests', async () => {
    const { collector, tracing, gateway, sent } = await startTraced();
    const variables = { id: gateway.exampleIds.liveMeetingId };
    await gateway.send({ query: ACTIVE, variables }, { headers: { traceparent: TRACEPARENT } });
    await tracing.close();
    const spans = collector.spans();
    const [, traceId, parentId] = TRACEPARENT.split('-');
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const operation = spanNamed(spans, 'query Active');
    expect(operation).toMatchObject({
      parentSpanId: parentId,
      kind: 2,
      isFailed: false,
      attributes: { 'graphql.operation.name': 'Active', 'graphql.operation.type': 'query' },
    });
    const batches = ['batch activeLivestream', 'batch activeSession'].map((name) => spanNamed(spans, name));
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
    // RealtimeKit can continue the trace.
    expect(sent.map(({ headers }) => headers['traceparent'])).toEqual(
      requests.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
    );
    expect(gateway.operationLogs[0]?.fields).toMatchObject({ traceId });
  });

  test('is sent with the configured service name and headers, and contains no secrets and no values from callers', async () => {
    const { collector, tracing, gateway } = await startTraced();
    const id = gateway.exampleIds.liveLivestreamId;
    await gateway.send({ query: `{ livestream(id: "${id}") { streamKey ingestServer activeSession { id } } }` });
    await gateway.send({ query: 'query Unknown($id: ID!) { livestream(id: $id) { name } }', variables: { id: 'a b' } });
    await tracing.close();
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'ours' });
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'me' });
    expect(collector.spans().map(({ name }) => name)).toEqual(expect.arrayContaining(['query', 'query Unknown']));
    for (const secret of [TOKEN, ACCOUNT, APP, id, 'a b', '127.0.0.1']) expect(collector.text()).not.toContain(secret);
    expect(collector.text()).not.toMatch(/[0-9a-f]{64}/);
  });

  test('marks failed operations, batches and upstream requests with an error code', async () => {
    const { collector, tracing, gateway } = await startTraced();
    gateway.sandbox.setFaults([{ kind: 'status', status: 403 }]);
    await gateway.send({ query: ACTIVE, variables: { id: gateway.exampleIds.liveMeetingId } });
    await gateway.send({ query: '{' });
    await tracing.close();
    const spans = collector.spans();
    expect(spanNamed(spans, 'query Active')).toMatchObject({
      isFailed: true,
      attributes: { 'error.type': 'UPSTREAM_INVALID_RESPONSE' },
    });
    expect(spanNamed(spans, 'batch activeLivestream').isFailed).toBe(true);
    expect(spanNamed(spans, 'GET /meetings/{id}/active-livestream')).toMatchObject({
      isFailed: true,
      attributes: { 'error.type': '403', 'http.response.status_code': 403 },
    });
    expect(spanNamed(spans, 'GraphQL Operation').attributes).toEqual({ 'error.type': 'GRAPHQL_PARSE_FAILED' });
  });

  test('has a single span if the response comes from the response cache', async () => {
    const { collector, tracing, gateway } = await startTraced();
    const send = async () => gateway.send({ query: ACTIVE, variables: { id: gateway.exampleIds.liveMeetingId } });
    await send();
    await send();
    await tracing.close();
    const cached = collector.spans().filter(({ attributes }) => attributes['graphql.from_response_cache'] === true);
    expect(cached).toHaveLength(1);
    expect(collector.spans().filter(({ traceId }) => traceId === cached[0]?.traceId)).toHaveLength(1);
  });

  test.each([
    '',
    'nonsense',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ])('starts a new trace without a valid traceparent header: "%s"', async (traceparent) => {
    const { collector, tracing, gateway } = await startTraced();
    await gateway.send({ query: '{ __typename }' }, { headers: { traceparent } });
    await tracing.close();
    expect(spanNamed(collector.spans(), 'query')).toMatchObject({ parentSpanId: '' });
  });
});

describe('sampling', () => {
  test('follows the decision of the caller, and passes it on to RealtimeKit', async () => {
    const { collector, tracing, gateway, sent } = await startTraced();
    const traceparent = TRACEPARENT.replace(/01$/, '00');
    const variables = { id: gateway.exampleIds.liveMeetingId };
    await gateway.send({ query: ACTIVE, variables }, { headers: { traceparent } });
    await tracing.close();
    expect(collector.text()).toBe('');
    expect(sent[0]?.headers['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  });

  test.each([
    [{ isParentBased: true, ratio: 0 }, {}, 0],
    [{ isParentBased: true, ratio: 0 }, { traceparent: TRACEPARENT }, 1],
    [{ isParentBased: false, ratio: 0 }, { traceparent: TRACEPARENT }, 0],
    [{ isParentBased: false, ratio: 1 }, { traceparent: TRACEPARENT.replace(/01$/, '00') }, 1],
  ])('with the settings %o and the headers %o exports %i spans', async (sampling, headers, count) => {
    const { collector, tracing, gateway } = await startTraced({ sampling });
    await gateway.send({ query: '{ __typename }' }, { headers });
    await tracing.close();
    expect(collector.spans()).toHaveLength(count);
  });
});

test('without tracing, upstream requests have no traceparent header', async () => {
  const sent: TransportRequest[] = [];
  const gateway = await startTestGateway({
    intercept: (send) => async (request) => {
      sent.push(request);
      return send(request);
    },
  });
  const variables = { id: gateway.exampleIds.liveMeetingId };
  await gateway.send({ query: ACTIVE, variables }, { headers: { traceparent: TRACEPARENT } });
  expect(sent.map(({ headers }) => Object.keys(headers).toSorted())).toEqual([
    ['accept', 'authorization'],
    ['accept', 'authorization'],
  ]);
});

test('reads for the events of a subscription are not part of its trace', async () => {
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
  await waitUntil(() => gateway.operationLogs.length > 0);
  await tracing.close();
  const names = collector.spans().map(({ name }) => name);
  expect(names).toContain('subscription Watch');
  expect(names).not.toContain('batch meeting');
});

test('a collector that sends no responses delays neither operations nor the shutdown, and is logged once', async () => {
  const { tracing, gateway, warnings } = await startTraced({ sendsResponses: false, timeoutMs: 300 });
  for (let count = 0; count < 3000; count += 1) await gateway.send({ query: '{ __typename }' });
  const startedAt = performance.now();
  await tracing.close();
  expect(performance.now() - startedAt).toBeLessThan(4000);
  expect(warnings).toHaveLength(1);
});
