import { describe, expect, test } from 'vitest';

import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import { type TestResponse, at, asArray, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const LIST = 'GET /livestreams';

const FIELDS =
  'id errorMessage ingestSeconds viewerSeconds invokedAt startedAt stoppedAt createdAt updatedAt livestream { id }';
const PAGE = `edges { cursor node { id } } nodes { ${FIELDS} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`;
const SESSIONS = `query Sessions($id: ID!, $first: Int, $after: String) {
  livestream(id: $id) { id sessions(first: $first, after: $after) { ${PAGE} } } }`;

type Page = { first?: number | null; after?: unknown };

const send = async (gateway: TestGateway, id: string, page: Page = {}): Promise<TestResponse> =>
  gateway.send({ query: SESSIONS, variables: { id, ...page } });

/** Reads a page of a livestream's sessions; throws if the result has errors. */
async function sessions(gateway: TestGateway, id: string, page?: Page): Promise<unknown> {
  const { data, errors, text } = await send(gateway, id, page);
  if (errors.length > 0) throw new Error(text);
  return at(data, 'livestream', 'sessions');
}

/** The data of an operation; throws if the result has errors. */
async function execute(gateway: TestGateway, query: string): Promise<unknown> {
  const { data, errors, text } = await gateway.send({ query });
  if (errors.length > 0) throw new Error(text);
  return data;
}

const idsOf = (page: unknown): unknown[] => asArray(at(page, 'nodes')).map((node) => at(node, 'id'));

/** The id of a livestream of a meeting that has three sessions. */
async function livestreamWithThreeSessions(gateway: TestGateway, status = 'LIVE'): Promise<string> {
  for (const row of asArray(await gateway.rest(`/livestreams?per_page=100&status=${status}`))) {
    const id = String(at(row, 'id'));
    const total = at(await gateway.rest(`/livestreams/${id}`), 'paging', 'total_count');
    const isInMeeting = at(row, 'meeting_id') !== undefined;
    if (isInMeeting && total === 3) {
      gateway.clearUpstreamRequests();
      return id;
    }
  }
  throw new Error('No livestream of a meeting has three sessions.');
}

/** The sessions of a livestream in the REST API, which returns one a page. */
async function restSessions(gateway: TestGateway, id: string, count: number): Promise<unknown[]> {
  const pages = Array.from({ length: count }, async (_, page) =>
    gateway.rest(`/livestreams/${id}?page_no=${page + 1}`),
  );
  const rows = (await Promise.all(pages)).map((data) => at(data, 'session'));
  gateway.clearUpstreamRequests();
  return rows;
}

const ENDED = { started_time: '2026-01-01T00:00:00Z', stopped_time: '2026-01-01T01:00:00Z' };
const ROWS = Array.from({ length: 7 }, (_, index) => ({
  id: `session-${index}`,
  livestream_id: 'many',
  ingest_seconds: String(index),
  viewer_seconds: index,
  ...ENDED,
}));
const LIVESTREAM = { id: 'many', name: 'Many', status: 'IDLE', meeting_id: 'meeting' };

interface RowWindow {
  rows: typeof ROWS;
  paging: { start_offset: number; end_offset: number; total_count: number };
}

/** An upstream that returns the pages of seven sessions in a given response format, with one session a page if `isOnePerPage`. */
function upstreamWithFormat(format: (window: RowWindow) => object, isOnePerPage = false) {
  const sentQueries: string[] = [];
  const envelopeFor = ({ url }: TransportRequest): object => {
    const query = new URL(url).searchParams;
    const perPage = isOnePerPage ? 1 : Number(query.get('per_page'));
    const from = (Number(query.get('page_no') ?? 1) - 1) * perPage;
    const rows = ROWS.slice(from, from + perPage);
    const isEmpty = rows.length === 0;
    const offsets = { start_offset: isEmpty ? 0 : from + 1, end_offset: isEmpty ? 0 : from + rows.length };
    return format({ rows, paging: { ...offsets, total_count: ROWS.length } });
  };
  const intercept = (): Transport => async (request) => {
    sentQueries.push(new URL(request.url).search);
    return { status: 200, headers: {}, body: JSON.stringify({ success: true, ...envelopeFor(request) }) };
  };
  return { sentQueries, intercept };
}

/** An upstream that returns the same data for every request. */
const upstreamWithData = (data: unknown) => upstreamWithFormat(() => ({ data }));

describe("a livestream's sessions", () => {
  test('have the values of the REST API, for the active session and past sessions', async () => {
    const gateway = await startTestGateway();
    const id = await livestreamWithThreeSessions(gateway);
    const restRows = await restSessions(gateway, id, 3);
    const page = await sessions(gateway, id);

    expect(asArray(at(page, 'nodes'))).toEqual(
      restRows.map((session) => ({
        id: at(session, 'id'),
        errorMessage: at(session, 'err_message') ?? null,
        ingestSeconds: Number(at(session, 'ingest_seconds')),
        viewerSeconds: Number(at(session, 'viewer_seconds')),
        invokedAt: at(session, 'invoked_time'),
        startedAt: at(session, 'started_time'),
        stoppedAt: at(session, 'stopped_time') ?? null,
        createdAt: at(session, 'created_at'),
        updatedAt: at(session, 'updated_at'),
        livestream: { id },
      })),
    );
    expect(asArray(at(page, 'nodes')).filter((session) => at(session, 'stoppedAt') === null)).toHaveLength(1);
    expect(at(page, 'totalCount')).toBe(3);
  });

  test.each([{}, { firstPage: 0 }, { envelope: 'result' }, { numbers: 'string' }] as const)(
    'are paginated by cursors, each session once and in order, over an upstream with %j',
    async (responseFormats) => {
      const gateway = await startTestGateway({ caching: { cacheBytes: 0 } });
      const id = await livestreamWithThreeSessions(gateway);
      const restRows = await restSessions(gateway, id, 3);
      gateway.sandbox.configure({ responseFormats });
      const first = await sessions(gateway, id, { first: 2 });
      const second = await sessions(gateway, id, { first: 2, after: at(first, 'pageInfo', 'endCursor') });

      expect([...idsOf(first), ...idsOf(second)]).toEqual(restRows.map((session) => at(session, 'id')));
      expect(at(first, 'pageInfo')).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
      expect(at(second, 'pageInfo')).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
      expect(asArray(at(first, 'edges')).map((edge) => at(edge, 'node', 'id'))).toEqual(idsOf(first));
    },
  );

  test('are at most 25 a page when `first` is missing or null', async () => {
    const { sentQueries, intercept } = upstreamWithFormat(({ rows, paging }) => ({
      data: { livestream: LIVESTREAM, session: rows, paging },
    }));
    const gateway = await startTestGateway({ intercept });
    await sessions(gateway, 'many');
    await sessions(gateway, 'many', { first: null });
    expect(sentQueries).toEqual(['?per_page=1', '?page_no=1&per_page=25']);
  });

  test.each([{ first: 0 }, { first: 101 }, { after: 'no cursor' }])(
    'with invalid page arguments are rejected without a request for sessions: %j',
    async (page) => {
      const gateway = await startTestGateway();
      const { errors } = await send(gateway, gateway.exampleIds.liveLivestreamId, page);
      expect(errors).toMatchObject([{ path: ['livestream', 'sessions'], extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(gateway.upstreamRequests()).toEqual([BY_ID]);
    },
  );
});

describe('sessions in any upstream response format', () => {
  test.each<[string, (window: RowWindow) => object, boolean, number]>([
    [
      'one a page as `session`',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, session: rows[0] ?? null, paging } }),
      true,
      7,
    ],
    [
      'one a page as `sessions`',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, sessions: rows[0], paging } }),
      true,
      7,
    ],
    [
      'an array as `session`',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, session: rows, paging } }),
      false,
      1,
    ],
    [
      'an array as `sessions`',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, sessions: rows, paging } }),
      false,
      1,
    ],
    [
      'paging beside data',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, sessions: rows }, paging }),
      false,
      1,
    ],
    ['flat, with an array', ({ rows, paging }) => ({ data: { ...LIVESTREAM, sessions: rows, paging } }), false, 1],
    [
      'rows without the livestream id',
      ({ rows, paging }) => {
        const bare = rows.map(({ livestream_id: _id, ...row }) => row);
        return { data: { livestream: LIVESTREAM, sessions: bare, paging } };
      },
      false,
      1,
    ],
  ])('have the same values: %s', async (_name, format, isOnePerPage, requests) => {
    const { sentQueries, intercept } = upstreamWithFormat(format, isOnePerPage);
    const gateway = await startTestGateway({ intercept });
    const page = await sessions(gateway, 'many');

    expect(asArray(at(page, 'nodes'))).toMatchObject(
      ROWS.map(({ id, viewer_seconds: seconds }) => ({
        id,
        ingestSeconds: seconds,
        viewerSeconds: seconds,
        livestream: { id: 'many' },
      })),
    );
    expect([at(page, 'totalCount'), at(page, 'pageInfo', 'hasNextPage')]).toEqual([7, false]);
    // The first request reads the livestream itself.
    expect(sentQueries).toHaveLength(1 + requests);
  });
});

describe('sessions that upstream leaves out', () => {
  test.each([
    { data: { ...LIVESTREAM, ingest_seconds: 5, viewer_seconds: 7 } },
    { data: { livestream: LIVESTREAM } },
    { data: { livestream: LIVESTREAM, paging: { start_offset: 0, total_count: 2 } } },
    { data: { livestream: LIVESTREAM, session: null, paging: { total_count: '2' } } },
  ])('fail the fields that select them instead of yielding an empty list: %j', async ({ data: sent }) => {
    const gateway = await startTestGateway(upstreamWithData(sent));
    const query = '{ a: livestream(id: "many") { sessions { totalCount } } b: livestream(id: "many") { name } }';
    const { data, errors } = await gateway.send({ query });

    expect(errors).toMatchObject([
      { path: ['a', 'sessions'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false } },
    ]);
    expect(data).toEqual({ a: null, b: { name: 'Many' } });
  });

  test.each([
    { data: { ...LIVESTREAM, paging: { total_count: 0 } }, totalCount: 0 },
    { data: { livestream: LIVESTREAM, session: {}, paging: { total_count: 0 } }, totalCount: 0 },
    { data: { livestream: LIVESTREAM, session: null }, totalCount: null },
    { data: { livestream: LIVESTREAM, sessions: [] }, totalCount: null },
  ])('yield an empty list when upstream indicates that there are none: %j', async ({ data, totalCount }) => {
    const gateway = await startTestGateway(upstreamWithData(data));
    expect(await sessions(gateway, 'many')).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount,
    });
  });

  test('count as a next page, which fails when upstream returns no page with them', async () => {
    const [row] = ROWS;
    const paging = { start_offset: 1, end_offset: 1, total_count: 7 };
    const gateway = await startTestGateway(upstreamWithData({ livestream: LIVESTREAM, session: row, paging }));
    const page = await sessions(gateway, 'many');
    expect(idsOf(page)).toEqual(['session-0']);
    expect(at(page, 'pageInfo', 'hasNextPage')).toBe(true);

    const { errors } = await send(gateway, 'many', { after: at(page, 'pageInfo', 'endCursor') });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
  });

  test.each(['404', 'null', 'empty'] as const)(
    'yield an empty list when the livestream no longer exists and upstream responds with %s',
    async (notFound) => {
      const status = { '404': 404, null: 200, empty: 200 }[notFound];
      const gateway = await startTestGateway({
        intercept: (deliver) => async (request) =>
          request.url.includes('/livestreams/')
            ? { status, headers: {}, body: JSON.stringify(notFound === 'empty' ? { data: {} } : { data: null }) }
            : deliver(request),
      });
      const data = await execute(
        gateway,
        '{ livestreams(first: 2) { nodes { sessions { nodes { id } totalCount } } } }',
      );
      const none = { sessions: { nodes: [], totalCount: null } };
      expect(data).toEqual({ livestreams: { nodes: [none, none] } });
    },
  );
});

describe('the cost of sessions', () => {
  test('is one request for a page, and none for the sessions on the page', async () => {
    const { sentQueries, intercept } = upstreamWithFormat(({ rows, paging }) => ({
      data: { livestream: LIVESTREAM, session: rows, paging },
    }));
    const gateway = await startTestGateway({ intercept });
    await sessions(gateway, 'many');
    expect(sentQueries).toHaveLength(2);

    gateway.clock.advance(1999);
    const again = '{ livestream(id: "many") { name sessions { nodes { id } } }';
    const data = await execute(gateway, `${again} livestreamSession(id: "session-3") { ingestSeconds } }`);
    expect(at(data, 'livestreamSession')).toEqual({ ingestSeconds: 3 });
    expect(sentQueries).toHaveLength(2);
  });

  test('includes the livestream, which is not read again and stays fresh as long as the page', async () => {
    const { sentQueries, intercept } = upstreamWithFormat(({ rows, paging }) => ({
      data: { livestream: LIVESTREAM, session: rows, paging },
    }));
    const gateway = await startTestGateway({ intercept });
    await execute(gateway, '{ livestream(id: "many") { id } }');
    gateway.clock.advance(1000);
    await execute(gateway, '{ livestream(id: "many") { sessions { nodes { livestream { name } } } } }');
    expect(sentQueries).toHaveLength(2);
    // The livestream is as fresh as the page.
    gateway.clock.advance(1999);
    expect(await execute(gateway, '{ livestream(id: "many") { name } }')).toEqual({ livestream: { name: 'Many' } });
    expect(sentQueries).toHaveLength(2);
  });

  test('is one request for each session when upstream returns one session a page', async () => {
    const gateway = await startTestGateway();
    const id = await livestreamWithThreeSessions(gateway);
    await sessions(gateway, id);
    expect(gateway.upstreamRequests()).toEqual([BY_ID, BY_ID, BY_ID, BY_ID]);
  });

  test('is one request for totalCount alone, however many sessions there are', async () => {
    const gateway = await startTestGateway();
    const id = await livestreamWithThreeSessions(gateway);
    const data = await execute(gateway, `{ livestream(id: "${id}") { sessions { __typename totalCount } } }`);
    expect(at(data, 'livestream', 'sessions', 'totalCount')).toBe(3);
    expect(gateway.upstreamRequests()).toEqual([BY_ID, BY_ID]);
  });

  test('is one request for each livestream of a list', async () => {
    const gateway = await startTestGateway();
    await execute(gateway, '{ livestreams(first: 5) { nodes { sessions(first: 1) { nodes { id stoppedAt } } } } }');
    expect(gateway.upstreamRequests()).toEqual([LIST, BY_ID, BY_ID, BY_ID, BY_ID, BY_ID]);
  });

  test('is shared by concurrent operations', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId } = gateway.exampleIds;
    await Promise.all(Array.from({ length: 5 }, async () => sessions(gateway, liveLivestreamId, { first: 1 })));
    expect(gateway.upstreamRequests()).toEqual([BY_ID, BY_ID]);
  });

  test('is reported with the route template, without ids', async () => {
    const gateway = await startTestGateway();
    const query = `{ livestream(id: "${gateway.exampleIds.liveLivestreamId}") { sessions(first: 1) { totalCount } } }`;
    const { text } = await gateway.send({ query }, { headers: { 'x-upstream-report': '1' } });
    const calls = asArray(at(JSON.parse(text), 'extensions', 'upstream', 'calls'));
    expect(calls.map((call) => at(call, 'route'))).toEqual(['/livestreams/{id}', '/livestreams/{id}']);
  });
});

describe('the sessions of a stopped livestream', () => {
  const stop = (meetingId: string) =>
    `mutation { stopLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } } }`;

  test('are read again for the page and the active session, but not for an ended session', async () => {
    const gateway = await startTestGateway();
    const id = await livestreamWithThreeSessions(gateway);
    const before = await sessions(gateway, id, { first: 3 });
    const [running, ended] = idsOf(before).map(String);
    const meetingId = String(
      at(await execute(gateway, `{ livestream(id: "${id}") { meeting { id } } }`), 'livestream', 'meeting', 'id'),
    );
    await execute(gateway, stop(meetingId));
    gateway.clearUpstreamRequests();

    const stopped = await execute(gateway, `{ livestreamSession(id: "${running}") { stoppedAt } }`);
    expect(at(stopped, 'livestreamSession', 'stoppedAt')).toEqual(new Date(gateway.clock.now()).toISOString());
    await execute(gateway, `{ livestreamSession(id: "${ended}") { stoppedAt } }`);
    expect(gateway.upstreamRequests()).toEqual([SESSION]);
    const after = asArray(at(await sessions(gateway, id, { first: 3 }), 'nodes'));
    expect(at(after, 0, 'stoppedAt')).toEqual(new Date(gateway.clock.now()).toISOString());
  });

  test('are read again when the stop overtakes a page of sessions in flight', async () => {
    const pageReleased = Promise.withResolvers<null>();
    let isPageInFlight = false;
    const gateway = await startTestGateway({
      intercept: (deliver) => async (request) => {
        const response = await deliver(request);
        if (isPageInFlight || !request.url.includes('page_no=1&per_page=2')) return response;
        isPageInFlight = true;
        await pageReleased.promise;
        return response;
      },
    });
    const { liveLivestreamId, liveMeetingId, liveSessionId } = gateway.exampleIds;
    const reading = sessions(gateway, liveLivestreamId, { first: 2 });
    await waitUntil(() => isPageInFlight);
    await execute(gateway, stop(liveMeetingId));
    pageReleased.resolve(null);
    expect(at(await reading, 'nodes', 0, 'stoppedAt')).toBeNull();

    const data = await execute(
      gateway,
      `{ livestreamSession(id: "${liveSessionId}") { stoppedAt } livestream(id: "${liveLivestreamId}") { status sessions(first: 2) { nodes { stoppedAt } } } }`,
    );
    const stoppedAt = new Date(gateway.clock.now()).toISOString();
    expect(data).toEqual({
      livestreamSession: { stoppedAt },
      livestream: { status: 'IDLE', sessions: { nodes: [{ stoppedAt }] } },
    });
  });
});

test('sessions that cannot be read do not fail the other root fields of the operation', async () => {
  const gateway = await startTestGateway();
  const { liveLivestreamId, liveSessionId } = gateway.exampleIds;
  gateway.sandbox.setFaults([{ kind: 'status', status: 503, route: '/livestreams/{livestream_id}', skip: 1 }]);
  const query = `{ livestream(id: "${liveLivestreamId}") { sessions { totalCount } } livestreamSession(id: "${liveSessionId}") { id } }`;
  const { data, errors } = await gateway.send({ query });

  expect(data).toEqual({ livestream: null, livestreamSession: { id: liveSessionId } });
  expect(errors).toMatchObject([{ path: ['livestream', 'sessions'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
});
