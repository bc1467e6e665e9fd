import { describe, expect, test } from 'vitest';

import { createResponseCache, type CachedResponse } from '../../src/data/cache/responseCache.ts';
import { createCache } from '../../src/data/cache/cache.ts';
import { DEFAULT_TTL } from '../../src/data/cache/ttl.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { type Answer, at, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createOperation } from '../support/upstream.ts';

const ACTIVE = 'query Active($id: ID!) { meeting(id: $id) { activeLivestream { id status } } }';
const ENDED = 'query Ended($id: ID!) { livestreamSession(id: $id) { id viewerSeconds } }';

const ask = async (gateway: TestGateway, query: string, id: string): Promise<Answer> =>
  gateway.send({ query, variables: { id } });

describe('an answer that is given again', () => {
  test('is the same to the letter, and costs nothing', async () => {
    const gateway = await startTestGateway();
    const first = await ask(gateway, ACTIVE, gateway.samples.liveMeetingId);
    const again = await ask(gateway, ACTIVE, gateway.samples.liveMeetingId);

    expect(at(first.data, 'meeting', 'activeLivestream', 'status')).toBe('LIVE');
    expect([again.text, again.status, again.headers.get('content-type')]).toEqual([
      first.text,
      first.status,
      first.headers.get('content-type'),
    ]);
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(gateway.upstream()).toHaveLength(1);
  });

  test('is no older than what it was made of may be', async () => {
    const gateway = await startTestGateway();
    await ask(gateway, ACTIVE, gateway.samples.liveMeetingId);
    gateway.clock.advance(1999);
    await ask(gateway, ACTIVE, gateway.samples.liveMeetingId);
    expect(gateway.upstream()).toHaveLength(1);
    gateway.clock.advance(1);
    await ask(gateway, ACTIVE, gateway.samples.liveMeetingId);
    expect(gateway.upstream()).toHaveLength(2);
  });

  test('is good for as long as what it was made of: an ended session an hour', async () => {
    const gateway = await startTestGateway();
    for (const milliseconds of [0, 3_599_999, 1]) {
      gateway.clock.advance(milliseconds);
      await ask(gateway, ENDED, gateway.samples.endedSessionId);
    }
    expect(gateway.upstream()).toHaveLength(2);
  });

  test('is of the same question: other variables and other operations of a document have answers of their own', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, emptyMeetingId } = gateway.samples;
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

  test.each(['startLivestream', 'stopLivestream'])('is void after %s, whoever sent that', async (mutation) => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId } = gateway.samples;
    const id = mutation === 'startLivestream' ? emptyMeetingId : liveMeetingId;
    const before = await ask(gateway, ACTIVE, id);
    await ask(gateway, `mutation ($id: ID!) { ${mutation}(input: { meetingId: $id }) { userErrors { code } } }`, id);
    const after = await ask(gateway, ACTIVE, id);

    expect(at(before.data, 'meeting', 'activeLivestream') === null).toBe(mutation === 'startLivestream');
    expect(at(after.data, 'meeting', 'activeLivestream') === null).toBe(mutation === 'stopLivestream');
  });

  test('is none to a mutation, though nothing speaks against its first answer', async () => {
    const gateway = await startTestGateway();
    const start =
      'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { createdAt } userErrors { code } } }';
    const answers = [
      await ask(gateway, start, gateway.samples.emptyMeetingId),
      await ask(gateway, start, gateway.samples.emptyMeetingId),
    ];
    expect(answers.map(({ data }) => at(data, 'startLivestream', 'userErrors'))).toEqual([[], [{ code: 'CONFLICT' }]]);
  });

  test('is none where the budget was asked for, an error stands in it or its cost was wanted', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.samples;
    const budget = '{ upstreamBudget { remaining } }';
    const before = await gateway.send({ query: budget });
    await ask(gateway, ACTIVE, liveMeetingId);
    const after = await gateway.send({ query: budget });
    expect([before, after].map(({ data }) => at(data, 'upstreamBudget', 'remaining'))).toEqual([1200, 1199]);

    gateway.sandbox.fail([{ kind: 'status', status: 500, times: 1 }]);
    const session = 'query ($id: ID!) { livestream(id: $id) { id activeSession { id } } }';
    expect((await ask(gateway, session, liveLivestreamId)).errors).toHaveLength(1);
    expect((await ask(gateway, session, liveLivestreamId)).errors).toEqual([]);

    const headers = { 'x-upstream-report': '1' };
    const reported = await gateway.send({ query: ACTIVE, variables: { id: liveMeetingId } }, { headers });
    const plain = await ask(gateway, ACTIVE, liveMeetingId);
    expect(reported.text).toContain('"cacheHits":1');
    expect(plain.text).not.toContain('extensions');
  });
});

describe('kept answers', () => {
  function kept(maxBytes = 1_000_000) {
    const clock = createFakeClock();
    const cache = createCache({ clock, ttl: DEFAULT_TTL, maxBytes });
    const answers = createResponseCache(cache, clock);
    const operation = (id: string) => {
      const made = createOperation(clock, { startedAt: cache.now() });
      made.report.capFreshUntil(clock.now() + 1000);
      return { ...made, account: { ...made.account, id } };
    };
    return { clock, cache, answers, operation };
  }

  const saying = (text: string): CachedResponse => ({ text, operationName: null });

  test("are an account's own", () => {
    const { answers, operation } = kept();
    answers.set(operation('A'), 'question', saying('of A'));
    expect([answers.get('A', 'question'), answers.get('B', 'question')]).toMatchObject([saying('of A'), undefined]);
  });

  test('are void by a change of their account, also while their operation was under way', () => {
    const { cache, answers, operation } = kept();
    answers.set(operation('A'), 'before', saying('x'));
    const during = operation('A');
    cache.invalidate('A', ['meeting m']);
    answers.set(during, 'during', saying('x'));
    answers.set(operation('A'), 'after', saying('x'));
    const other = operation('B');
    answers.set(other, 'before', saying('x'));
    expect(['before', 'during', 'after'].map((question) => answers.get('A', question))).toMatchObject([
      undefined,
      undefined,
      saying('x'),
    ]);
    expect(answers.get('B', 'before')).toMatchObject(saying('x'));
  });

  test('take no more memory than the cache may', () => {
    const maxBytes = 1_000_000;
    const { answers, operation } = kept(maxBytes);
    const text = 'x'.repeat(1000);
    for (let number = 0; number < 1000; number += 1) answers.set(operation('A'), `question ${number}`, saying(text));
    const found = Array.from({ length: 1000 }, (_, number) => answers.get('A', `question ${number}`));
    const held = found.filter((answer) => answer !== undefined).length;
    expect(held).toBeGreaterThan(10);
    expect(held * 2 * text.length).toBeLessThanOrEqual(maxBytes);
  });
});
