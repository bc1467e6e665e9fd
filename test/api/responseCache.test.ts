import { describe, expect, test } from 'vitest';

import { createResponseCache } from '../../src/data/cache/responseCache.ts';
import type { Operation } from '../../src/data/operation.ts';
import { createCache } from '../../src/data/cache/cache.ts';
import { createInvalidations } from '../../src/data/cache/invalidation.ts';
import { DEFAULT_TTL } from '../../src/data/cache/ttl.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { type TestResponse, at, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createOperation } from '../support/upstream.ts';

const ACTIVE = 'query Active($id: ID!) { meeting(id: $id) { activeLivestream { id status } } }';
const ENDED = 'query Ended($id: ID!) { livestreamSession(id: $id) { id viewerSeconds } }';

const execute = async (gateway: TestGateway, query: string, id: string): Promise<TestResponse> =>
  gateway.send({ query, variables: { id } });

describe('a cached GraphQL response', () => {
  test('repeats the first response byte for byte, without an upstream request', async () => {
    const gateway = await startTestGateway();
    const first = await execute(gateway, ACTIVE, gateway.exampleIds.liveMeetingId);
    const second = await execute(gateway, ACTIVE, gateway.exampleIds.liveMeetingId);

    expect(at(first.data, 'meeting', 'activeLivestream', 'status')).toBe('LIVE');
    expect([second.text, second.status, second.headers.get('content-type')]).toEqual([
      first.text,
      first.status,
      first.headers.get('content-type'),
    ]);
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(gateway.upstreamRequests()).toHaveLength(1);
  });

  test('expires with its oldest part: after 2 s for the status of a livestream', async () => {
    const gateway = await startTestGateway();
    await execute(gateway, ACTIVE, gateway.exampleIds.liveMeetingId);
    gateway.clock.advance(1999);
    await execute(gateway, ACTIVE, gateway.exampleIds.liveMeetingId);
    expect(gateway.upstreamRequests()).toHaveLength(1);
    gateway.clock.advance(1);
    await execute(gateway, ACTIVE, gateway.exampleIds.liveMeetingId);
    expect(gateway.upstreamRequests()).toHaveLength(2);
  });

  test('stays fresh as long as its oldest part: an hour for an ended session', async () => {
    const gateway = await startTestGateway();
    for (const milliseconds of [0, 3_599_999, 1]) {
      gateway.clock.advance(milliseconds);
      await execute(gateway, ENDED, gateway.exampleIds.endedSessionId);
    }
    expect(gateway.upstreamRequests()).toHaveLength(2);
  });

  test('is separate for each set of variables and for each operation of a document', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, emptyMeetingId } = gateway.exampleIds;
    const query = `${ACTIVE} query Other($id: ID!) { meeting(id: $id) { id activeLivestream { name } } }`;
    const both = async (id: string): Promise<unknown[]> => [
      (await gateway.send({ query, operationName: 'Active', variables: { id } })).data,
      (await gateway.send({ query, operationName: 'Other', variables: { id } })).data,
    ];
    const live = await both(liveMeetingId);
    const empty = await both(emptyMeetingId);

    expect(at(live[0], 'meeting', 'activeLivestream', 'status')).toBe('LIVE');
    expect(at(live[1], 'meeting', 'activeLivestream', 'name')).toMatch(/./);
    expect(empty).toEqual([
      { meeting: { activeLivestream: null } },
      { meeting: { id: emptyMeetingId, activeLivestream: null } },
    ]);
    expect([await both(liveMeetingId), await both(emptyMeetingId)]).toEqual([live, empty]);
  });

  test.each(['startLivestream', 'stopLivestream'])('is invalidated by %s in another operation', async (mutation) => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId } = gateway.exampleIds;
    const id = mutation === 'startLivestream' ? emptyMeetingId : liveMeetingId;
    const before = await execute(gateway, ACTIVE, id);
    await execute(
      gateway,
      `mutation ($id: ID!) { ${mutation}(input: { meetingId: $id }) { userErrors { code } } }`,
      id,
    );
    const after = await execute(gateway, ACTIVE, id);

    expect(at(before.data, 'meeting', 'activeLivestream') === null).toBe(mutation === 'startLivestream');
    expect(at(after.data, 'meeting', 'activeLivestream') === null).toBe(mutation === 'stopLivestream');
  });

  test('is never served to a mutation, even if the first one succeeded', async () => {
    const gateway = await startTestGateway();
    const start =
      'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { createdAt } userErrors { code } } }';
    const responses = [
      await execute(gateway, start, gateway.exampleIds.emptyMeetingId),
      await execute(gateway, start, gateway.exampleIds.emptyMeetingId),
    ];
    expect(responses.map(({ data }) => at(data, 'startLivestream', 'userErrors'))).toEqual([
      [],
      [{ code: 'CONFLICT' }],
    ]);
  });

  test('is not stored for upstreamBudget, a result with errors or a request for the upstream report', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const budget = '{ upstreamBudget { remaining } }';
    const before = await gateway.send({ query: budget });
    await execute(gateway, ACTIVE, liveMeetingId);
    const after = await gateway.send({ query: budget });
    expect([before, after].map(({ data }) => at(data, 'upstreamBudget', 'remaining'))).toEqual([1200, 1199]);

    gateway.sandbox.setFaults([{ kind: 'status', status: 501, times: 1 }]);
    const session = 'query ($id: ID!) { livestream(id: $id) { id activeSession { id } } }';
    expect((await execute(gateway, session, liveLivestreamId)).errors).toHaveLength(1);
    expect((await execute(gateway, session, liveLivestreamId)).errors).toEqual([]);

    const headers = { 'x-upstream-report': '1' };
    const reported = await gateway.send({ query: ACTIVE, variables: { id: liveMeetingId } }, { headers });
    const plain = await execute(gateway, ACTIVE, liveMeetingId);
    expect(reported.text).toContain('"cacheHits":1');
    expect(plain.text).not.toContain('extensions');
  });
});

describe('the store of the response cache', () => {
  function createStore(maxBytes = 1_000_000) {
    const clock = createFakeClock();
    const now = () => clock.now();
    const invalidations = createInvalidations({ now, localNow: now });
    const cache = createCache({ clock, ttl: DEFAULT_TTL, maxBytes, invalidations, sharedValues: null });
    const responses = createResponseCache(cache, clock);
    const operation = (id: string) => {
      const created = createOperation(clock, { startedAt: cache.now() });
      created.report.recordPart({ readAt: clock.now(), freshUntil: clock.now() + 1000 });
      return { ...created, account: { ...created.account, id } };
    };
    /** Caches a response of the operation. */
    function set(created: Operation, key: string, text: string): void {
      responses.set(
        created,
        key,
        responses.describe(created, { text, operationName: null, requestedRequests: 0, isStorable: true }),
      );
    }
    return { cache, responses, operation, set };
  }

  test('does not serve the response of one account to another', () => {
    const { responses, operation, set } = createStore();
    set(operation('A'), 'key', 'of A');
    expect([responses.get('A', 'key'), responses.get('B', 'key')]).toMatchObject([{ text: 'of A' }, undefined]);
  });

  test('drops the responses of an account when its data change, including those of operations in flight', () => {
    const { cache, responses, operation, set } = createStore();
    set(operation('A'), 'before', 'x');
    const during = operation('A');
    cache.invalidate('A', ['meeting m']);
    set(during, 'during', 'x');
    set(operation('A'), 'after', 'x');
    const ofOtherAccount = operation('B');
    set(ofOtherAccount, 'before', 'x');
    expect(['before', 'during', 'after'].map((key) => responses.get('A', key))).toMatchObject([
      undefined,
      undefined,
      { text: 'x' },
    ]);
    expect(responses.get('B', 'before')).toMatchObject({ text: 'x' });
  });

  test('uses at most maxBytes of memory', () => {
    const maxBytes = 1_000_000;
    const { responses, operation, set } = createStore(maxBytes);
    const text = 'x'.repeat(1000);
    for (let number = 0; number < 1000; number += 1) set(operation('A'), `key ${number}`, text);
    const found = Array.from({ length: 1000 }, (_, number) => responses.get('A', `key ${number}`));
    const cachedCount = found.filter((response) => response !== undefined).length;
    expect(cachedCount).toBeGreaterThan(10);
    expect(cachedCount * 2 * text.length).toBeLessThanOrEqual(maxBytes);
  });
});
