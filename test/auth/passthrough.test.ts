import { describe, expect, test } from 'vitest';

import { at, rowsOf, startTestGateway, until } from '../support/gateway.ts';

const PASSTHROUGH = { auth: { kind: 'passthrough' } } as const;
const ALICE = 'alices-upstream-token';
const BOB = 'bobs-upstream-token';
const BY_ID = '/livestreams/{livestream_id}';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** A gateway whose callers bring their own upstream tokens, and which of them each upstream request was sent with. */
async function start(settings = {}) {
  const senders: string[] = [];
  const gateway = await startTestGateway({
    options: PASSTHROUGH,
    settings,
    intercept: (send) => async (request) => {
      senders.push(request.headers['authorization'] ?? '');
      return send(request);
    },
  });
  const one = `{ livestream(id: "${gateway.samples.liveLivestreamId}") { name } }`;
  const ask = async (token: string, query = one) => gateway.send({ query }, bearer(token));
  return { gateway, ask, one, sentBy: () => senders.splice(0).map((header) => header.replace('Bearer ', '')) };
}

describe('the caller’s own token', () => {
  test.each([`Bearer ${ALICE}`, `bearer ${ALICE}`, `BEARER   ${ALICE}`, `Bearer ${ALICE}\t`])(
    'is what upstream is asked with: %j',
    async (authorization) => {
      const { gateway, one, sentBy } = await start();
      const { errors } = await gateway.send({ query: one }, { headers: { authorization } });
      expect(errors).toEqual([]);
      expect(sentBy()).toEqual([ALICE]);
    },
  );

  test('is what a mutation is sent with, and what is read after it', async () => {
    const { gateway, ask, sentBy } = await start();
    const input = `meetingId: "${gateway.samples.emptyMeetingId}"`;
    const query = `mutation { startLivestream(input: { ${input} }) { livestream { name status } userErrors { code } } }`;
    expect((await ask(BOB, query)).errors).toEqual([]);
    expect(new Set(sentBy())).toEqual(new Set([BOB]));
  });

  test('may be 8,192 characters with its scheme', async () => {
    const { ask, sentBy } = await start();
    const token = 'x'.repeat(8185);
    expect((await ask(token)).errors).toEqual([]);
    expect(sentBy()).toEqual([token]);
  });
});

describe('two callers with tokens of their own', () => {
  test('share no answer that is kept', async () => {
    const { ask, sentBy } = await start();
    await ask(ALICE);
    await ask(ALICE);
    expect(sentBy()).toEqual([ALICE]);
    const { data } = await ask(BOB);
    await ask(ALICE);
    expect(data).toMatchObject({ livestream: {} });
    expect(sentBy()).toEqual([BOB]);
  });

  test('share nothing that one of them saw in a list', async () => {
    const { gateway, ask, one, sentBy } = await start();
    await ask(ALICE, '{ livestreams(first: 100, filter: { status: LIVE }) { nodes { id name } } }');
    await ask(ALICE, `{ meeting(id: "${gateway.samples.liveMeetingId}") { activeLivestream { name } } }`);
    sentBy();
    await ask(ALICE, one);
    expect(sentBy()).toEqual([]);
    await ask(BOB, one);
    await ask(BOB, `{ meeting(id: "${gateway.samples.liveMeetingId}") { activeLivestream { name } } }`);
    expect(sentBy()).toEqual([BOB]);
  });

  test('share no read that is under way', async () => {
    const { gateway, ask, sentBy } = await start({ latencyMs: 1000 });
    const answers = [ask(ALICE), ask(ALICE), ask(BOB)];
    await until(() => gateway.sandbox.requests().inFlight === 2);
    gateway.clock.advance(1000);
    for (const { errors } of await Promise.all(answers)) expect(errors).toEqual([]);
    expect(sentBy().toSorted()).toEqual([ALICE, BOB]);
  });

  test('share no start that is under way', async () => {
    const { gateway, ask, sentBy } = await start({ latencyMs: 1000 });
    const input = `meetingId: "${gateway.samples.emptyMeetingId}"`;
    const query = `mutation { startLivestream(input: { ${input} }) { userErrors { code } } }`;
    const answers = [ask(ALICE, query), ask(ALICE, query), ask(BOB, query)];
    await until(() => gateway.sandbox.requests().inFlight === 2);
    gateway.clock.advance(1000);
    const codes = (await Promise.all(answers)).map(({ data }) => at(data, 'startLivestream', 'userErrors', 0, 'code'));
    expect(codes).toEqual([undefined, undefined, 'CONFLICT']);
    expect(sentBy()).toEqual([ALICE, BOB]);
  });

  test('share no name that one of them gave', async () => {
    const { gateway, ask } = await start({ nameDelayMs: 60_000 });
    const input = `meetingId: "${gateway.samples.emptyMeetingId}", name: "Alice’s own"`;
    const started = await ask(ALICE, `mutation { startLivestream(input: { ${input} }) { livestream { id name } } }`);
    const id = String(at(started.data, 'startLivestream', 'livestream', 'id'));
    const query = `{ livestream(id: "${id}") { name } }`;
    expect((await ask(ALICE, query)).data).toEqual({ livestream: { name: 'Alice’s own' } });
    expect((await ask(BOB, query)).data).toEqual({ livestream: { name: null } });
  });

  test('share no budget', async () => {
    const { ask } = await start();
    const budget = '{ upstreamBudget { limit remaining } }';
    await ask(ALICE);
    await ask(ALICE, '{ meetings { nodes { id } } }');
    expect((await ask(ALICE, budget)).data).toEqual({ upstreamBudget: { limit: 1200, remaining: 1198 } });
    expect((await ask(BOB, budget)).data).toEqual({ upstreamBudget: { limit: 1200, remaining: 1200 } });
  });

  test('are not locked out by each other’s limit', async () => {
    const { gateway, ask } = await start();
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 120, times: 1 }]);
    expect((await ask(ALICE)).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    expect((await ask(ALICE)).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    expect((await ask(BOB)).errors).toEqual([]);
  });

  test('lose nothing when the other changes something', async () => {
    const { gateway, ask, sentBy } = await start();
    const list = '{ livestreams(first: 100, filter: { status: INVOKED }) { nodes { id } } }';
    await ask(ALICE, list);
    const input = `meetingId: "${gateway.samples.invokedMeetingId}"`;
    await ask(BOB, `mutation { stopLivestream(input: { ${input} }) { userErrors { code } } }`);
    sentBy();
    await ask(ALICE, list);
    expect(sentBy()).toEqual([]);
  });
});

describe('a token that upstream refuses', () => {
  test.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
  ])('by %i gets no answer of another caller’s', async (status, code) => {
    const { gateway, ask, sentBy } = await start();
    await ask(ALICE);
    gateway.sandbox.fail([{ kind: 'status', status, route: BY_ID }]);
    sentBy();
    const stranger = await ask('a-strangers-token');

    expect(stranger.data).toEqual({ livestream: null });
    expect(stranger.errors).toMatchObject([
      { path: ['livestream'], extensions: { code, retryable: false, upstream: { status } } },
    ]);
    expect(sentBy()).toEqual(['a-strangers-token']);
    expect((await ask(ALICE)).errors).toEqual([]);
    expect(sentBy()).toEqual([]);
  });

  test('and that was accepted before gets no older answer either', async () => {
    const { gateway, ask } = await start();
    await ask(ALICE);
    gateway.clock.advance(3000);
    gateway.sandbox.fail([{ kind: 'status', status: 401 }]);
    const answers = [await ask(ALICE), await ask(ALICE)];
    expect(answers.map(({ data }) => data)).toEqual([{ livestream: null }, { livestream: null }]);
    expect(answers[1]?.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test('in one field leaves the others what they are', async () => {
    const { gateway, ask, one } = await start();
    gateway.sandbox.fail([{ kind: 'status', status: 401, route: BY_ID }]);
    const { status, data, errors } = await ask(ALICE, one.replace('{', '{ meetings(first: 2) { nodes { id } }'));
    expect(status).toBe(200);
    expect(rowsOf(at(data, 'meetings', 'nodes'))).toHaveLength(2);
    expect(errors.map(({ path }) => path)).toEqual([['livestream']]);
  });
});
