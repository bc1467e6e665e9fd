import { describe, expect, test } from 'vitest';

import type { Transport } from '../../src/realtimekit/transport.ts';
import { at, rowsOf, startTestGateway, type TestGateway, until } from '../support/gateway.ts';

const OVERALL = 'GET /analytics/livestreams/overall';
const DAILY = 'GET /analytics/livestreams/daywise';

const NUMBERS = 'count ingestSeconds viewerSeconds';
const ALL = `${NUMBERS} days { date ${NUMBERS} }`;

/** A field of the range that `args` name, as `(from: "..", to: "..")`. */
const analytics = (selection: string, args = ''): string => `livestreamAnalytics${args} { ${selection} }`;

/** The analytics alone; throws where they fail. */
async function ask(gateway: TestGateway, selection: string, args = ''): Promise<unknown> {
  const { data, errors, text } = await gateway.send({ query: `{ ${analytics(selection, args)} }` });
  if (errors.length > 0) throw new Error(text);
  return at(data, 'livestreamAnalytics');
}

/** What the REST API says, in the names that the graph has. */
const renamed = (sent: unknown) => ({
  count: at(sent, 'count'),
  ingestSeconds: at(sent, 'total_ingest_seconds'),
  viewerSeconds: at(sent, 'total_viewer_seconds'),
});

/** An upstream that gives this data to each analytics request, and what it was asked. */
function giving(data: unknown, status = 200) {
  const urls: URL[] = [];
  const intercept =
    (): Transport =>
    async ({ url }) => {
      urls.push(new URL(url));
      return { status, headers: {}, body: JSON.stringify({ success: status === 200, data }) };
    };
  return { urls, intercept };
}

describe('analytics', () => {
  test('tell what the REST API says, in all and by day', async () => {
    const gateway = await startTestGateway();
    const days = rowsOf(await gateway.rest('/analytics/livestreams/daywise'));

    expect(days.length).toBeGreaterThan(100);
    expect(await ask(gateway, ALL)).toEqual({
      ...renamed(await gateway.rest('/analytics/livestreams/overall')),
      days: days.map((day) => Object.assign(renamed(day), { date: at(day, 'date') })),
    });
  });

  test('count more viewer seconds than 2^31', async () => {
    const gateway = await startTestGateway();
    expect(at(await ask(gateway, 'viewerSeconds'), 'viewerSeconds')).toBeGreaterThan(2 ** 31);
  });

  test.each(['string', 'number'] as const)(
    'are the same where upstream writes each number as a %s',
    async (numbers) => {
      const [plain, odd] = [await startTestGateway(), await startTestGateway({ settings: { shapes: { numbers } } })];
      expect(await ask(odd, ALL)).toEqual(await ask(plain, ALL));
    },
  );

  test('come with their days from the oldest to the newest, in whatever order they were sent', async () => {
    const sent = ['2026-01-03', '2025-12-31T00:00:00.000Z', '2026-01-01 00:00:00'].map((date) => ({ date, count: 1 }));
    const gateway = await startTestGateway(giving(sent));
    expect(await ask(gateway, 'days { date count }')).toEqual({
      days: ['2025-12-31', '2026-01-01', '2026-01-03'].map((date) => ({ date, count: 1 })),
    });
  });
});

describe('only what is selected is asked for', () => {
  test.each([
    ['count', [OVERALL]],
    [`a: ${NUMBERS} b: count`, [OVERALL]],
    ['days { date }', [DAILY]],
    ['... on LivestreamAnalytics { d: days { viewerSeconds } }', [DAILY]],
    ['count @skip(if: true) days { date }', [DAILY]],
    [ALL, [OVERALL, DAILY]],
    ['__typename', []],
  ])('of { %s }', async (selection, requests) => {
    const gateway = await startTestGateway();
    await ask(gateway, selection);

    expect(gateway.upstream().toSorted()).toEqual(requests.toSorted());
  });

  test('both at the same time', async () => {
    const released = Promise.withResolvers<null>();
    let underWay = 0;
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        underWay += 1;
        await released.promise;
        return send(request);
      },
    });
    const asking = ask(gateway, 'days { date } count');
    await until(() => underWay === 2);
    released.resolve(null);
    expect(at(await asking, 'count')).toBeGreaterThan(0);
  });
});

describe('a range', () => {
  test.each([
    ['', ''],
    ['(from: null, to: null)', ''],
    ['(from: "2026-01-01T00:00:00Z")', '?start_time=1767225600'],
    ['(to: "2026-01-02T01:00:00.999+01:00")', '?end_time=1767312000'],
    ['(from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z")', '?start_time=1767225600&end_time=1767225600'],
  ])('%s is sent in Unix seconds, and an end that is absent is not', async (args, query) => {
    const { urls, intercept } = giving({ count: 0 });
    const gateway = await startTestGateway({ intercept });
    await ask(gateway, 'count', args);
    expect(urls.map(({ search }) => search)).toEqual([query]);
  });

  test('holds what began in it alone, and its days are those of the range', async () => {
    const gateway = await startTestGateway();
    const all = rowsOf(at(await ask(gateway, 'days { date count }'), 'days'));
    const [first, last] = [at(all, 20, 'date'), at(all, 30, 'date')].map(String);
    const part = await ask(gateway, ALL, `(from: "${first}T00:00:00Z", to: "${last}T23:59:59Z")`);

    const counts = all.slice(20, 31).map((day) => Number(at(day, 'count')));
    expect(rowsOf(at(part, 'days')).map((day) => [at(day, 'date'), at(day, 'count')])).toEqual(
      all.slice(20, 31).map((day) => [at(day, 'date'), at(day, 'count')]),
    );
    expect(at(part, 'count')).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  test('that ends before it begins is refused before anything is sent upstream', async () => {
    const gateway = await startTestGateway();
    const args = '(from: "2026-01-01T00:00:00.001Z", to: "2026-01-01T00:00:00Z")';
    const { data, errors } = await gateway.send({ query: `{ ${analytics(ALL, args)} }` });

    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', retryable: false }]);
    expect(gateway.upstream()).toEqual([]);
  });
});

describe('a number that upstream does not tell', () => {
  test.each([
    ['count', {}],
    ['count', { count: 'many' }],
    ['count', { count: 1.5 }],
    ['viewerSeconds', { count: 3, total_ingest_seconds: 9 }],
    ['ingestSeconds', { count: 3, total_ingest_seconds: null }],
  ])('%s of %j is an error, never 0', async (field, sent) => {
    const gateway = await startTestGateway(giving(sent));
    const { data, errors } = await gateway.send({ query: `{ ${analytics(field)} }` });

    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        path: ['livestreamAnalytics', field],
        extensions: { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false },
      },
    ]);
  });

  test('is no matter to those who do not ask for it', async () => {
    const gateway = await startTestGateway(giving({ count: 3 }));
    expect(await ask(gateway, 'count')).toEqual({ count: 3 });
  });

  test.each([
    ['"not found"', null, 404],
    ['null', null, 200],
    ['a count of 0', { count: '0', total_ingest_seconds: null }, 200],
  ])('is 0 where there is nothing to sum up, as %s says', async (_what, sent, status) => {
    const gateway = await startTestGateway(giving(sent, status));
    expect(await ask(gateway, NUMBERS)).toEqual({ count: 0, ingestSeconds: 0, viewerSeconds: 0 });
  });

  test.each([
    ['"not found"', null, 404],
    ['null', null, 200],
    ['an empty list', [], 200],
  ])('leaves no day where there is none, as %s says', async (_what, sent, status) => {
    const gateway = await startTestGateway(giving(sent, status));
    expect(await ask(gateway, 'days { date }')).toEqual({ days: [] });
  });

  test.each([
    { sent: {} },
    { sent: { days: [] } },
    { sent: [{ count: 1 }] },
    { sent: [{ date: '2026-01-01' }, { date: '2026-02-30', count: 1 }] },
    { sent: [{ date: 1_767_225_600 }] },
    { sent: [{ date: '2026-01-011' }] },
    { sent: [null] },
    { sent: ['2026-01-01'] },
  ])('makes days that cannot be read an error, never a gap: %j', async ({ sent }) => {
    const gateway = await startTestGateway(giving(sent));
    const { data, errors } = await gateway.send({ query: `{ ${analytics('days { date }')} }` });
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { path: ['livestreamAnalytics', 'days'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
    ]);
  });

  test('of one day is an error at that day', async () => {
    const sent = [
      { date: '2026-01-01', count: 1 },
      { date: '2026-01-02', total_viewer_seconds: 5 },
    ];
    const gateway = await startTestGateway(giving(sent));
    const { errors } = await gateway.send({ query: `{ ${analytics('days { date count }')} }` });
    expect(errors).toMatchObject([{ path: ['livestreamAnalytics', 'days', 1, 'count'] }]);
  });
});

describe('when one of the two requests fails', () => {
  const failing = [
    ['/analytics/livestreams/overall', 'count', 'days { date }'],
    ['/analytics/livestreams/daywise', 'days', 'count'],
  ] as const;

  test.each(failing)('%s, the error tells which field, and the operation has no data', async (route, field) => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'status', status: 503, route }]);
    const { data, errors } = await gateway.send({ query: `{ ${analytics('count days { date }')} }` });

    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { path: ['livestreamAnalytics', field], extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } },
    ]);
  });

  test.each(failing)('%s, the other serves those who ask for it alone', async (route, _field, other) => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'status', status: 503, route }]);
    expect(await ask(gateway, other)).toBeTruthy();
  });
});

describe('analytics are kept', () => {
  const FROM = '(from: "2026-01-01T00:00:00Z")';

  test('for as long as the meters of running sessions', async () => {
    const gateway = await startTestGateway();
    for (const milliseconds of [0, 14_999]) {
      gateway.clock.advance(milliseconds);
      await ask(gateway, ALL);
    }
    expect(gateway.upstream()).toHaveLength(2);
    gateway.clock.advance(1);
    await ask(gateway, ALL);
    expect(gateway.upstream()).toHaveLength(4);
  });

  test('for each of the two by itself', async () => {
    const gateway = await startTestGateway();
    await ask(gateway, 'count');
    await ask(gateway, ALL);
    await ask(gateway, 'days { count }');
    expect(gateway.upstream()).toEqual([OVERALL, DAILY]);
  });

  test('for each range by itself, and what differs by less than a second is the same', async () => {
    const gateway = await startTestGateway();
    const at0 = await ask(gateway, 'count', FROM);
    expect(await ask(gateway, 'count', '(from: "2026-01-01T00:00:00.400Z")')).toEqual(at0);
    expect(gateway.upstream()).toHaveLength(1);
    for (const args of ['(from: "2026-01-01T00:00:01Z")', '(to: "2026-01-01T00:00:00Z")', '']) {
      await ask(gateway, 'count', args);
    }
    expect(gateway.upstream()).toHaveLength(4);
  });

  test('for each account by itself', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    const query = `{ ${analytics('count')} }`;
    for (const token of ['one', 'two', 'one']) {
      await gateway.send({ query }, { headers: { authorization: `Bearer ${token}` } });
    }
    expect(gateway.upstream()).toHaveLength(2);
  });

  test('until a livestream is started: that one is counted', async () => {
    const gateway = await startTestGateway();
    const before = await ask(gateway, 'count', FROM);
    const input = `{ meetingId: "${gateway.samples.idleMeetingId}" }`;
    const { data } = await gateway.send({
      query: `mutation { startLivestream(input: ${input}) { userErrors { code } } }`,
    });
    expect(at(data, 'startLivestream', 'userErrors')).toEqual([]);
    expect(await ask(gateway, 'count', FROM)).toEqual({ count: Number(at(before, 'count')) + 1 });
  });

  test('and served older while upstream fails', async () => {
    const gateway = await startTestGateway();
    const before = await ask(gateway, ALL);
    gateway.clock.advance(30_000);
    gateway.sandbox.fail([{ kind: 'status', status: 503 }]);
    expect(await ask(gateway, ALL)).toEqual(before);
  });

  test('and read once by many who ask at the same time', async () => {
    const gateway = await startTestGateway();
    const query = `{ a: ${analytics(ALL)} b: ${analytics(ALL)} }`;
    const answers = await Promise.all(Array.from({ length: 5 }, async () => gateway.send({ query })));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(gateway.upstream().toSorted()).toEqual([DAILY, OVERALL]);
  });
});

test('the report tells the two routes', async () => {
  const gateway = await startTestGateway();
  const query = `{ ${analytics(ALL)} }`;
  const { text } = await gateway.send({ query }, { headers: { 'x-upstream-report': '1' } });
  const report = at(JSON.parse(text), 'extensions', 'upstream');

  expect(at(report, 'requests')).toBe(2);
  expect(rowsOf(at(report, 'calls')).map((call) => at(call, 'route'))).toEqual([
    '/analytics/livestreams/overall',
    '/analytics/livestreams/daywise',
  ]);
});
