import { describe, expect, test } from 'vitest';

import { createGateway } from '../../src/server/gateway.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import {
  ACCOUNT,
  type Answer,
  APP,
  at,
  present,
  rowsOf,
  startTestGateway,
  type TestGateway,
  TOKEN,
  until,
} from '../support/gateway.ts';

/** A small quota that is enforced: whoever passes it is locked out for five minutes. */
const SMALL = {
  quota: { limit: 20, windowSeconds: 60, lockSeconds: 300, enforced: true },
} as const satisfies SettingsPatch;

const MEETING = 'query ($id: ID!) { meeting(id: $id) { title } }';
const LIVESTREAM = 'query ($id: ID!) { livestream(id: $id) { status name } }';
const SESSION = 'query ($id: ID!) { livestreamSession(id: $id) { viewerSeconds } }';
const MEETINGS = '{ meetings(first: 50) { nodes { id } } }';
const START = `mutation ($id: ID!) {
  startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } }
}`;
const BUDGET = '{ upstreamBudget { limit remaining resetsAt } }';

/** Sends an operation about one id, and asks what it cost. */
async function ask(gateway: TestGateway, query: string, id = ''): Promise<Answer> {
  return gateway.send({ query, variables: { id } }, { headers: { 'x-upstream-report': '1' } });
}

/** `extensions.upstream`. */
function reportOf({ text }: Answer): unknown {
  const body: unknown = JSON.parse(text);
  return at(body, 'extensions', 'upstream');
}

const sourcesOf = (answer: Answer): unknown[] =>
  rowsOf(at(reportOf(answer), 'calls')).map((call) => at(call, 'source'));

/** The ids of meetings, from the API itself and not from this gateway's budget. */
async function meetingIds(gateway: TestGateway, count: number): Promise<string[]> {
  const rows = rowsOf(await gateway.rest(`/meetings?per_page=${count}`));
  gateway.forget();
  return rows.map((row) => String(at(row, 'id')));
}

/** Reads one meeting after another until the reads' budget is used up; gives how many were read. */
async function exhaust(gateway: TestGateway, ids: readonly string[]): Promise<number> {
  for (const [read, id] of ids.entries()) {
    const { errors } = await ask(gateway, MEETING, id);
    if (errors.length > 0) return read;
  }
  throw new Error('The budget outlasted the meetings');
}

/** A gateway, and another consumer of its token that repeats the gateway's last request. */
async function startShared(settings: SettingsPatch) {
  const wire: { send?: Transport; last?: TransportRequest } = {};
  const gateway = await startTestGateway({
    settings,
    intercept: (send) => {
      wire.send = send;
      return (request) => {
        wire.last = request;
        return send(request);
      };
    },
  });
  async function spendElsewhere(requests: number): Promise<void> {
    const [send, last] = [present(wire.send), present(wire.last)];
    for (let sent = 0; sent < requests; sent += 1) await send({ ...last, signal: new AbortController().signal });
  }
  return { gateway, wire, spendElsewhere };
}

const refusedBy = ({ sandbox }: TestGateway): number => sandbox.requests().refused;
const received = ({ sandbox }: TestGateway): number => sandbox.requests().received;

/** Lets time pass for those who wait for it, after whatever is on its way has arrived. */
async function withTimePassing<T>(gateway: TestGateway, work: Promise<T>): Promise<T> {
  const waiting = new Set([work]);
  const over = work.finally(() => waiting.clear());
  for (await gateway.control(); waiting.size > 0; await gateway.control()) gateway.clock.advance(100);
  return over;
}

describe('a budget that is nearly used up', () => {
  test('is left a tenth by reads, and the API is never asked beyond it', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const ids = await meetingIds(gateway, 40);
    expect(await exhaust(gateway, ids)).toBe(18);
    const refused = await Promise.all(ids.slice(18).map((id) => ask(gateway, MEETING, id)));
    for (const { errors } of refused) expect(errors).toHaveLength(1);
    expect([received(gateway), refusedBy(gateway)]).toEqual([18, 0]);
  });

  test('refuses with the seconds after which the same query succeeds', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const ids = await meetingIds(gateway, 40);
    await exhaust(gateway, ids);
    gateway.clock.advance(20_000);
    const id = ids.at(-1);
    const { status, data, errors } = await ask(gateway, MEETING, id);
    expect([status, data]).toEqual([200, { meeting: { title: null } }]);
    expect(errors.map(({ path, extensions }) => ({ path, extensions }))).toEqual([
      {
        path: ['meeting', 'title'],
        extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 41 },
      },
    ]);
    gateway.clock.advance(41_000);
    expect((await ask(gateway, MEETING, id)).errors).toEqual([]);
    expect(refusedBy(gateway)).toBe(0);
  });

  test('serves what is known older, marked stale, beside what it has to refuse', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const ids = await meetingIds(gateway, 40);
    const [known = '', unknown = ''] = [ids[0], ids.at(-1)];
    const fresh = await ask(gateway, MEETING, known);
    await exhaust(gateway, ids.slice(1));
    gateway.clock.advance(10_000);
    gateway.forget();
    const query = 'query ($a: ID!, $b: ID!) { known: meeting(id: $a) { title } unknown: meeting(id: $b) { title } }';
    const answer = await gateway.send(
      { query, variables: { a: known, b: unknown } },
      { headers: { 'x-upstream-report': '1' } },
    );
    expect(answer.data).toEqual({ known: at(fresh.data, 'meeting'), unknown: { title: null } });
    expect(answer.errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['unknown', 'title'], 'RATE_LIMITED'],
    ]);
    expect(reportOf(answer)).toMatchObject({
      requests: 0,
      cacheHits: 1,
      budget: { limit: 20, remaining: 2, resetSeconds: 50 },
      calls: [{ method: 'GET', route: '/meetings/{id}', status: null, ms: 0, source: 'stale' }],
    });
    expect(gateway.upstream()).toEqual([]);
  });

  test('serves nothing that is older than stale answers may be', async () => {
    const quota = { ...SMALL.quota, windowSeconds: 300 };
    const gateway = await startTestGateway({ settings: { quota } });
    const ids = await meetingIds(gateway, 40);
    await exhaust(gateway, ids);
    gateway.clock.advance(61_999);
    expect((await ask(gateway, MEETING, ids[0])).errors).toEqual([]);
    gateway.clock.advance(1);
    const { errors } = await ask(gateway, MEETING, ids[0]);
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['RATE_LIMITED']);
  });

  test('still starts and stops livestreams, and reads nothing old after them', async () => {
    const gateway = await startTestGateway({ settings: { quota: { ...SMALL.quota, limit: 30 } } });
    const ids = await meetingIds(gateway, 40);
    expect(await exhaust(gateway, ids)).toBe(27);
    const { emptyMeetingId } = gateway.samples;
    const started = await ask(gateway, START, emptyMeetingId);
    expect(at(started.data, 'startLivestream', 'userErrors')).toEqual([]);
    const query = 'query ($id: ID!) { meeting(id: $id) { activeLivestream { id } } }';
    const active = await ask(gateway, query, emptyMeetingId);
    expect(at(active.data, 'meeting', 'activeLivestream', 'id')).toBe(
      at(started.data, 'startLivestream', 'livestream', 'id'),
    );
    const stop = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';
    expect((await ask(gateway, stop, emptyMeetingId)).data).toEqual({ stopLivestream: { userErrors: [] } });
    expect((await ask(gateway, query, emptyMeetingId)).data).toEqual({ meeting: { activeLivestream: null } });
    expect([received(gateway), refusedBy(gateway)]).toEqual([29, 0]);
  });

  test('refuses a mutation, with nothing sent, where nothing is left', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const ids = await meetingIds(gateway, 40);
    await exhaust(gateway, ids);
    for (const id of [gateway.samples.emptyMeetingId, ids.at(-2)])
      expect((await ask(gateway, START, id)).errors).toEqual([]);
    const { data, errors } = await ask(gateway, START, ids.at(-1));
    expect(data).toEqual({ startLivestream: null });
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 61 },
    ]);
    expect([received(gateway), refusedBy(gateway)]).toEqual([20, 0]);
  });

  test('is whole again after the window turned, and everything is read fresh', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const ids = await meetingIds(gateway, 40);
    await exhaust(gateway, ids);
    gateway.clock.advance(61_000);
    for (const id of ids.slice(0, 18)) {
      const answer = await ask(gateway, MEETING, id);
      expect([answer.errors, sourcesOf(answer)]).toEqual([[], ['network']]);
    }
    expect(refusedBy(gateway)).toBe(0);
  });

  test('never trips the limit, however eagerly many clients ask for minutes', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const ids = await meetingIds(gateway, 5);
    const answers: Answer[] = [];
    const begun = gateway.clock.now();
    while (gateway.clock.now() < begun + 240_000) {
      const asked = Promise.all(ids.flatMap((id) => [ask(gateway, MEETING, id), ask(gateway, MEETING, id)]));
      answers.push(...(await withTimePassing(gateway, asked)));
      gateway.clock.advance(3000);
    }
    // Five meetings are worth 100 requests in a window: what is too old is served all the same.
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(answers.some((answer) => sourcesOf(answer).includes('stale'))).toBe(true);
    expect(refusedBy(gateway)).toBe(0);
    expect(received(gateway)).toBeGreaterThan(40);
    expect(received(gateway)).toBeLessThanOrEqual(5 * 18);
  });

  test('never trips the limit where others spend the token too, though they began the window', async () => {
    const { gateway, spendElsewhere } = await startShared(SMALL);
    const ids = await meetingIds(gateway, 40);
    await ask(gateway, MEETING, ids[0]);
    gateway.clock.advance(62_000);
    await spendElsewhere(10);
    gateway.clock.advance(40_000);
    await exhaust(gateway, ids.slice(1));
    expect(refusedBy(gateway)).toBe(0);
  });

  test('stretches freshness step by step: what is read often grows older as the budget shrinks', async () => {
    const gateway = await startTestGateway({ settings: { quota: { ...SMALL.quota, limit: 100 } } });
    const [polled = '', ...others] = await meetingIds(gateway, 80);
    /** Seconds that an answer now stays in use. */
    async function lifetime(): Promise<number> {
      gateway.forget();
      for (let seconds = 0; ; seconds += 1) {
        await ask(gateway, MEETING, polled);
        if (received(gateway) > 0) return seconds;
        gateway.clock.advance(1000);
      }
    }
    await ask(gateway, MEETING, polled);
    const lifetimes = [await lifetime()];
    for (let taken = 0; taken < 75; taken += 25) {
      for (const id of others.slice(taken, taken + 25)) await ask(gateway, MEETING, id);
      lifetimes.push(await lifetime());
    }
    expect(lifetimes[0]).toBe(2);
    expect(lifetimes).toEqual(lifetimes.toSorted((left, right) => left - right));
    expect(lifetimes.at(-1)).toBeGreaterThan(10);
  });
});

describe('after a 429', () => {
  test('sends nothing until it is over, be it a read or a mutation, and then goes on', async () => {
    const gateway = await startTestGateway();
    const ids = await meetingIds(gateway, 10);
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 120, times: 1 }]);
    const first = await ask(gateway, MEETING, ids[0]);
    expect(first.errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 120, upstream: { status: 429 } },
    ]);
    gateway.clock.advance(50_000);
    const answers = await Promise.all([
      ...ids.map((id) => ask(gateway, MEETING, id)),
      ask(gateway, START, gateway.samples.emptyMeetingId),
    ]);
    for (const { errors } of answers) {
      expect(errors.map(({ extensions }) => extensions)).toEqual([
        { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 70 },
      ]);
    }
    expect(received(gateway)).toBe(1);
    gateway.clock.advance(70_000);
    expect((await ask(gateway, MEETING, ids[0])).errors).toEqual([]);
    expect(received(gateway)).toBe(2);
  });

  test('repeats nothing by itself, however many reads it met', async () => {
    const gateway = await startTestGateway();
    const ids = await meetingIds(gateway, 30);
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 60 }]);
    await Promise.all(ids.map((id) => ask(gateway, MEETING, id)));
    expect(received(gateway)).toBeLessThanOrEqual(30);
    const before = received(gateway);
    // A wait of five seconds is waited for; a longer one is the caller's.
    for (let second = 1; second < 54; second += 1) {
      gateway.clock.advance(1000);
      await ask(gateway, MEETING, ids[0]);
    }
    expect(received(gateway)).toBe(before);
  });

  test('serves what it knows, and says in the budget that nothing is left', async () => {
    const gateway = await startTestGateway();
    const ids = await meetingIds(gateway, 2);
    await ask(gateway, MEETING, ids[0]);
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 300, times: 1 }]);
    await ask(gateway, MEETING, ids[1]);
    gateway.clock.advance(30_000);
    const answer = await ask(gateway, MEETING, ids[0]);
    expect([answer.errors, sourcesOf(answer)]).toEqual([[], ['stale']]);
    const resetsAt = new Date(gateway.clock.now() + 270_000).toISOString();
    expect((await ask(gateway, BUDGET)).data).toEqual({ upstreamBudget: { limit: 1200, remaining: 0, resetsAt } });
  });

  test('heeds a lock that another consumer of the token brought about', async () => {
    const { gateway, spendElsewhere } = await startShared(SMALL);
    const ids = await meetingIds(gateway, 30);
    await ask(gateway, MEETING, ids[0]);
    await spendElsewhere(20);
    gateway.forget();
    const { errors } = await ask(gateway, MEETING, ids[1]);
    expect(errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'RATE_LIMITED', retryAfterSeconds: 300, upstream: { status: 429 } },
    ]);
    for (let tens = 0; tens < 29; tens += 1) {
      gateway.clock.advance(10_000);
      const answers = await Promise.all(ids.slice(1).map((id) => ask(gateway, MEETING, id)));
      for (const answer of answers) expect(answer.errors[0]?.extensions['code']).toBe('RATE_LIMITED');
    }
    expect(received(gateway)).toBe(1);
    gateway.clock.advance(11_000);
    expect((await ask(gateway, MEETING, ids[2])).errors).toEqual([]);
    expect([received(gateway), refusedBy(gateway)]).toEqual([2, 1]);
  });

  test('waits out a short wait by itself, and sends nothing meanwhile', async () => {
    const gateway = await startTestGateway();
    const ids = await meetingIds(gateway, 12);
    gateway.sandbox.fail([{ kind: 'status', status: 429, retryAfterSeconds: 3, times: 1 }]);
    const first = ask(gateway, MEETING, ids[0]);
    while (at((await ask(gateway, BUDGET)).data, 'upstreamBudget', 'remaining') !== 0) await gateway.control();
    const queries = ids.slice(1).map((id) => ask(gateway, MEETING, id));
    // Each operation's wait.
    await until(() => gateway.clock.pending() === ids.length);
    gateway.clock.advance(2999);
    await gateway.control();
    expect(received(gateway)).toBe(1);
    gateway.clock.advance(1);
    const answers = await Promise.all([first, ...queries]);
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(received(gateway)).toBe(1 + ids.length);
  });
});

describe('the share of one operation', () => {
  const maxRequestsPerOperation = 5;

  /** A query of several meetings, each under a name of its own. */
  const manyOf = (ids: readonly string[]): string =>
    `{ ${ids.map((id, index) => `m${index}: meeting(id: "${id}") { title }`).join(' ')} }`;

  test('is all that it sends: the rest of its fields fail, and what it got is served', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation, bulkReads: false } });
    const ids = await meetingIds(gateway, 8);
    const answer = await ask(gateway, manyOf(ids));
    const titles = ids.map((_id, index) => at(answer.data, `m${index}`, 'title'));
    expect(titles.filter((title) => typeof title === 'string')).toHaveLength(maxRequestsPerOperation);
    expect(answer.errors).toHaveLength(3);
    for (const { path, extensions, message } of answer.errors) {
      expect(extensions).toEqual({ code: 'QUERY_TOO_EXPENSIVE', retryable: false });
      expect(message).toContain(`its share of ${maxRequestsPerOperation} upstream requests`);
      expect(at(answer.data, ...(path ?? []))).toBeNull();
    }
    expect(received(gateway)).toBe(maxRequestsPerOperation);
    expect(reportOf(answer)).toMatchObject({ requests: maxRequestsPerOperation });
  });

  test('is not spent on what is known, nor on what another operation reads', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation, bulkReads: false } });
    const ids = await meetingIds(gateway, 10);
    const halves = [ids.slice(0, 5), ids.slice(5)];
    for (const half of halves) expect((await ask(gateway, manyOf(half))).errors).toEqual([]);
    expect((await ask(gateway, manyOf(ids))).errors).toEqual([]);
    expect(received(gateway)).toBe(10);
  });

  test('counts what is sent again after a failure', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation: 2 } });
    const [id] = await meetingIds(gateway, 1);
    gateway.sandbox.fail([{ kind: 'status', status: 503 }]);
    const { errors } = await ask(gateway, MEETING, id);
    expect(errors).toHaveLength(1);
    expect(received(gateway)).toBe(2);
  });

  test('does not hurt another operation that joined the same read', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation: 1 } });
    const [first = '', second = ''] = await meetingIds(gateway, 2);
    const [greedy, modest] = await Promise.all([ask(gateway, manyOf([first, second])), ask(gateway, manyOf([second]))]);
    expect(greedy.errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['m1', 'title'], 'QUERY_TOO_EXPENSIVE'],
    ]);
    expect([modest.errors, typeof at(modest.data, 'm0', 'title')]).toEqual([[], 'string']);
  });

  test('is a new one for the next operation', async () => {
    const gateway = await startTestGateway({ caching: { maxRequestsPerOperation, bulkReads: false } });
    const ids = await meetingIds(gateway, 8);
    await ask(gateway, manyOf(ids));
    const again = await ask(gateway, manyOf(ids));
    expect(again.errors).toEqual([]);
    expect(received(gateway)).toBe(8);
  });
});

describe('upstreamBudget', () => {
  test('costs nothing, and is the documented budget before upstream told another one', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const resetsAt = new Date(gateway.clock.now() + 300_000).toISOString();
    const answer = await ask(gateway, BUDGET);
    expect(answer.data).toEqual({ upstreamBudget: { limit: 1200, remaining: 1200, resetsAt } });
    expect([received(gateway), reportOf(answer)]).toEqual([
      0,
      {
        requests: 0,
        cacheHits: 0,
        coalesced: 0,
        budget: { remaining: 1200, limit: 1200, resetSeconds: 300 },
        calls: [],
      },
    ]);
  });

  test('tells what upstream last told, and when it is whole again', async () => {
    const gateway = await startTestGateway({ settings: SMALL });
    const begun = gateway.clock.now();
    await ask(gateway, MEETINGS);
    gateway.clock.advance(7000);
    await ask(gateway, SESSION, gateway.samples.endedSessionId);
    const resetsAt = new Date(begun + 60_000).toISOString();
    expect((await ask(gateway, BUDGET)).data).toEqual({ upstreamBudget: { limit: 20, remaining: 18, resetsAt } });
    expect(received(gateway)).toBe(2);
    gateway.clock.advance(60_000);
    expect(at((await ask(gateway, BUDGET)).data, 'upstreamBudget', 'remaining')).toBe(20);
  });

  test('tells what another consumer of the token has spent, as soon as an answer tells it', async () => {
    const { gateway, spendElsewhere } = await startShared(SMALL);
    await ask(gateway, MEETINGS);
    await spendElsewhere(6);
    expect(at((await ask(gateway, BUDGET)).data, 'upstreamBudget', 'remaining')).toBe(19);
    await ask(gateway, SESSION, gateway.samples.endedSessionId);
    expect(at((await ask(gateway, BUDGET)).data, 'upstreamBudget', 'remaining')).toBe(12);
  });
});

describe('the upstream report', () => {
  const budget = { remaining: 1199, limit: 1200, resetSeconds: 300 };

  test('tells of a read from upstream: its route without ids, its status and its time', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1500 } });
    const answering = ask(gateway, LIVESTREAM, gateway.samples.liveLivestreamId);
    await until(() => gateway.sandbox.requests().inFlight === 1 && gateway.clock.pending() > 1);
    gateway.clock.advance(1500);
    expect(reportOf(await answering)).toEqual({
      requests: 1,
      cacheHits: 0,
      coalesced: 0,
      budget,
      calls: [{ method: 'GET', route: '/livestreams/{id}', status: 200, ms: 1500, source: 'network' }],
    });
  });

  test('tells of a read from memory', async () => {
    const gateway = await startTestGateway();
    await ask(gateway, LIVESTREAM, gateway.samples.liveLivestreamId);
    expect(reportOf(await ask(gateway, LIVESTREAM, gateway.samples.liveLivestreamId))).toEqual({
      requests: 0,
      cacheHits: 1,
      coalesced: 0,
      budget,
      calls: [{ method: 'GET', route: '/livestreams/{id}', status: null, ms: 0, source: 'cache' }],
    });
  });

  test('tells of an older answer that was served because the newer one failed', async () => {
    const gateway = await startTestGateway();
    await ask(gateway, LIVESTREAM, gateway.samples.liveLivestreamId);
    gateway.clock.advance(10_000);
    gateway.sandbox.fail([{ kind: 'status', status: 500 }]);
    const answer = await ask(gateway, LIVESTREAM, gateway.samples.liveLivestreamId);
    expect([answer.errors, reportOf(answer)]).toEqual([
      [],
      {
        requests: 1,
        cacheHits: 1,
        coalesced: 0,
        budget: { remaining: 1198, limit: 1200, resetSeconds: 290 },
        calls: [
          { method: 'GET', route: '/livestreams/{id}', status: 500, ms: 0, source: 'network' },
          { method: 'GET', route: '/livestreams/{id}', status: null, ms: 0, source: 'stale' },
        ],
      },
    ]);
  });

  test('tells of a read that was under way for another operation', async () => {
    const gateway = await startTestGateway();
    const id = gateway.samples.liveLivestreamId;
    const [first, second] = await Promise.all([ask(gateway, LIVESTREAM, id), ask(gateway, LIVESTREAM, id)]);
    const reports = [reportOf(first), reportOf(second)].toSorted(
      (a, b) => Number(at(b, 'requests')) - Number(at(a, 'requests')),
    );
    expect(reports).toEqual([
      expect.objectContaining({ requests: 1, cacheHits: 0, coalesced: 0 }),
      {
        requests: 0,
        cacheHits: 0,
        coalesced: 1,
        budget,
        calls: [{ method: 'GET', route: '/livestreams/{id}', status: null, ms: 0, source: 'coalesced' }],
      },
    ]);
    expect(received(gateway)).toBe(1);
  });

  test('tells of a mutation', async () => {
    const gateway = await startTestGateway();
    expect(reportOf(await ask(gateway, START, gateway.samples.emptyMeetingId))).toEqual({
      requests: 1,
      cacheHits: 0,
      coalesced: 0,
      budget,
      calls: [{ method: 'POST', route: '/meetings/{id}/livestreams', status: 201, ms: 0, source: 'network' }],
    });
  });

  test('tells of every sending of a read that failed, beside the errors', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([
      { kind: 'reset', times: 1 },
      { kind: 'status', status: 503, times: 1 },
      { kind: 'status', status: 403 },
    ]);
    const answer = await ask(gateway, LIVESTREAM, gateway.samples.liveLivestreamId);
    expect([answer.data, answer.errors.length]).toEqual([{ livestream: null }, 1]);
    const calls = rowsOf(at(reportOf(answer), 'calls'));
    expect(calls.map((call) => at(call, 'status'))).toEqual([null, 503, 403]);
    expect(at(reportOf(answer), 'requests')).toBe(3);
  });

  test('tells of what was not found', async () => {
    const gateway = await startTestGateway();
    const answer = await ask(gateway, LIVESTREAM, 'none');
    expect([answer.data, at(reportOf(answer), 'calls', 0, 'status')]).toEqual([{ livestream: null }, 404]);
  });

  test('counts exactly what upstream received, for a query of many rows', async () => {
    const gateway = await startTestGateway();
    const query =
      '{ livestreams(first: 30, filter: { status: LIVE }) { nodes { id activeSession { viewerSeconds } } } }';
    const cold = await ask(gateway, query);
    expect(at(reportOf(cold), 'requests')).toBe(received(gateway));
    expect(rowsOf(at(reportOf(cold), 'calls'))).toHaveLength(received(gateway));
    gateway.forget();
    const warm = await ask(gateway, query);
    expect(at(reportOf(warm), 'requests')).toBe(received(gateway));
    expect(at(reportOf(warm), 'cacheHits')).toBeGreaterThan(20);
  });

  test('holds no id, no token and no account', async () => {
    const gateway = await startTestGateway();
    const query = `{
      livestreams(first: 20) { nodes { id meeting { title activeLivestream { id activeSession { id } } } } }
      meetings(search: "secret-word", first: 3) { nodes { id livestreams(first: 2) { nodes { name } } } }
    }`;
    const ids = rowsOf(await gateway.rest('/livestreams?per_page=100')).map((row) => String(at(row, 'id')));
    const answers = [
      await ask(gateway, query),
      await ask(gateway, START, gateway.samples.liveMeetingId),
      await ask(gateway, SESSION, gateway.samples.endedSessionId),
    ];
    const told = JSON.stringify(answers.map(reportOf));
    expect(told.length).toBeGreaterThan(1000);
    const samples = Object.values<string>({ ...gateway.samples });
    const secrets = [TOKEN, ACCOUNT, APP, 'secret-word', ...samples, ...ids];
    for (const secret of secrets) expect(told).not.toContain(secret);
  });

  test.each([['0'], ['true'], ['']])('is given to nobody who sends the header with "%s"', async (value) => {
    const gateway = await startTestGateway();
    const { text } = await gateway.send(
      { query: LIVESTREAM, variables: { id: gateway.samples.liveLivestreamId } },
      { headers: { 'x-upstream-report': value } },
    );
    expect(at(JSON.parse(text), 'extensions')).toBeUndefined();
  });

  test('is given to nobody who does not ask for it', async () => {
    const gateway = await startTestGateway();
    const { text, errors } = await gateway.send({ query: MEETINGS });
    expect([errors, at(JSON.parse(text), 'extensions')]).toEqual([[], undefined]);
  });

  test('is not part of an answer to what is no operation', async () => {
    const gateway = await startTestGateway();
    for (const query of ['{', '{ nothing }', '']) {
      const answer = await ask(gateway, query);
      expect(answer.errors.length).toBeGreaterThan(0);
      expect(reportOf(answer)).toBeUndefined();
    }
  });

  test('is given to nobody where the operator does not allow it', async () => {
    const { gateway, wire } = await startShared({});
    await ask(gateway, MEETINGS);
    const [baseUrl = ''] = present(wire.last).url.split('/accounts/');
    const silent = createGateway({
      upstream: {
        baseUrl,
        accountId: ACCOUNT,
        appId: APP,
        token: TOKEN,
        attemptTimeoutMs: 10_000,
        totalTimeoutMs: 25_000,
        requestsPerSecond: 0,
      },
      transport: present(wire.send),
      log: () => {},
      graphiql: {},
      clock: gateway.clock,
    });
    const response = await silent.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-upstream-report': '1' },
      body: JSON.stringify({ query: MEETINGS }),
    });
    const body: unknown = await response.json();
    expect(at(body, 'data', 'meetings', 'nodes')).toHaveLength(50);
    expect(at(body, 'extensions')).toBeUndefined();
  });
});
