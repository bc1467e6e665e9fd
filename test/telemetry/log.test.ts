import { describe, expect, test } from 'vitest';

import { redactingLog } from '../../src/lib/log.ts';
import { at, present, startTestGateway, type TestGateway, until } from '../support/gateway.ts';
import { serve } from '../support/served.ts';

const START =
  'mutation Go($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';

/** What the log says of the newest operation. */
function line({ told }: TestGateway): Record<string, unknown> {
  const { message, fields } = present(told.at(-1));
  return { message, ...fields };
}

describe('each operation is one line of the log', () => {
  test('that says what it was, what came of it and what it cost, and repeats no value of the caller', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId } = gateway.samples;
    const query = 'query Look($id: ID!) { meeting(id: $id) { activeLivestream { id activeSession { id } } } }';
    const answer = await gateway.send({ query, variables: { id: liveMeetingId } });
    expect(gateway.told).toEqual([
      {
        level: 'info',
        message: 'Operation completed.',
        fields: {
          requestId: answer.headers.get('x-request-id'),
          operation: 'Look',
          kind: 'query',
          durationMs: expect.any(Number) as unknown,
          code: 'OK',
          upstreamRequests: 2,
          cacheHits: 0,
          coalesced: 0,
        },
      },
    ]);
    expect(JSON.stringify(gateway.told)).not.toContain(liveMeetingId);
  });

  test('also where the whole answer was at hand, under the name that it has', async () => {
    const gateway = await startTestGateway();
    const query = 'query Kept { livestreams(first: 1) { totalCount } }';
    await gateway.send({ query });
    await gateway.send({ query });
    expect(
      gateway.told.map(({ fields }) => [fields['operation'], fields['fromResponseCache'], fields['upstreamRequests']]),
    ).toEqual([
      ['Kept', undefined, 1],
      ['Kept', true, 0],
    ]);
  });

  test('answers from memory and from reads that are under way are counted', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId: id } = gateway.samples;
    const ask = (name: string, fields: string) =>
      gateway.send({ query: `query ${name} { livestream(id: "${id}") { ${fields} } }` });
    await Promise.all([ask('First', 'id'), ask('Second', 'status')]);
    await ask('Third', 'name');
    const costs = gateway.told.map(({ fields }) => [
      fields['upstreamRequests'],
      fields['cacheHits'],
      fields['coalesced'],
    ]);
    expect(costs.map(String).toSorted()).toEqual(['0,0,1', '0,1,0', '1,0,0']);
  });

  test('the id that a caller sends is the one that stands there', async () => {
    const gateway = await startTestGateway();
    await gateway.send({ query: '{ __typename }' }, { headers: { 'x-request-id': 'abc-1' } });
    expect(gateway.told.map(({ fields }) => fields['requestId'])).toEqual(['abc-1']);
  });

  test('a long name is cut, and one that only a parameter tells is not repeated', async () => {
    const gateway = await startTestGateway();
    await gateway.send({ query: `query ${'n'.repeat(300)} { __typename }` });
    expect(line(gateway)).toMatchObject({ operation: 'n'.repeat(100) });
    await gateway.send({ query: '{ __typename }', operationName: 'not\nthere' });
    expect(line(gateway)).toMatchObject({ operation: null, kind: null, code: 'OPERATION_RESOLUTION_FAILURE' });
  });

  test('what a mutation asks its caller to handle is told by its codes', async () => {
    const gateway = await startTestGateway();
    await gateway.send({ query: START, variables: { id: gateway.samples.liveMeetingId } });
    expect(line(gateway)).toMatchObject({ operation: 'Go', kind: 'mutation', code: 'OK', userErrors: ['CONFLICT'] });
  });

  test('several errors are told by the code of the first, and by all of them', async () => {
    const gateway = await startTestGateway();
    const { idleLivestreamId } = gateway.samples;
    gateway.sandbox.fail([{ kind: 'status', status: 403, route: '/livestreams/{livestream_id}' }]);
    await gateway.send({
      query: `{ a: livestream(id: "no id") { status } b: livestream(id: "${idleLivestreamId}") { status } }`,
    });
    expect(line(gateway)).toMatchObject({ code: 'BAD_USER_INPUT', codes: ['BAD_USER_INPUT', 'FORBIDDEN'] });
  });
});

describe('a request that never becomes an operation is a line too', () => {
  test.each([
    ['that cannot be parsed', { body: '{"query":"{"}' }, 'GRAPHQL_PARSE_FAILED'],
    ['that is not valid', { body: '{"query":"{ nothing }"}' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['that is too long', { body: JSON.stringify({ query: '#'.repeat(1_000_001) }) }, 'BAD_REQUEST'],
    ['of another content type', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 'BAD_REQUEST'],
    ['by another method', { method: 'PUT', body: '{}' }, 'BAD_REQUEST'],
  ])('one %s', async (_what, init, code) => {
    const gateway = await startTestGateway();
    await gateway.fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, ...init });
    expect(gateway.told).toHaveLength(1);
    expect(line(gateway)).toMatchObject({ message: 'Request rejected.', operation: null, kind: null, code });
  });

  test('one that nobody is let in with', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    await gateway.send({ query: '{ __typename }' });
    expect(line(gateway)).toMatchObject({ operation: null, code: 'UNAUTHENTICATED' });
  });

  test('one for a name that is not this machine’s', async () => {
    const gateway = await startTestGateway({ options: { localOnly: true } });
    await gateway.send({ query: '{ __typename }' });
    expect(line(gateway)).toMatchObject({ code: 'BAD_REQUEST', status: 421 });
  });

  test('what is no GraphQL at all is none', async () => {
    const gateway = await startTestGateway();
    for (const path of ['/health', '/ready', '/metrics', '/nothing']) await gateway.fetch(path);
    expect(gateway.told).toEqual([]);
  });
});

describe('a subscription is one line when it ends', () => {
  test('with how many events it had', async () => {
    const gateway = await startTestGateway();
    const leaving = new AbortController();
    const response = await gateway.server.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: WATCH, variables: { id: gateway.samples.liveLivestreamId } }),
      signal: leaving.signal,
    });
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('event: next')) text += decoder.decode((await reader?.read())?.value);
    expect(gateway.told).toEqual([]);
    await reader?.cancel();
    leaving.abort();
    await until(() => gateway.told.length > 0);
    expect(line(gateway)).toMatchObject({
      message: 'Subscription ended.',
      operation: 'Watch',
      kind: 'subscription',
      code: 'OK',
      events: 1,
    });
  });

  test('that of a gateway that ends says that it broke off', async () => {
    const gateway = await startTestGateway();
    const { url } = await serve(gateway);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: WATCH, variables: { id: gateway.samples.liveLivestreamId } }),
    });
    await until(() => gateway.server.subscriptionCount() === 1);
    const over = response.text().catch(() => 'broken off');
    gateway.server.endSubscriptions();
    await over;
    await until(() => gateway.told.length > 0);
    expect(line(gateway)).toMatchObject({ kind: 'subscription', code: 'STREAM_TERMINATED' });
  });

  test('over a WebSocket each operation is a line, as is the opening', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serve(gateway);
    const socket = new WebSocket(socketUrl, 'graphql-transport-ws');
    const messages: unknown[] = [];
    socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))));
    const say = (message: object) => socket.send(JSON.stringify(message));
    socket.addEventListener('open', () => say({ type: 'connection_init' }));
    await until(() => messages.length === 1);
    say({ id: '1', type: 'subscribe', payload: { query: 'query Asked { __typename }' } });
    await until(() => messages.length === 3);
    expect(messages.map((message) => at(message, 'type'))).toEqual(['connection_ack', 'next', 'complete']);
    expect(gateway.told.map(({ fields }) => fields['operation'])).toEqual(['ConnectionInit', 'Asked']);
    socket.close();
  });
});

const WATCH = 'subscription Watch($id: ID!) { livestreamUpdated(livestreamId: $id) { id } }';

test('a log that shows none of it is not even given it', async () => {
  const lines: string[] = [];
  const write = (_level: string, message: string) => lines.push(message);
  const log = Object.assign(write, { isEnabled: (level: string) => level !== 'info' });
  const gateway = await startTestGateway({ options: { log } });
  await gateway.send({ query: '{ __typename }' });
  expect(lines).toEqual([]);
});

test('a log without secrets shows as much as the one that it writes to', () => {
  const log = Object.assign(() => {}, { isEnabled: (level: string) => level === 'error' });
  const { isEnabled } = redactingLog(log, []);
  expect([isEnabled?.('info'), isEnabled?.('error')]).toEqual([false, true]);
});
