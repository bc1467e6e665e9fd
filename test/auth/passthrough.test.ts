import { describe, expect, test } from 'vitest';

import { bearer } from '../support/bearer.ts';
import { matching, at, asArray, startTestGateway, waitUntil } from '../support/gateway.ts';

const PASSTHROUGH = { auth: { kind: 'passthrough' } } as const;
const ALICE = 'alices-upstream-token';
const BOB = 'bobs-upstream-token';
const BY_ID = '/livestreams/{livestream_id}';

/** A gateway whose callers send upstream tokens, and the token of each upstream request. */
async function start(settings = {}) {
  const sentAuthorization: string[] = [];
  const gateway = await startTestGateway({
    options: PASSTHROUGH,
    settings,
    intercept: (send) => async (request) => {
      sentAuthorization.push(request.headers['authorization'] ?? '');
      return send(request);
    },
  });
  const livestreamQuery = `{ livestream(id: "${gateway.exampleIds.liveLivestreamId}") { name } }`;
  const send = async (token: string, query = livestreamQuery) => gateway.send({ query }, { headers: bearer(token) });
  return {
    gateway,
    send,
    livestreamQuery,
    takeTokens: () => sentAuthorization.splice(0).map((header) => header.replace('Bearer ', '')),
  };
}

describe('the token of a caller', () => {
  test.each([`Bearer ${ALICE}`, `bearer ${ALICE}`, `BEARER   ${ALICE}`, `Bearer ${ALICE}\t`])(
    'is sent upstream, however the header is written: %j',
    async (authorization) => {
      const { gateway, livestreamQuery, takeTokens } = await start();
      const { errors } = await gateway.send({ query: livestreamQuery }, { headers: { authorization } });
      expect(errors).toEqual([]);
      expect(takeTokens()).toEqual([ALICE]);
    },
  );

  test('is sent with a mutation and the reads after it', async () => {
    const { gateway, send, takeTokens } = await start();
    const input = `meetingId: "${gateway.exampleIds.emptyMeetingId}"`;
    const query = `mutation { startLivestream(input: { ${input} }) { livestream { name status } userErrors { code } } }`;
    expect((await send(BOB, query)).errors).toEqual([]);
    expect(new Set(takeTokens())).toEqual(new Set([BOB]));
  });

  test('may have 8,192 characters including the scheme', async () => {
    const { send, takeTokens } = await start();
    const token = 'x'.repeat(8185);
    expect((await send(token)).errors).toEqual([]);
    expect(takeTokens()).toEqual([token]);
    expect((await send(`${token}x`)).errors).toMatchObject([{ message: matching(/of at most 8192 characters\.$/) }]);
    expect(takeTokens()).toEqual([]);
  });
});

describe('two callers with different tokens', () => {
  test('share no cached response', async () => {
    const { send, takeTokens } = await start();
    await send(ALICE);
    await send(ALICE);
    expect(takeTokens()).toEqual([ALICE]);
    const { data } = await send(BOB);
    await send(ALICE);
    expect(data).toMatchObject({ livestream: {} });
    expect(takeTokens()).toEqual([BOB]);
  });

  test('share no entity from a list', async () => {
    const { gateway, send, livestreamQuery, takeTokens } = await start();
    await send(ALICE, '{ livestreams(first: 100, filter: { status: LIVE }) { nodes { id name } } }');
    await send(ALICE, `{ meeting(id: "${gateway.exampleIds.liveMeetingId}") { activeLivestream { name } } }`);
    takeTokens();
    await send(ALICE, livestreamQuery);
    expect(takeTokens()).toEqual([]);
    await send(BOB, livestreamQuery);
    await send(BOB, `{ meeting(id: "${gateway.exampleIds.liveMeetingId}") { activeLivestream { name } } }`);
    expect(takeTokens()).toEqual([BOB]);
  });

  test('share no read in flight', async () => {
    const { gateway, send, takeTokens } = await start({ latencyMs: 1000 });
    const responses = [send(ALICE), send(ALICE), send(BOB)];
    await waitUntil(() => gateway.sandbox.requests().inFlight === 2);
    gateway.clock.advance(1000);
    for (const { errors } of await Promise.all(responses)) expect(errors).toEqual([]);
    expect(takeTokens().toSorted()).toEqual([ALICE, BOB]);
  });

  test('share no start in flight', async () => {
    const { gateway, send, takeTokens } = await start({ latencyMs: 1000 });
    const input = `meetingId: "${gateway.exampleIds.emptyMeetingId}"`;
    const query = `mutation { startLivestream(input: { ${input} }) { userErrors { code } } }`;
    const responses = [send(ALICE, query), send(ALICE, query), send(BOB, query)];
    await waitUntil(() => gateway.sandbox.requests().inFlight === 2);
    gateway.clock.advance(1000);
    const codes = (await Promise.all(responses)).map(({ data }) =>
      at(data, 'startLivestream', 'userErrors', 0, 'code'),
    );
    expect(codes).toEqual([undefined, undefined, 'CONFLICT']);
    expect(takeTokens()).toEqual([ALICE, BOB]);
  });

  test('share no name of a livestream that one of them started', async () => {
    const { gateway, send } = await start({ nameDelayMs: 60_000 });
    const input = `meetingId: "${gateway.exampleIds.emptyMeetingId}", name: "Alice’s own"`;
    const started = await send(ALICE, `mutation { startLivestream(input: { ${input} }) { livestream { id name } } }`);
    const id = String(at(started.data, 'startLivestream', 'livestream', 'id'));
    const query = `{ livestream(id: "${id}") { name } }`;
    expect((await send(ALICE, query)).data).toEqual({ livestream: { name: 'Alice’s own' } });
    expect((await send(BOB, query)).data).toEqual({ livestream: { name: null } });
  });

  test('share no request budget', async () => {
    const { send } = await start();
    const budget = '{ upstreamBudget { limit remaining } }';
    await send(ALICE);
    await send(ALICE, '{ meetings { nodes { id } } }');
    expect((await send(ALICE, budget)).data).toEqual({ upstreamBudget: { limit: 1200, remaining: 1198 } });
    expect((await send(BOB, budget)).data).toEqual({ upstreamBudget: { limit: 1200, remaining: 1200 } });
  });

  test('are not locked out by each other’s 429', async () => {
    const { gateway, send } = await start();
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 120, times: 1 }]);
    expect((await send(ALICE)).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    expect((await send(ALICE)).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    expect((await send(BOB)).errors).toEqual([]);
  });

  test('do not invalidate each other’s cache', async () => {
    const { gateway, send, takeTokens } = await start();
    const list = '{ livestreams(first: 100, filter: { status: INVOKED }) { nodes { id } } }';
    await send(ALICE, list);
    const input = `meetingId: "${gateway.exampleIds.invokedMeetingId}"`;
    await send(BOB, `mutation { stopLivestream(input: { ${input} }) { userErrors { code } } }`);
    takeTokens();
    await send(ALICE, list);
    expect(takeTokens()).toEqual([]);
  });
});

describe('a token that upstream rejects', () => {
  test.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
  ])('with %i gets no cached data of another caller', async (status, code) => {
    const { gateway, send, takeTokens } = await start();
    await send(ALICE);
    gateway.sandbox.setFaults([{ kind: 'status', status, route: BY_ID }]);
    takeTokens();
    const rejected = await send('a-strangers-token');

    expect(rejected.data).toEqual({ livestream: null });
    expect(rejected.errors).toMatchObject([
      { path: ['livestream'], extensions: { code, retryable: false, upstream: { status } } },
    ]);
    expect(takeTokens()).toEqual(['a-strangers-token']);
    expect((await send(ALICE)).errors).toEqual([]);
    expect(takeTokens()).toEqual([]);
  });

  test('after accepting it gets no stale data', async () => {
    const { gateway, send } = await start();
    await send(ALICE);
    gateway.clock.advance(3000);
    gateway.sandbox.setFaults([{ kind: 'status', status: 401 }]);
    const responses = [await send(ALICE), await send(ALICE)];
    expect(responses.map(({ data }) => data)).toEqual([{ livestream: null }, { livestream: null }]);
    expect(responses[1]?.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test('in one field leaves the other fields intact', async () => {
    const { gateway, send, livestreamQuery } = await start();
    gateway.sandbox.setFaults([{ kind: 'status', status: 401, route: BY_ID }]);
    const { status, data, errors } = await send(
      ALICE,
      livestreamQuery.replace('{', '{ meetings(first: 2) { nodes { id } }'),
    );
    expect(status).toBe(200);
    expect(asArray(at(data, 'meetings', 'nodes'))).toHaveLength(2);
    expect(errors.map(({ path }) => path)).toEqual([['livestream']]);
  });
});
