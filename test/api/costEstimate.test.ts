import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import { at, matching, startTestGateway, type TestGateway, type TestResponse } from '../support/gateway.ts';
import { codesOf } from '../support/recordingGateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const ESTIMATE = { 'x-cost': 'estimate' };
const SESSIONS = '{ livestreams(first: 50) { nodes { id activeSession { id } } } }';
const START = `mutation ($id: ID!) {
  startLivestream(input: { meetingId: $id }) { livestream { status } meeting { title } userErrors { code } }
}`;
const STOP = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';
const TOO_EXPENSIVE = '{ meetings(first: 100) { nodes { livestreams(first: 5) { nodes { activeSession { id } } } } } }';

async function estimate(gateway: TestGateway, query: string, variables = {}): Promise<TestResponse> {
  return gateway.send({ query, variables }, { headers: ESTIMATE });
}

const costOf = ({ text }: TestResponse): unknown => at(JSON.parse(text), 'extensions', 'cost');

function fullBudget(gateway: TestGateway): object {
  return { remaining: 1200, limit: 1200, resetsAt: new Date(gateway.clock.now() + 300_000).toISOString() };
}

describe('the dry run of an operation', () => {
  test('answers with what it costs by the schema, and which field costs what', async () => {
    const gateway = await startTestGateway();
    const response = await estimate(gateway, SESSIONS);
    expect(response.status).toBe(200);
    expect(JSON.parse(response.text)).toEqual({
      data: null,
      extensions: {
        cost: {
          requested: 51,
          plan: [
            { path: 'livestreams', requests: 1 },
            { path: 'livestreams.nodes.activeSession', requests: 50 },
          ],
          budget: fullBudget(gateway),
        },
      },
    });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('has the same status for clients that accept "application/graphql-response+json"', async () => {
    const gateway = await startTestGateway();
    const headers = { ...ESTIMATE, accept: 'application/graphql-response+json' };
    const response = await gateway.send({ query: SESSIONS }, { headers });
    expect([response.status, response.data, at(costOf(response), 'requested')]).toEqual([200, null, 51]);
  });

  test('lists paths by aliases, in the order of the document, without fields that cost nothing', async () => {
    const gateway = await startTestGateway();
    const query = `query ($with: Boolean!, $n: Int) {
      upstreamBudget { remaining }
      b: livestream(id: "b") { ...F }
      a: livestream(id: "a") { name @skip(if: $with) activeSession @include(if: $with) { id } }
      meetings(first: $n, after: "YWZ0ZXI6Mg==") { nodes { title live: activeLivestream { meeting { id } } } }
      __typename
    }
    fragment F on Livestream { sessions(first: 3) { nodes { id } pageInfo { hasNextPage } } }`;
    const response = await estimate(gateway, query, { with: true, n: 10 });
    expect(at(costOf(response), 'plan')).toEqual([
      { path: 'b', requests: 1 },
      { path: 'b.sessions', requests: 1 },
      { path: 'b.sessions.nodes', requests: 3 },
      { path: 'a', requests: 1 },
      { path: 'a.activeSession', requests: 1 },
      { path: 'meetings', requests: 2 },
      // One more than the meetings: a list that may be read in vain.
      { path: 'meetings.nodes.live', requests: 11 },
      { path: 'meetings.nodes.live.meeting', requests: 11 },
    ]);
    expect(at(costOf(response), 'requested')).toBe(31);
  });

  test('counts each representation of _entities by its type', async () => {
    const gateway = await startTestGateway();
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on LivestreamSession { livestream { name } } ... on Meeting { activeLivestream { id } }
    } }`;
    const r = ['Meeting', 'LivestreamSession', 'Meeting'].map((__typename, index) => ({ __typename, id: `${index}` }));
    expect(at(costOf(await estimate(gateway, query, { r })), 'plan')).toEqual([
      { path: '_entities', requests: 3 },
      { path: '_entities.activeLivestream', requests: 2 },
      { path: '_entities.livestream', requests: 2 },
    ]);
  });

  test('never starts or stops a livestream', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId } = gateway.exampleIds;
    const start = await estimate(gateway, START, { id: emptyMeetingId });
    const stop = await estimate(gateway, STOP, { id: liveMeetingId });
    expect([start, stop].map(({ data }) => data)).toEqual([null, null]);
    expect([start, stop].map((response) => at(costOf(response), 'requested'))).toEqual([3, 1]);
    expect(gateway.upstreamRequests()).toEqual([]);
    const active = 'query ($id: ID!) { meeting(id: $id) { activeLivestream { status } } }';
    const statusOf = async (id: string) =>
      at((await gateway.send({ query: active, variables: { id } })).data, 'meeting', 'activeLivestream', 'status');
    expect([await statusOf(emptyMeetingId), await statusOf(liveMeetingId)]).toEqual([undefined, 'LIVE']);
  });

  test('of a mutation by GET is rejected as the mutation is', async () => {
    const gateway = await startTestGateway();
    const query = encodeURIComponent('mutation { stopLivestream(input: { meetingId: "a" }) { userErrors { code } } }');
    const response = await gateway.fetch(`/graphql?query=${query}`, {
      headers: { accept: 'application/json', ...ESTIMATE },
    });
    expect([response.status, gateway.upstreamRequests()]).toEqual([405, []]);
  });

  test('is no part of the response cache, and not answered from it', async () => {
    const gateway = await startTestGateway();
    const query = '{ livestreams(first: 2) { totalCount } }';
    const [dry] = [await estimate(gateway, query), await gateway.send({ query })];
    const again = await estimate(gateway, query);
    const plain = await gateway.send({ query });
    expect([dry, again].map(({ data }) => data)).toEqual([null, null]);
    expect(plain.text).toBe('{"data":{"livestreams":{"totalCount":320}}}');
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });

  test('reports the errors of an invalid document or invalid variables as usual', async () => {
    const gateway = await startTestGateway();
    const responses = [
      await estimate(gateway, '{'),
      await estimate(gateway, '{ nothing }'),
      await estimate(gateway, START, {}),
      await estimate(gateway, 'query A { __typename } query B { __typename }'),
    ];
    expect(responses.flatMap(codesOf)).toEqual([
      'GRAPHQL_PARSE_FAILED',
      'GRAPHQL_VALIDATION_FAILED',
      'BAD_USER_INPUT',
      'OPERATION_RESOLUTION_FAILURE',
    ]);
    expect(responses.map(costOf)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('reports the error of an operation that costs too much, and what it costs', async () => {
    const gateway = await startTestGateway();
    const response = await estimate(gateway, TOO_EXPENSIVE);
    expect(response.errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_EXPENSIVE']);
    expect(costOf(response)).toEqual({
      requested: 601,
      plan: [
        { path: 'meetings', requests: 1 },
        { path: 'meetings.nodes.livestreams', requests: 100 },
        { path: 'meetings.nodes.livestreams.nodes.activeSession', requests: 500 },
      ],
      budget: fullBudget(gateway),
    });
  });

  test('of a subscription is one result, and subscribes to nothing', async () => {
    const gateway = await startTestGateway();
    const query = 'subscription { livestreamUpdated { status activeSession { id } } }';
    const response = await estimate(gateway, query);
    expect([response.status, at(costOf(response), 'plan')]).toEqual([
      200,
      [
        { path: 'livestreamUpdated', requests: 2 },
        { path: 'livestreamUpdated.activeSession', requests: 1 },
      ],
    ]);
    const stream = await gateway.send({ query }, { headers: { ...ESTIMATE, accept: 'text/event-stream' } });
    expect(stream.text).toMatch(/^:\n\nevent: next\ndata: \{"data":null,.*\}\n\nevent: complete\ndata:\n\n$/);
    expect([gateway.server.subscriptionCount(), gateway.upstreamRequests()]).toEqual([0, []]);
  });

  test('is possible over a WebSocket whose connection asks for it', async () => {
    const gateway = await startTestGateway();
    const { socketUrl } = await serveGateway(gateway);
    const client = createClient({ url: socketUrl, connectionParams: ESTIMATE });
    onTestFinished(() => void client.dispose());
    expect(await client.iterate({ query: SESSIONS }).next()).toMatchObject({
      value: { data: null, extensions: { cost: { requested: 51 } } },
    });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('is refused where the operator does not allow it, and nothing is executed', async () => {
    const gateway = await startTestGateway({ options: { costReport: false } });
    const { status, errors } = await estimate(gateway, START, { id: gateway.exampleIds.emptyMeetingId });
    expect([status, errors]).toEqual([
      400,
      [
        {
          message: 'This gateway estimates no costs. The operator can allow it with COST_REPORT=on.',
          extensions: { code: 'BAD_REQUEST', retryable: false },
        },
      ],
    ]);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('sends nothing upstream with the header of the upstream report, either', async () => {
    const gateway = await startTestGateway();
    const headers = { ...ESTIMATE, 'x-upstream-report': '1' };
    const response = await gateway.send({ query: SESSIONS }, { headers });
    expect([response.data, at(costOf(response), 'requested')]).toEqual([null, 51]);
    expect(response.text).not.toContain('upstream"');
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('is recorded as such in the log, and not counted as an operation', async () => {
    const metrics = createPrometheus('1.0.0');
    const gateway = await startTestGateway({ options: { metrics } });
    await estimate(gateway, START, { id: gateway.exampleIds.emptyMeetingId });
    await estimate(gateway, 'subscription { livestreamUpdated { status } }');
    await gateway.send({ query: '{ __typename }' });
    expect(gateway.operationLogs).toMatchObject([
      { message: 'Operation completed.', fields: { kind: 'mutation', dryRun: true } },
      { message: 'Operation completed.', fields: { kind: 'subscription', dryRun: true } },
      { message: 'Operation completed.', fields: { kind: 'query', dryRun: undefined } },
    ]);
    const { text } = await metrics.expose();
    expect(text.match(/^realtimekit_graphql_operations_total\{.*/gm)).toEqual([matching(/kind="query".* 1$/)]);
  });
});
