import { describe, expect, test } from 'vitest';

import { at, startTestGateway, type TestGateway, until } from '../support/gateway.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';

/** One of the operations that read the sample livestream; they are told apart by what else they ask for. */
function readOf(gateway: TestGateway, signal?: AbortSignal, more = '') {
  const query = `query Watch($id: ID!) { livestream(id: $id) { status ${more} } }`;
  const body = { query, variables: { id: gateway.exampleIds.liveLivestreamId } };
  return gateway.send(body, { headers: { 'x-upstream-report': '1' }, ...(signal && { signal }) });
}

/** Several requests of the list's page at once, which is many rows. */
const LIST = { query: '{ livestreams(first: 50, filter: { status: LIVE }) { totalCount nodes { id } } }' };

describe('identical reads of many operations', () => {
  test('that are in flight together are one upstream request', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const callers = [
      ...Array.from({ length: 20 }, () => readOf(gateway)),
      ...Array.from({ length: 20 }, () => readOf(gateway, undefined, 'name createdAt')),
    ];
    await until(() => gateway.sandbox.requests().inFlight === 1);
    // Whatever else was on its way has arrived by the time a further request has its answer.
    await gateway.control();
    gateway.clock.advance(1000);
    const answers = await Promise.all(callers);

    for (const { data, errors } of answers) {
      expect(errors).toEqual([]);
      expect(at(data, 'livestream', 'status')).toBe('LIVE');
    }
    expect(gateway.upstream()).toEqual([BY_ID]);
    const sources = answers.map(({ text }) => at(JSON.parse(text), 'extensions', 'upstream', 'calls', 0, 'source'));
    expect(sources.filter((source) => source === 'coalesced')).toHaveLength(39);
    expect(sources.filter((source) => source === 'network')).toHaveLength(1);
    expect(gateway.clock.pending()).toBe(0);
  });

  test('are one request for lists too', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const callers = [gateway.send(LIST), gateway.send(LIST), gateway.send(LIST)];
    await until(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.control();
    gateway.clock.advance(1000);
    const [first, ...others] = await Promise.all(callers);

    expect(at(first?.data, 'livestreams', 'nodes', 49, 'id')).toMatch(/./);
    for (const { data } of others) expect(data).toEqual(first?.data);
    expect(gateway.upstream()).toEqual(['GET /livestreams']);
  });

  test('fail together when the one request fails', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    gateway.sandbox.setFaults([{ kind: 'status', status: 403 }]);
    const callers = [readOf(gateway), readOf(gateway), readOf(gateway)];
    await until(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.control();
    gateway.clock.advance(1000);

    for (const { data, errors } of await Promise.all(callers)) {
      expect(data).toEqual({ livestream: null });
      expect(errors).toMatchObject([{ path: ['livestream'], extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(gateway.upstream()).toEqual([BY_ID]);
  });
});

describe('callers who leave', () => {
  test('do not end a read that another still waits for, whoever began it', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const leavers = Array.from({ length: 5 }, () => new AbortController());
    const [first, ...others] = leavers;
    const left = [readOf(gateway, first?.signal).catch(() => null)];
    const stayed = readOf(gateway);
    left.push(...others.map(async ({ signal }) => readOf(gateway, signal).catch(() => null)));
    await until(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.control();
    for (const leaver of leavers) leaver.abort();
    await Promise.all(left);
    // A round trip later a connection that was dropped would be known to be.
    await gateway.control();
    expect(gateway.sandbox.requests().inFlight).toBe(1);
    gateway.clock.advance(1000);

    expect(at((await stayed).data, 'livestream', 'status')).toBe('LIVE');
    expect(gateway.upstream()).toEqual([BY_ID]);
    expect(gateway.clock.pending()).toBe(0);
  });

  test('end the read when they were the last, and the next caller begins afresh', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'hang', times: 1 }]);
    const leavers = Array.from({ length: 3 }, () => new AbortController());
    const left = leavers.map(async ({ signal }) => readOf(gateway, signal).catch(() => null));
    await until(() => gateway.sandbox.requests().inFlight === 1);
    await gateway.control();
    for (const leaver of leavers) leaver.abort();
    await Promise.all(left);

    expect(at((await readOf(gateway)).data, 'livestream', 'status')).toBe('LIVE');
    // The sandbox sees the connection close: nothing else ends a hang.
    await until(() => gateway.sandbox.requests().inFlight === 0);
    expect(gateway.upstream()).toEqual([BY_ID, BY_ID]);
    expect(gateway.clock.pending()).toBe(0);
    expect(gateway.logs).toEqual([]);
  });

  test('end a list of which they were the only readers', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const leaver = new AbortController();
    const left = gateway.send(LIST, { signal: leaver.signal }).catch(() => null);
    await until(() => gateway.sandbox.requests().inFlight === 1);
    leaver.abort();
    await left;
    await until(() => gateway.sandbox.requests().inFlight === 0);
    expect(gateway.upstream()).toEqual(['GET /livestreams']);
    await until(() => gateway.clock.pending() === 0);
  });

  test('do not end the refresh of an answer that others were served while it was old', async () => {
    const gateway = await startTestGateway();
    await readOf(gateway);
    gateway.clock.advance(2000);
    gateway.forget();
    gateway.sandbox.configure({ latencyMs: 5000 });
    const leaver = new AbortController();
    const left = readOf(gateway, leaver.signal).catch(() => null);
    await until(() => gateway.sandbox.requests().inFlight === 1);
    leaver.abort();
    await left;
    await gateway.control();
    expect(gateway.sandbox.requests().inFlight).toBe(1);

    // It is still the one that others wait for.
    const stayed = readOf(gateway);
    gateway.clock.advance(500);
    await gateway.control();
    gateway.clock.advance(4500);
    expect(at((await stayed).data, 'livestream', 'status')).toBe('LIVE');
    expect(gateway.upstream()).toEqual([BY_ID]);
  });
});

describe('equal starts at once', () => {
  test('are one, and what they started is known to whoever asks after them', async () => {
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
    expect(gateway.upstream()).toEqual(['POST /meetings/{meeting_id}/livestreams']);
  });
});
