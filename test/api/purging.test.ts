import { describe, expect, test } from 'vitest';

import { WEBHOOK_PATH } from '../../src/server/plugins/useRoutes.ts';
import { createPrometheus } from '../../src/telemetry/prometheus.ts';
import { eventually } from '../support/eventually.ts';
import { at, startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { PURGE_TOKEN, ROUTER_KEY, startPurgeServer, ZONE } from '../support/purgeServer.ts';
import { startReplicas } from '../support/replicas.ts';
import { serveGateway } from '../support/servedGateway.ts';

/** A gateway that purges at both kinds of endpoints, and receives the webhooks of its sandbox. */
async function startPurgingGateway({ options, ...more }: TestGatewayOptions = {}) {
  const purgeServer = await startPurgeServer();
  const gateway = await startTestGateway({
    receivesWebhooks: true,
    options: { purge: purgeServer.settings, ...options },
    ...more,
  });
  return { gateway, ...purgeServer };
}

const start = async (gateway: TestGateway, meetingId: string) =>
  gateway.send({
    query: `mutation { startLivestream(input: { meetingId: "${meetingId}", name: "Show" }) { livestream { id } userErrors { code } } }`,
  });

const stop = async (gateway: TestGateway, meetingId: string) =>
  gateway.send({
    query: `mutation { stopLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } } }`,
  });

const read = async (gateway: TestGateway, id: string) =>
  gateway.send({ query: `{ livestream(id: "${id}") { status name } }` });

/** The tags of a change of a livestream, sorted. */
const tagsOf = (livestreamId: string, meetingId: string): string[] => [
  `livestream:${livestreamId}`,
  'livestreams',
  `meeting:${meetingId}`,
  'sessions',
];

/** Waits until the purges have arrived, and until none is pending. */
async function settle(gateway: TestGateway): Promise<void> {
  await eventually(() => expect(gateway.server.pendingPurges?.size()).toBe(0));
}

/** Subscribes a served gateway to the sandbox's webhooks. */
async function receiveWebhooks(gateway: TestGateway): Promise<void> {
  const served = await serveGateway(gateway);
  const url = `http://${served.host}${WEBHOOK_PATH}`;
  await gateway.rest('/webhooks', {
    name: 'Gateway',
    url,
    events: ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended'],
  });
}

const delivered = async ({ sandbox }: TestGateway, count: number): Promise<void> =>
  eventually(() =>
    expect(sandbox.deliveries().deliveries.filter(({ responseStatus }) => responseStatus === 200)).toHaveLength(count),
  );

describe('a start', () => {
  test('purges its meeting, the new livestream and lists, at each endpoint', async () => {
    const { gateway, tagsAt } = await startPurgingGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const { data } = await start(gateway, meetingId);
    await settle(gateway);
    const id = String(at(data, 'startLivestream', 'livestream', 'id'));
    expect(tagsAt('cloudflare')).toEqual(tagsOf(id, meetingId));
    expect(tagsAt('router')).toEqual(tagsOf(id, meetingId));
  });

  test('does not wait for an endpoint that never responds, and nor does a query', async () => {
    const { gateway, behave, purges } = await startPurgingGateway();
    behave('hang');
    const { errors } = await start(gateway, gateway.exampleIds.emptyMeetingId);
    expect(errors).toEqual([]);
    await eventually(() => expect(purges).toHaveLength(2));
    expect((await read(gateway, gateway.exampleIds.liveLivestreamId)).errors).toEqual([]);
    expect(gateway.server.pendingPurges?.size()).toBe(2);
  });

  test('whose outcome is unknown purges its meeting', async () => {
    const { gateway, tagsAt } = await startPurgingGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    gateway.sandbox.setFaults([{ kind: 'status', status: 500 }]);
    const { data } = await start(gateway, meetingId);
    expect(at(data, 'startLivestream', 'userErrors', 0, 'code')).toBe('OUTCOME_UNKNOWN');
    await settle(gateway);
    expect(tagsAt('router')).toEqual(['livestreams', `meeting:${meetingId}`, 'sessions']);
  });

  test('that is rejected before it is sent purges nothing', async () => {
    const { gateway, purges } = await startPurgingGateway();
    const { data } = await start(gateway, 'not an id');
    expect(at(data, 'startLivestream', 'userErrors', 0, 'code')).toBe('BAD_USER_INPUT');
    await gateway.roundTrip();
    expect([purges, gateway.server.pendingPurges?.size()]).toEqual([[], 0]);
  });
});

test('a stop purges its meeting, the livestream that was known to be active, and lists', async () => {
  const { gateway, tagsAt } = await startPurgingGateway();
  const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
  await read(gateway, liveLivestreamId);
  await stop(gateway, liveMeetingId);
  await settle(gateway);
  expect(tagsAt('cloudflare')).toEqual(tagsOf(liveLivestreamId, liveMeetingId));
});

describe('a webhook', () => {
  test('purges its livestream, its meeting and lists, once however many copies arrive', async () => {
    const { gateway, tagsAt } = await startPurgingGateway({ settings: { webhooks: { copies: 3 } } });
    await receiveWebhooks(gateway);
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    await gateway.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
    await delivered(gateway, 3);
    await settle(gateway);
    expect(tagsAt('cloudflare')).toEqual(tagsOf(liveLivestreamId, liveMeetingId));
  });

  test('and the read of what it reported are one purge', async () => {
    const { gateway, tagsAt } = await startPurgingGateway();
    await receiveWebhooks(gateway);
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    expect(at((await read(gateway, liveLivestreamId)).data, 'livestream', 'status')).toBe('LIVE');
    await gateway.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
    await delivered(gateway, 1);
    expect(at((await read(gateway, liveLivestreamId)).data, 'livestream', 'status')).not.toBe('LIVE');
    await settle(gateway);
    expect(tagsAt('router')).toHaveLength(4);
  });
});

describe('a read', () => {
  test('that shows a change purges the livestream, its meeting and lists', async () => {
    const { gateway, tagsAt } = await startPurgingGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    await read(gateway, liveLivestreamId);
    await gateway.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
    gateway.clock.advance(2000);
    await read(gateway, liveLivestreamId);
    await settle(gateway);
    expect(tagsAt('cloudflare')).toEqual(tagsOf(liveLivestreamId, liveMeetingId));
  });

  test('that shows no change, or shows a livestream for the first time, purges nothing', async () => {
    const { gateway, purges } = await startPurgingGateway();
    for (let round = 0; round < 3; round += 1) {
      await read(gateway, gateway.exampleIds.liveLivestreamId);
      const { errors } = await gateway.send({ query: '{ livestreams(first: 50) { nodes { id status name } } }' });
      expect(errors).toEqual([]);
      gateway.clock.advance(2000);
    }
    await gateway.roundTrip();
    expect([purges, gateway.server.pendingPurges?.size()]).toEqual([[], 0]);
  });
});

describe('a poll for a subscriber', () => {
  test('that shows a change purges it, and one that shows none purges nothing', async () => {
    const { gateway, purges, tagsAt } = await startPurgingGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const query = `subscription { livestreamUpdated(livestreamId: "${liveLivestreamId}") { status } }`;
    await gateway.server.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    const poll = async (): Promise<void> => {
      gateway.clearUpstreamRequests();
      gateway.clock.advance(10_000);
      await eventually(() => expect(gateway.upstreamRequests()).not.toEqual([]));
      await gateway.roundTrip();
    };
    await eventually(() => expect(gateway.server.subscriptionCount()).toBe(1));
    for (let round = 0; round < 3; round += 1) await poll();
    expect([purges, gateway.server.pendingPurges?.size()]).toEqual([[], 0]);
    await gateway.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
    await poll();
    await eventually(() => expect(tagsAt('router')).toEqual(tagsOf(liveLivestreamId, liveMeetingId)));
    // Otherwise the clock would pass the deadline of the purge.
    await settle(gateway);
    for (let round = 0; round < 3; round += 1) await poll();
    await settle(gateway);
    expect(tagsAt('router')).toHaveLength(4);
  });
});

describe('with several replicas, only one purges', () => {
  async function startPurgingReplicas() {
    const server = await startPurgeServer();
    const purge = { ...server.settings, router: null };
    const replicas = await startReplicas(3, { receivesWebhooks: true, options: { purge } });
    const settleAll = async (): Promise<void> => {
      for (const { gateway } of replicas.all) await settle(gateway);
    };
    return { ...server, ...replicas, settleAll };
  }

  test('for a start', async () => {
    const { one, other, tagsAt, settleAll } = await startPurgingReplicas();
    const meetingId = one.exampleIds.emptyMeetingId;
    await other.send({ query: `{ meeting(id: "${meetingId}") { activeLivestream { id } } }` });
    const { data } = await start(one, meetingId);
    const id = String(at(data, 'startLivestream', 'livestream', 'id'));
    expect((await read(other, id)).errors).toEqual([]);
    await settleAll();
    expect(tagsAt('cloudflare')).toEqual(tagsOf(id, meetingId));
  });

  test('for a webhook: the one that received it', async () => {
    const { one, other, all, tagsAt, settleAll } = await startPurgingReplicas();
    await receiveWebhooks(one);
    const { liveMeetingId, liveLivestreamId } = one.exampleIds;
    for (const { gateway } of all) await read(gateway, liveLivestreamId);
    await one.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
    await delivered(one, 1);
    expect(at((await read(other, liveLivestreamId)).data, 'livestream', 'status')).not.toBe('LIVE');
    await settleAll();
    expect(tagsAt('cloudflare')).toEqual(tagsOf(liveLivestreamId, liveMeetingId));
  });

  test('for a change that one of them reads, and another one reads after that', async () => {
    const { one, all, tagsAt, settleAll } = await startPurgingReplicas();
    const { liveMeetingId, liveLivestreamId } = one.exampleIds;
    for (const { gateway } of all) await read(gateway, liveLivestreamId);
    await one.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
    one.clock.advance(2000);
    for (const { gateway } of all) await read(gateway, liveLivestreamId);
    await settleAll();
    expect(tagsAt('cloudflare')).toEqual(tagsOf(liveLivestreamId, liveMeetingId));
  });
});

test('purges are counted by endpoint and outcome, and no secret is in the metrics, the log or a response', async () => {
  const metrics = createPrometheus('1.2.3');
  const { gateway, behave } = await startPurgingGateway({ options: { metrics } });
  await start(gateway, gateway.exampleIds.emptyMeetingId);
  await settle(gateway);
  behave(403);
  const { text } = await stop(gateway, gateway.exampleIds.emptyMeetingId);
  await eventually(async () => {
    // Responses have the time of a round trip to arrive before the deadline of the attempt.
    await gateway.roundTrip();
    if (gateway.logs.length < 2) gateway.clock.advance(500);
    expect(gateway.logs).toHaveLength(2);
  });
  const { text: scrape } = await gateway.fetch('/metrics');
  for (const endpoint of ['cloudflare', 'router']) {
    expect(scrape).toContain(`purges_total{endpoint="${endpoint}",outcome="ok"} 1\n`);
    expect(scrape).toMatch(new RegExp(`purges_total\\{endpoint="${endpoint}",outcome="failed"\\} [1-9]`));
    expect(scrape).toMatch(new RegExp(`purges_total\\{endpoint="${endpoint}",outcome="given_up"\\} 1\\n`));
  }
  expect(gateway.logs.map(({ fields }) => String(fields['reason'])).toSorted()).toEqual([
    'the status of the response is 403',
    "the status of the response is 403, with Cloudflare's code 10000",
  ]);
  const seen = JSON.stringify([scrape, text, gateway.logs, gateway.operationLogs]);
  for (const secret of [PURGE_TOKEN, ROUTER_KEY, ZONE]) expect(seen).not.toContain(secret);
});

test('purges do not count towards the request budget of RealtimeKit', async () => {
  const { gateway } = await startPurgingGateway();
  const remaining = async (): Promise<number> =>
    Number(at((await gateway.send({ query: '{ upstreamBudget { remaining } }' })).data, 'upstreamBudget', 'remaining'));
  await read(gateway, gateway.exampleIds.liveLivestreamId);
  const before = await remaining();
  const { text } = await gateway.send(
    {
      query: `mutation { startLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) { livestream { id } } }`,
    },
    { headers: { 'x-upstream-report': '1' } },
  );
  await settle(gateway);
  const sent = Number(at(JSON.parse(text), 'extensions', 'upstream', 'requests'));
  expect(before - (await remaining())).toBe(sent);
});

test('without an endpoint there is nothing that could purge, and only RealtimeKit gets requests', async () => {
  const origins = new Set<string>();
  const gateway = await startTestGateway({
    intercept: (send) => (request) => {
      origins.add(new URL(request.url).origin);
      return send(request);
    },
  });
  const { data } = await start(gateway, gateway.exampleIds.emptyMeetingId);
  expect(at(data, 'startLivestream', 'userErrors')).toEqual([]);
  await gateway.roundTrip();
  expect(origins.size).toBe(1);
  expect(gateway.server.pendingPurges).toBeUndefined();
});
