import { describe, expect, test } from 'vitest';

import type { Transport } from '../../src/realtimekit/transport.ts';
import { at, asArray, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';

const OVERALL = 'GET /analytics/livestreams/overall';
const DAILY = 'GET /analytics/livestreams/daywise';

const NUMBERS = 'count ingestSeconds viewerSeconds';
const ALL = `${NUMBERS} days { date ${NUMBERS} }`;

/** The root field with its arguments (`(from: "…", to: "…")`, or none) and its selection. */
const analytics = (selection: string, args = ''): string => `livestreamAnalytics${args} { ${selection} }`;

/** Queries `livestreamAnalytics` and returns its value. Throws if the result has errors. */
async function fetchAnalytics(gateway: TestGateway, selection: string, args = ''): Promise<unknown> {
  const { data, errors, text } = await gateway.send({ query: `{ ${analytics(selection, args)} }` });
  if (errors.length > 0) throw new Error(text);
  return at(data, 'livestreamAnalytics');
}

/** Numbers of the REST API under their GraphQL names. */
const toGraphqlNames = (row: unknown) => ({
  count: at(row, 'count'),
  ingestSeconds: at(row, 'total_ingest_seconds'),
  viewerSeconds: at(row, 'total_viewer_seconds'),
});

/** An upstream that responds to every request with `data`, and the URLs requested from it. */
function respondWith(data: unknown, status = 200) {
  const urls: URL[] = [];
  const intercept =
    (): Transport =>
    async ({ url }) => {
      urls.push(new URL(url));
      return { status, headers: {}, body: JSON.stringify({ success: status === 200, data }) };
    };
  return { urls, intercept };
}

describe('livestreamAnalytics', () => {
  test('returns the totals and the daily numbers of the REST API', async () => {
    const gateway = await startTestGateway();
    const days = asArray(await gateway.rest('/analytics/livestreams/daywise'));

    expect(days.length).toBeGreaterThan(100);
    expect(await fetchAnalytics(gateway, ALL)).toEqual({
      ...toGraphqlNames(await gateway.rest('/analytics/livestreams/overall')),
      days: days.map((day) => Object.assign(toGraphqlNames(day), { date: at(day, 'date') })),
    });
  });

  test('returns viewer seconds above 2^31', async () => {
    const gateway = await startTestGateway();
    expect(at(await fetchAnalytics(gateway, 'viewerSeconds'), 'viewerSeconds')).toBeGreaterThan(2 ** 31);
  });

  test.each(['string', 'number'] as const)(
    'returns the same numbers when upstream encodes each number as a %s',
    async (numbers) => {
      const [standard, encoded] = [
        await startTestGateway(),
        await startTestGateway({ settings: { responseFormats: { numbers } } }),
      ];
      expect(await fetchAnalytics(encoded, ALL)).toEqual(await fetchAnalytics(standard, ALL));
    },
  );

  test('sorts days from oldest to newest, whatever order upstream sends', async () => {
    const days = ['2026-01-03', '2025-12-31T00:00:00.000Z', '2026-01-01 00:00:00'].map((date) => ({ date, count: 1 }));
    const gateway = await startTestGateway(respondWith(days));
    expect(await fetchAnalytics(gateway, 'days { date count }')).toEqual({
      days: ['2025-12-31', '2026-01-01', '2026-01-03'].map((date) => ({ date, count: 1 })),
    });
  });
});

describe('the upstream requests of livestreamAnalytics', () => {
  test.each([
    ['count', [OVERALL]],
    [`a: ${NUMBERS} b: count`, [OVERALL]],
    ['days { date }', [DAILY]],
    ['... on LivestreamAnalytics { d: days { viewerSeconds } }', [DAILY]],
    ['count @skip(if: true) days { date }', [DAILY]],
    [ALL, [OVERALL, DAILY]],
    ['__typename', []],
  ])('{ %s } sends only the requests it needs: %j', async (selection, requests) => {
    const gateway = await startTestGateway();
    await fetchAnalytics(gateway, selection);

    expect(gateway.upstreamRequests().toSorted()).toEqual(requests.toSorted());
  });

  test('the totals and the days are requested concurrently', async () => {
    const released = Promise.withResolvers<null>();
    let inFlight = 0;
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        inFlight += 1;
        await released.promise;
        return send(request);
      },
    });
    const pending = fetchAnalytics(gateway, 'days { date } count');
    await waitUntil(() => inFlight === 2);
    released.resolve(null);
    expect(at(await pending, 'count')).toBeGreaterThan(0);
  });
});

describe('the date range of livestreamAnalytics', () => {
  test.each([
    ['', ''],
    ['(from: null, to: null)', ''],
    ['(from: "2026-01-01T00:00:00Z")', '?start_time=1767225600'],
    ['(to: "2026-01-02T01:00:00.999+01:00")', '?end_time=1767312000'],
    ['(from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z")', '?start_time=1767225600&end_time=1767225600'],
  ])('"%s" is sent upstream in Unix seconds as "%s"', async (args, query) => {
    const { urls, intercept } = respondWith({ count: 0 });
    const gateway = await startTestGateway({ intercept });
    await fetchAnalytics(gateway, 'count', args);
    expect(urls.map(({ search }) => search)).toEqual([query]);
  });

  test('limits the totals and the days to sessions that began in the range', async () => {
    const gateway = await startTestGateway();
    const all = asArray(at(await fetchAnalytics(gateway, 'days { date count }'), 'days'));
    const [first, last] = [at(all, 20, 'date'), at(all, 30, 'date')].map(String);
    const inRange = await fetchAnalytics(gateway, ALL, `(from: "${first}T00:00:00Z", to: "${last}T23:59:59Z")`);

    const counts = all.slice(20, 31).map((day) => Number(at(day, 'count')));
    expect(asArray(at(inRange, 'days')).map((day) => [at(day, 'date'), at(day, 'count')])).toEqual(
      all.slice(20, 31).map((day) => [at(day, 'date'), at(day, 'count')]),
    );
    expect(at(inRange, 'count')).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  test('rejects a range that ends before it begins, without an upstream request', async () => {
    const gateway = await startTestGateway();
    const args = '(from: "2026-01-01T00:00:00.001Z", to: "2026-01-01T00:00:00Z")';
    const { data, errors } = await gateway.send({ query: `{ ${analytics(ALL, args)} }` });

    expect(data).toEqual({ livestreamAnalytics: null });
    expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', retryable: false }]);
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});

describe('a response to livestreamAnalytics that is incomplete or malformed', () => {
  test.each([
    ['count', { total_ingest_seconds: 9, total_viewer_seconds: 8 }],
    ['count', { count: 'many', total_ingest_seconds: 9, total_viewer_seconds: 8 }],
    ['count', { count: 1.5, total_ingest_seconds: 9, total_viewer_seconds: 8 }],
    ['viewerSeconds', { count: 3, total_ingest_seconds: 9 }],
    ['ingestSeconds', { count: 3, total_ingest_seconds: null, total_viewer_seconds: 8 }],
  ])('%s of %j is null with an error, not 0, and the other numbers are there', async (field, data) => {
    const gateway = await startTestGateway(respondWith(data));
    const { data: result, errors } = await gateway.send({ query: `{ ${analytics(NUMBERS)} }` });

    const numbers = { count: 3, ingestSeconds: 9, viewerSeconds: 8, [field]: null };
    expect(result).toEqual({ livestreamAnalytics: numbers });
    expect(errors).toMatchObject([
      {
        path: ['livestreamAnalytics', field],
        extensions: { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false },
      },
    ]);
  });

  test('a missing number causes no error in an operation that does not select it', async () => {
    const gateway = await startTestGateway(respondWith({ count: 3 }));
    expect(await fetchAnalytics(gateway, 'count')).toEqual({ count: 3 });
  });

  test.each([
    ['null', null],
    ['a count of 0', { count: '0', total_ingest_seconds: null }],
  ])('every total is 0 when upstream responds with %s', async (_response, data) => {
    const gateway = await startTestGateway(respondWith(data));
    expect(await fetchAnalytics(gateway, NUMBERS)).toEqual({ count: 0, ingestSeconds: 0, viewerSeconds: 0 });
  });

  test.each([
    ['null', null],
    ['an empty list', []],
  ])('days is empty when upstream responds with %s', async (_response, data) => {
    const gateway = await startTestGateway(respondWith(data));
    expect(await fetchAnalytics(gateway, 'days { date }')).toEqual({ days: [] });
  });

  test.each([{ sent: {} }, { sent: { days: [] } }, { sent: [null] }, { sent: ['2026-01-01'] }])(
    'unreadable days are an error, not a gap: %j',
    async ({ sent }) => {
      const gateway = await startTestGateway(respondWith(sent));
      const { data, errors } = await gateway.send({ query: `{ ${analytics('days { date }')} }` });
      expect(data).toEqual({ livestreamAnalytics: { days: null } });
      expect(errors).toMatchObject([
        { path: ['livestreamAnalytics', 'days'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
      ]);
    },
  );

  test.each([null, '', '2026-02-30', '2026-01-011', 1_767_225_600])(
    'a day with the date %j is the last one, with null as its date and without an error',
    async (date) => {
      const days = [
        { date, count: 2 },
        { date: '2026-01-01', count: 1 },
      ];
      const gateway = await startTestGateway(respondWith(days));
      expect(await fetchAnalytics(gateway, 'days { date count }')).toEqual({
        days: [days[1], { date: null, count: 2 }],
      });
    },
  );

  test("a number that is missing from one day is an error at that day's path", async () => {
    const days = [
      { date: '2026-01-01', count: 1 },
      { date: '2026-01-02', total_viewer_seconds: 5 },
    ];
    const gateway = await startTestGateway(respondWith(days));
    const { data, errors } = await gateway.send({ query: `{ ${analytics('days { date count }')} }` });
    expect(at(data, 'livestreamAnalytics', 'days')).toEqual([days[0], { date: '2026-01-02', count: null }]);
    expect(errors).toMatchObject([{ path: ['livestreamAnalytics', 'days', 1, 'count'] }]);
  });
});

describe('a failure of one analytics request', () => {
  const failing = [
    ['/analytics/livestreams/overall', 'count', 'days { date }'],
    ['/analytics/livestreams/daywise', 'days', 'count'],
  ] as const;

  test.each(failing)('%s: only the field "%s" is null, with an error that names it', async (route, field) => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 503, route }]);
    const { data, errors } = await gateway.send({ query: `{ ${analytics('count days { date }')} }` });

    const other: unknown = expect.anything();
    expect(data).toEqual({ livestreamAnalytics: { count: other, days: other, [field]: null } });
    expect(errors).toMatchObject([
      { path: ['livestreamAnalytics', field], extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } },
    ]);
  });

  test.each(failing)('%s: an operation without the field "%s" succeeds', async (route, _field, selection) => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 503, route }]);
    expect(await fetchAnalytics(gateway, selection)).toBeTruthy();
  });
});

describe('the cache of livestreamAnalytics', () => {
  const FROM = '(from: "2026-01-01T00:00:00Z")';

  test('serves both responses for 15 s, as long as the meters of a running session', async () => {
    const gateway = await startTestGateway();
    for (const milliseconds of [0, 14_999]) {
      gateway.clock.advance(milliseconds);
      await fetchAnalytics(gateway, ALL);
    }
    expect(gateway.upstreamRequests()).toHaveLength(2);
    gateway.clock.advance(1);
    await fetchAnalytics(gateway, ALL);
    expect(gateway.upstreamRequests()).toHaveLength(4);
  });

  test('stores the totals and the days separately', async () => {
    const gateway = await startTestGateway();
    await fetchAnalytics(gateway, 'count');
    await fetchAnalytics(gateway, ALL);
    await fetchAnalytics(gateway, 'days { count }');
    expect(gateway.upstreamRequests()).toEqual([OVERALL, DAILY]);
  });

  test('stores each range separately and ignores fractions of a second', async () => {
    const gateway = await startTestGateway();
    const first = await fetchAnalytics(gateway, 'count', FROM);
    expect(await fetchAnalytics(gateway, 'count', '(from: "2026-01-01T00:00:00.400Z")')).toEqual(first);
    expect(gateway.upstreamRequests()).toHaveLength(1);
    for (const args of ['(from: "2026-01-01T00:00:01Z")', '(to: "2026-01-01T00:00:00Z")', '']) {
      await fetchAnalytics(gateway, 'count', args);
    }
    expect(gateway.upstreamRequests()).toHaveLength(4);
  });

  test('stores each account separately', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    const query = `{ ${analytics('count')} }`;
    for (const token of ['one', 'two', 'one']) {
      await gateway.send({ query }, { headers: { authorization: `Bearer ${token}` } });
    }
    expect(gateway.upstreamRequests()).toHaveLength(2);
  });

  test('is invalidated when a livestream starts, so the next count includes the livestream', async () => {
    const gateway = await startTestGateway();
    const before = await fetchAnalytics(gateway, 'count', FROM);
    const input = `{ meetingId: "${gateway.exampleIds.idleMeetingId}" }`;
    const { data } = await gateway.send({
      query: `mutation { startLivestream(input: ${input}) { userErrors { code } } }`,
    });
    expect(at(data, 'startLivestream', 'userErrors')).toEqual([]);
    expect(await fetchAnalytics(gateway, 'count', FROM)).toEqual({ count: Number(at(before, 'count')) + 1 });
  });

  test('serves a stale response while upstream fails', async () => {
    const gateway = await startTestGateway();
    const before = await fetchAnalytics(gateway, ALL);
    gateway.clock.advance(30_000);
    gateway.sandbox.setFaults([{ kind: 'status', status: 503 }]);
    expect(await fetchAnalytics(gateway, ALL)).toEqual(before);
  });

  test('sends one request of each kind for concurrent operations', async () => {
    const gateway = await startTestGateway();
    const query = `{ a: ${analytics(ALL)} b: ${analytics(ALL)} }`;
    const responses = await Promise.all(Array.from({ length: 5 }, async () => gateway.send({ query })));
    expect(responses.flatMap(({ errors }) => errors)).toEqual([]);
    expect(gateway.upstreamRequests().toSorted()).toEqual([DAILY, OVERALL]);
  });
});

test('the upstream report lists both routes of livestreamAnalytics', async () => {
  const gateway = await startTestGateway();
  const query = `{ ${analytics(ALL)} }`;
  const { text } = await gateway.send({ query }, { headers: { 'x-upstream-report': '1' } });
  const report = at(JSON.parse(text), 'extensions', 'upstream');

  expect(at(report, 'requests')).toBe(2);
  expect(asArray(at(report, 'calls')).map((call) => at(call, 'route'))).toEqual([
    '/analytics/livestreams/overall',
    '/analytics/livestreams/daywise',
  ]);
});
