import { describe, expect, test } from 'vitest';

import { at, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';

/** Reads the example livestream. `extraFields` make a different operation of the same read. */
function readLivestream(gateway: TestGateway, signal?: AbortSignal, extraFields = '') {
  const query = `query Watch($id: ID!) { livestream(id: $id) { status ${extraFields} } }`;
  const body = { query, variables: { id: gateway.exampleIds.liveLivestreamId } };
  return gateway.send(body, { headers: { 'x-upstream-report': '1' }, ...(signal && { signal }) });
}

/** Reads one page of the list. */
const LIST = { query: '{ livestreams(first: 50, filter: { status: LIVE }) { totalCount nodes { id } } }' };

describe('request coalescing', () => {
  test('sends one upstream request for identical reads in flight, whatever operations they belong to', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const callers = [
      ...Array.from({ length: 20 }, () => readLivestream(gateway)),
      ...Array.from({ length: 20 }, () => readLivestream(gateway, undefined, 'name createdAt')),
    ];
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    // After this round trip, a second request in flight would have arrived.
    await gateway.roundTrip();
    gateway.clock.advance(1000);
    const responses = await Promise.all(callers);

    for (const { data, errors } of responses) {
      expect(errors).toEqual([]);
      expect(at(data, 'livestream', 'status')).toBe('LIVE');
    }
    expect(gateway.upstreamRequests()).toEqual([BY_ID]);
    const sources = responses.map(({ text }) => at(JSON.parse(text), 'extensions', 'upstream', 'calls', 0, 'source'));
    expect(sources.filter((source) => source === 'coalesced')).toHaveLength(39);
    expect(sources.filter((source) => source === 'network')).toHaveLength(1);
    expect(gateway.clock.pending()).toBe(0);
  });

  test('sends one upstream request for identical lists', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const callers = [gateway.send(LIST), gateway.send(LIST), gateway.send(LIST)];
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.roundTrip();
    gateway.clock.advance(1000);
    const [first, ...others] = await Promise.all(callers);

    expect(at(first?.data, 'livestreams', 'nodes', 49, 'id')).toMatch(/./);
    for (const { data } of others) expect(data).toEqual(first?.data);
    expect(gateway.upstreamRequests()).toEqual(['GET /livestreams']);
  });

  test('reports the failure of a shared request to every operation that waits for it', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    gateway.sandbox.setFaults([{ kind: 'status', status: 403 }]);
    const callers = [readLivestream(gateway), readLivestream(gateway), readLivestream(gateway)];
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.roundTrip();
    gateway.clock.advance(1000);

    for (const { data, errors } of await Promise.all(callers)) {
      expect(data).toEqual({ livestream: null });
      expect(errors).toMatchObject([{ path: ['livestream'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
    }
    expect(gateway.upstreamRequests()).toEqual([BY_ID]);
  });
});

describe('a caller that disconnects from a coalesced read', () => {
  test('does not cancel the request while another caller waits for it, even if the request was sent for the first', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const [first, ...others] = controllers;
    const cancelled = [readLivestream(gateway, first?.signal).catch(() => null)];
    const completed = readLivestream(gateway);
    cancelled.push(...others.map(async ({ signal }) => readLivestream(gateway, signal).catch(() => null)));
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.roundTrip();
    for (const controller of controllers) controller.abort();
    await Promise.all(cancelled);
    // After this round trip, the sandbox would have noticed a dropped connection.
    await gateway.roundTrip();
    expect(gateway.sandbox.requests().inFlight).toBe(1);
    gateway.clock.advance(1000);

    expect(at((await completed).data, 'livestream', 'status')).toBe('LIVE');
    expect(gateway.upstreamRequests()).toEqual([BY_ID]);
    expect(gateway.clock.pending()).toBe(0);
  });

  test('cancels the request if no other caller waits for it, and the next caller sends a new one', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'hang', times: 1 }]);
    const controllers = Array.from({ length: 3 }, () => new AbortController());
    const cancelled = controllers.map(async ({ signal }) => readLivestream(gateway, signal).catch(() => null));
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.roundTrip();
    for (const controller of controllers) controller.abort();
    await Promise.all(cancelled);

    expect(at((await readLivestream(gateway)).data, 'livestream', 'status')).toBe('LIVE');
    // Only a closed connection ends a request that hangs in the sandbox.
    await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
    expect(gateway.upstreamRequests()).toEqual([BY_ID, BY_ID]);
    expect(gateway.clock.pending()).toBe(0);
    expect(gateway.logs).toEqual([]);
  });

  test('cancels the request of a list if no other caller waits for it', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const controller = new AbortController();
    const cancelled = gateway.send(LIST, { signal: controller.signal }).catch(() => null);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    controller.abort();
    await cancelled;
    await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
    expect(gateway.upstreamRequests()).toEqual(['GET /livestreams']);
    await waitUntil(() => gateway.clock.pending() === 0);
  });

  test('does not cancel the background refresh of a stale livestream', async () => {
    const gateway = await startTestGateway();
    await readLivestream(gateway);
    gateway.clock.advance(2000);
    gateway.clearUpstreamRequests();
    gateway.sandbox.configure({ latencyMs: 5000 });
    const controller = new AbortController();
    const cancelled = readLivestream(gateway, controller.signal).catch(() => null);
    await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
    controller.abort();
    await cancelled;
    await gateway.roundTrip();
    expect(gateway.sandbox.requests().inFlight).toBe(1);

    // The next caller joins the same refresh.
    const completed = readLivestream(gateway);
    gateway.clock.advance(500);
    await gateway.roundTrip();
    gateway.clock.advance(4500);
    expect(at((await completed).data, 'livestream', 'status')).toBe('LIVE');
    expect(gateway.upstreamRequests()).toEqual([BY_ID]);
  });
});

describe('concurrent equal starts', () => {
  test('send one upstream request, and the next query returns the livestream that they started', async () => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.emptyMeetingId;
    const query =
      'mutation ($id: ID!) { startLivestream(input: { meetingId: $id, name: "Town hall" }) { livestream { id } } }';
    const start = async () => (await gateway.send({ query, variables: { id } })).data;
    const [first, second] = await Promise.all([start(), start()]);
    const after = await gateway.send({
      query: 'query ($id: ID!) { meeting(id: $id) { activeLivestream { id name } } }',
      variables: { id },
    });

    const started = at(first, 'startLivestream', 'livestream', 'id');
    expect(started).toMatch(/./);
    expect(second).toEqual(first);
    expect(after.data).toEqual({ meeting: { activeLivestream: { id: started, name: 'Town hall' } } });
    expect(gateway.upstreamRequests()).toEqual(['POST /meetings/{meeting_id}/livestreams']);
  });
});
