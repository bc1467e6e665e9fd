import { describe, expect, test } from 'vitest';

import { redactingLog } from '../../src/lib/log.ts';
import { at, nonNull, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const START =
  'mutation Go($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';

/** The last log entry about an operation. */
function lastEntry({ operationLogs }: TestGateway): Record<string, unknown> {
  const { message, fields } = nonNull(operationLogs.at(-1));
  return { message, ...fields };
}

describe('the log entry of an operation', () => {
  test('contains the operation, its outcome and its upstream cost, but no values from the caller', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId } = gateway.exampleIds;
    const query = 'query Active($id: ID!) { meeting(id: $id) { activeLivestream { id activeSession { id } } } }';
    const response = await gateway.send({ query, variables: { id: liveMeetingId } });
    expect(gateway.operationLogs).toEqual([
      {
        level: 'info',
        message: 'Operation completed.',
        fields: {
          requestId: response.headers.get('x-request-id'),
          operation: 'Active',
          kind: 'query',
          durationMs: expect.any(Number) as unknown,
          code: 'OK',
          upstreamRequests: 2,
          cacheHits: 0,
          coalesced: 0,
        },
      },
    ]);
    expect(JSON.stringify(gateway.operationLogs)).not.toContain(liveMeetingId);
  });

  test('is written with the operation name for a response from the response cache, too', async () => {
    const gateway = await startTestGateway();
    const query = 'query Cached { livestreams(first: 1) { totalCount } }';
    await gateway.send({ query });
    await gateway.send({ query });
    expect(
      gateway.operationLogs.map(({ fields }) => [
        fields['operation'],
        fields['fromResponseCache'],
        fields['upstreamRequests'],
      ]),
    ).toEqual([
      ['Cached', undefined, 1],
      ['Cached', true, 0],
    ]);
  });

  test('counts cache hits and coalesced reads', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId: id } = gateway.exampleIds;
    const send = (name: string, fields: string) =>
      gateway.send({ query: `query ${name} { livestream(id: "${id}") { ${fields} } }` });
    await Promise.all([send('First', 'id'), send('Second', 'status')]);
    await send('Third', 'name');
    const costs = gateway.operationLogs.map(({ fields }) => [
      fields['upstreamRequests'],
      fields['cacheHits'],
      fields['coalesced'],
    ]);
    expect(costs.map(String).toSorted()).toEqual(['0,0,1', '0,1,0', '1,0,0']);
  });

  test('contains the request id that the caller sent', async () => {
    const gateway = await startTestGateway();
    await gateway.send({ query: '{ __typename }' }, { headers: { 'x-request-id': 'abc-1' } });
    expect(gateway.operationLogs.map(({ fields }) => fields['requestId'])).toEqual(['abc-1']);
  });

  test('contains at most 100 characters of the operation name, and no name that is only in "operationName"', async () => {
    const gateway = await startTestGateway();
    await gateway.send({ query: `query ${'n'.repeat(300)} { __typename }` });
    expect(lastEntry(gateway)).toMatchObject({ operation: 'n'.repeat(100) });
    await gateway.send({ query: '{ __typename }', operationName: 'not\nthere' });
    expect(lastEntry(gateway)).toMatchObject({ operation: null, kind: null, code: 'OPERATION_RESOLUTION_FAILURE' });
  });

  test("contains the codes of a mutation's userErrors", async () => {
    const gateway = await startTestGateway();
    await gateway.send({ query: START, variables: { id: gateway.exampleIds.liveMeetingId } });
    expect(lastEntry(gateway)).toMatchObject({
      operation: 'Go',
      kind: 'mutation',
      code: 'OK',
      userErrors: ['CONFLICT'],
    });
  });

  test('contains the code of the first error and, if there are several, all codes', async () => {
    const gateway = await startTestGateway();
    const { idleLivestreamId } = gateway.exampleIds;
    gateway.sandbox.setFaults([{ kind: 'status', status: 403, route: '/livestreams/{livestream_id}' }]);
    await gateway.send({
      query: `{ a: livestream(id: "no id") { status } b: livestream(id: "${idleLivestreamId}") { status } }`,
    });
    expect(lastEntry(gateway)).toMatchObject({
      code: 'BAD_USER_INPUT',
      codes: ['BAD_USER_INPUT', 'UPSTREAM_INVALID_RESPONSE'],
    });
  });
});

describe('the log entry of a rejected request', () => {
  test.each([
    ['with a syntax error', { body: '{"query":"{"}' }, 'GRAPHQL_PARSE_FAILED'],
    ['with an unknown field', { body: '{"query":"{ nothing }"}' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['with a query that is too long', { body: JSON.stringify({ query: '#'.repeat(1_000_001) }) }, 'BAD_REQUEST'],
    ['with another content type', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 'BAD_REQUEST'],
    ['with the method PUT', { method: 'PUT', body: '{}' }, 'BAD_REQUEST'],
  ])('is written for a request %s', async (_case, init, code) => {
    const gateway = await startTestGateway();
    await gateway.fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, ...init });
    expect(gateway.operationLogs).toHaveLength(1);
    expect(lastEntry(gateway)).toMatchObject({ message: 'Request rejected.', operation: null, kind: null, code });
  });

  test('is written for a request without a credential', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    await gateway.send({ query: '{ __typename }' });
    expect(lastEntry(gateway)).toMatchObject({ operation: null, code: 'UNAUTHENTICATED' });
  });

  test('is written for a request with the Host of another machine', async () => {
    const gateway = await startTestGateway({ options: { localOnly: true } });
    await gateway.send({ query: '{ __typename }' });
    expect(lastEntry(gateway)).toMatchObject({ code: 'BAD_REQUEST', status: 421 });
  });

  test('is not written for requests to other paths', async () => {
    const gateway = await startTestGateway();
    for (const path of ['/health', '/ready', '/metrics', '/nothing']) await gateway.fetch(path);
    expect(gateway.operationLogs).toEqual([]);
  });
});

describe('the log entry of a subscription', () => {
  test('is written at its end, with the number of events', async () => {
    const gateway = await startTestGateway();
    const cancellation = new AbortController();
    const response = await gateway.server.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: WATCH, variables: { id: gateway.exampleIds.liveLivestreamId } }),
      signal: cancellation.signal,
    });
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('event: next')) text += decoder.decode((await reader?.read())?.value);
    expect(gateway.operationLogs).toEqual([]);
    await reader?.cancel();
    cancellation.abort();
    await waitUntil(() => gateway.operationLogs.length > 0);
    expect(lastEntry(gateway)).toMatchObject({
      message: 'Subscription ended.',
      operation: 'Watch',
      kind: 'subscription',
      code: 'OK',
      events: 1,
    });
  });

  test.each(['over HTTP', 'where requests are passed to `fetch`'])(
    'is written if its client leaves before the first response of RealtimeKit, and nothing is left behind: %s',
    async (way) => {
      const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
      const { url } = await serveGateway(gateway);
      const cancellation = new AbortController();
      const request = new Request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query: WATCH, variables: { id: gateway.exampleIds.liveLivestreamId } }),
        signal: cancellation.signal,
      });
      const response = Promise.resolve(way === 'over HTTP' ? fetch(request) : gateway.server.fetch(request));
      await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
      cancellation.abort();
      await response.catch(() => {});
      await expect
        .poll(() => gateway.operationLogs)
        .toMatchObject([
          {
            message: 'Subscription ended.',
            fields: { operation: 'Watch', kind: 'subscription', code: 'OK', events: 0 },
          },
        ]);
      await expect.poll(() => [gateway.clock.pending(), gateway.server.subscriptionCount()]).toEqual([0, 0]);
      expect(gateway.logs).toEqual([]);
    },
  );

  test('has the code STREAM_TERMINATED when the gateway ends the subscription', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: WATCH, variables: { id: gateway.exampleIds.liveLivestreamId } }),
    });
    await waitUntil(() => gateway.server.subscriptionCount() === 1);
    const ended = response.text().catch(() => 'cut off');
    gateway.server.endSubscriptions();
    await ended;
    await waitUntil(() => gateway.operationLogs.length > 0);
    expect(lastEntry(gateway)).toMatchObject({ kind: 'subscription', code: 'STREAM_TERMINATED' });
  });

  test('is written for each operation over a WebSocket, and for the opening of the connection', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway);
    const socket = new WebSocket(socketUrl, 'graphql-transport-ws');
    const messages: unknown[] = [];
    socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))));
    const sendMessage = (message: object) => socket.send(JSON.stringify(message));
    socket.addEventListener('open', () => sendMessage({ type: 'connection_init' }));
    await waitUntil(() => messages.length === 1);
    sendMessage({ id: '1', type: 'subscribe', payload: { query: 'query OverSocket { __typename }' } });
    await waitUntil(() => messages.length === 3);
    expect(messages.map((message) => at(message, 'type'))).toEqual(['connection_ack', 'next', 'complete']);
    expect(gateway.operationLogs.map(({ fields }) => fields['operation'])).toEqual(['ConnectionInit', 'OverSocket']);
    socket.close();
  });
});

const WATCH = 'subscription Watch($id: ID!) { livestreamUpdated(livestreamId: $id) { id } }';

test('operations are not passed to a log whose level "info" is disabled', async () => {
  const messages: string[] = [];
  const write = (_level: string, message: string) => messages.push(message);
  const log = Object.assign(write, { isEnabled: (level: string) => level !== 'info' });
  const gateway = await startTestGateway({ options: { log } });
  await gateway.send({ query: '{ __typename }' });
  expect(messages).toEqual([]);
});

test('a redacting log has the same enabled levels as the log that it wraps', () => {
  const log = Object.assign(() => {}, { isEnabled: (level: string) => level === 'error' });
  const { isEnabled } = redactingLog(log, []);
  expect([isEnabled?.('info'), isEnabled?.('error')]).toEqual([false, true]);
});
