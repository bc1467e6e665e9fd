import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';

import { at, startTestGateway, type TestGateway, type TestResponse, waitUntil } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const SESSIONS = '{ livestreams(first: 50, filter: { status: LIVE }) { nodes { id activeSession { id } } } }';
const LIVESTREAM = 'query ($id: ID!) { livestream(id: $id) { name } }';
const START = 'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { userErrors { code } } }';
const TOO_EXPENSIVE = '{ meetings(first: 100) { nodes { livestreams(first: 5) { nodes { activeSession { id } } } } } }';

/** Sends an operation with the variable `id` and the header `x-cost: 1`. */
async function sendWithCost(gateway: TestGateway, query: string, id = '', headers: Record<string, string> = {}) {
  return gateway.send({ query, variables: { id } }, { headers: { 'x-cost': '1', ...headers } });
}

const extensionsOf = ({ text }: TestResponse): unknown => at(JSON.parse(text), 'extensions');
const costOf = (response: TestResponse): unknown => at(extensionsOf(response), 'cost');

/** The cost of a response, with a full budget but for `spent` requests. */
function expectedCost(gateway: TestGateway, requested: number, actual: number, spent = actual): object {
  const resetsAt = new Date(gateway.clock.now() + 300_000).toISOString();
  return { requested, actual, budget: { remaining: 1200 - spent, limit: 1200, resetsAt } };
}

describe('the cost of an operation', () => {
  test('says what the schema says, what was sent and what is left of the budget', async () => {
    const gateway = await startTestGateway();
    const response = await sendWithCost(gateway, SESSIONS);
    expect(response.errors).toEqual([]);
    expect(extensionsOf(response)).toEqual({ cost: expectedCost(gateway, 51, 51) });
    expect(gateway.upstreamRequests()).toHaveLength(51);
  });

  test('has a budget as in the schema', async () => {
    const gateway = await startTestGateway();
    await sendWithCost(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    const response = await sendWithCost(gateway, '{ upstreamBudget { limit remaining resetsAt } }');
    expect(costOf(response)).toEqual({ requested: 0, actual: 0, budget: at(response.data, 'upstreamBudget') });
  });

  test('is added to a response from the response cache, where nothing was sent', async () => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.liveLivestreamId;
    const plain = await gateway.send({ query: LIVESTREAM, variables: { id } });
    const response = await sendWithCost(gateway, LIVESTREAM, id);
    expect(JSON.parse(response.text)).toEqual({
      data: plain.data,
      extensions: { cost: expectedCost(gateway, 1, 0, 1) },
    });
    expect(gateway.operationLogs.map(({ fields }) => fields['fromResponseCache'])).toEqual([undefined, true]);
  });

  test('is no part of what the response cache stores', async () => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.liveLivestreamId;
    const first = await sendWithCost(gateway, LIVESTREAM, id);
    const plain = await gateway.send({ query: LIVESTREAM, variables: { id } });
    const second = await sendWithCost(gateway, LIVESTREAM, id);
    expect(JSON.parse(plain.text)).toEqual({ data: first.data });
    expect([costOf(first), costOf(second)]).toEqual([expectedCost(gateway, 1, 1), expectedCost(gateway, 1, 0, 1)]);
    expect(gateway.operationLogs.map(({ fields }) => fields['fromResponseCache'])).toEqual([undefined, true, true]);
  });

  test('has the budget of the moment, however often a cached response is asked for', async () => {
    const gateway = await startTestGateway();
    const { endedSessionId, liveLivestreamId } = gateway.exampleIds;
    const session = 'query ($id: ID!) { livestreamSession(id: $id) { id } }';
    const costs = [
      await sendWithCost(gateway, session, endedSessionId),
      await sendWithCost(gateway, session, endedSessionId),
      await sendWithCost(gateway, session, endedSessionId),
    ];
    await gateway.send({ query: LIVESTREAM, variables: { id: liveLivestreamId } });
    costs.push(await sendWithCost(gateway, session, endedSessionId));
    expect(costs.map((response) => at(costOf(response), 'budget', 'remaining'))).toEqual([1199, 1199, 1199, 1198]);
    expect(costs.map((response) => at(costOf(response), 'actual'))).toEqual([1, 0, 0, 0]);
  });

  test('depends on the variables', async () => {
    const gateway = await startTestGateway();
    const query = 'query ($n: Int!) { livestreams(first: $n) { nodes { activeSession { id } } } }';
    const requested = async (n: number) =>
      at(costOf(await gateway.send({ query, variables: { n } }, { headers: { 'x-cost': '1' } })), 'requested');
    expect([await requested(3), await requested(7), await requested(3)]).toEqual([4, 8, 4]);
  });

  test('comes together with the upstream report', async () => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.liveLivestreamId;
    const response = await sendWithCost(gateway, LIVESTREAM, id, { 'x-upstream-report': '1' });
    expect(extensionsOf(response)).toMatchObject({ upstream: { requests: 1 }, cost: expectedCost(gateway, 1, 1) });
  });

  test('is added to a mutation', async () => {
    const gateway = await startTestGateway();
    const response = await sendWithCost(gateway, START, gateway.exampleIds.emptyMeetingId);
    expect(at(response.data, 'startLivestream', 'userErrors')).toEqual([]);
    expect(costOf(response)).toEqual(expectedCost(gateway, 2, 1));
  });

  test('is added to a result with errors, with the requests that failed', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 501, times: 1 }]);
    const response = await sendWithCost(gateway, LIVESTREAM, gateway.exampleIds.liveLivestreamId);
    expect([response.data, response.errors.length]).toEqual([{ livestream: null }, 1]);
    expect(costOf(response)).toEqual(expectedCost(gateway, 1, 1));
  });

  test('is added to the error of an operation that costs too much', async () => {
    const gateway = await startTestGateway();
    const response = await sendWithCost(gateway, TOO_EXPENSIVE);
    expect(response.errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_EXPENSIVE']);
    expect(costOf(response)).toEqual(expectedCost(gateway, 1 + 100 * (1 + 5), 0));
  });

  test('is absent where it is not known: from a document or variables that are invalid', async () => {
    const gateway = await startTestGateway();
    const bodies = [{ query: '{' }, { query: '{ nothing }' }, { query: LIVESTREAM }];
    for (const body of bodies) {
      const response = await gateway.send(body, { headers: { 'x-cost': '1' } });
      expect([response.errors.length, extensionsOf(response)]).toEqual([1, undefined]);
    }
  });

  test('is absent without the header', async () => {
    const gateway = await startTestGateway();
    const variables = { id: gateway.exampleIds.liveLivestreamId };
    const texts = [
      (await gateway.send({ query: LIVESTREAM, variables })).text,
      (await gateway.send({ query: LIVESTREAM, variables })).text,
      (await gateway.send({ query: TOO_EXPENSIVE })).text,
    ];
    expect(texts.map((text) => at(JSON.parse(text), 'extensions'))).toEqual([undefined, undefined, undefined]);
  });

  test('is absent where the operator does not allow it', async () => {
    const gateway = await startTestGateway({ options: { costReport: false } });
    const id = gateway.exampleIds.liveLivestreamId;
    for (const query of [LIVESTREAM, LIVESTREAM, TOO_EXPENSIVE])
      expect(extensionsOf(await sendWithCost(gateway, query, id))).toBeUndefined();
  });

  test.each(['', '0', 'true', '1, 1', '1, estimate', 'Estimate', 'ESTIMATE', 'dry-run'])(
    'is refused for another value, because it may be meant to be a dry run: "%s"',
    async (value) => {
      const gateway = await startTestGateway();
      const variables = { id: gateway.exampleIds.emptyMeetingId };
      const response = await gateway.send({ query: START, variables }, { headers: { 'x-cost': value } });
      expect([response.status, response.errors]).toEqual([
        400,
        [
          {
            message: 'The header "x-cost" must be "1" or "estimate".',
            extensions: { code: 'BAD_REQUEST', retryable: false },
          },
        ],
      ]);
      expect(gateway.upstreamRequests()).toEqual([]);
    },
  );

  test('can be asked for by pages of other origins that the operator allows', async () => {
    const origin = 'https://app.example';
    const gateway = await startTestGateway({ options: { corsOrigins: [origin] } });
    const headers = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-cost',
    };
    const preflight = await gateway.fetch('/graphql', { method: 'OPTIONS', headers });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-cost');
    const response = await sendWithCost(gateway, '{ __typename }', '', { origin });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(costOf(response)).toEqual(expectedCost(gateway, 0, 0));
  });
});

describe('the cost of a subscription', () => {
  test('is that of each event: the requests for its fields, without those of polling', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const id = gateway.exampleIds.liveMeetingId;
    const query = `subscription { livestreamUpdated(meetingId: "${id}") { status meeting { title } } }`;
    const connection = new AbortController();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-cost': '1' },
      body: JSON.stringify({ query }),
      signal: connection.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('data: {')) text += (await reader?.read())?.value ?? '';
    const event: unknown = JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '');
    expect(at(event, 'data', 'livestreamUpdated')).toMatchObject({ status: 'LIVE', meeting: {} });
    // The polls are sent for all subscribers.
    expect(at(event, 'extensions', 'cost')).toMatchObject({ requested: 3, actual: 1 });
    expect(gateway.upstreamRequests().length).toBeGreaterThan(1);
    connection.abort();
    await reader?.cancel().catch(() => {});
    await waitUntil(() => gateway.server.subscriptionCount() === 0);
  });

  test('can be asked for over a WebSocket, by the parameters of the connection', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway);
    const client = createClient({ url: socketUrl, connectionParams: { 'x-cost': '1' } });
    onTestFinished(() => void client.dispose());
    expect(await client.iterate({ query: '{ livestreams(first: 1) { totalCount } }' }).next()).toMatchObject({
      value: { data: { livestreams: { totalCount: 320 } }, extensions: { cost: expectedCost(gateway, 1, 1) } },
    });
  });
});
