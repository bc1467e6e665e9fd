import { describe, expect, test } from 'vitest';

import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import { type Answer, at, rowsOf, startTestGateway, type TestGateway, until } from '../support/gateway.ts';

const BY_ID = 'GET /livestreams/{livestream_id}';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const LIST = 'GET /livestreams';

const FIELDS =
  'id errorMessage ingestSeconds viewerSeconds invokedAt startedAt stoppedAt createdAt updatedAt livestream { id }';
const PAGE = `edges { cursor node { id } } nodes { ${FIELDS} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`;
const SESSIONS = `query Sessions($id: ID!, $first: Int, $after: String) {
  livestream(id: $id) { id sessions(first: $first, after: $after) { ${PAGE} } } }`;

type Page = { first?: number | null; after?: unknown };

const send = async (gateway: TestGateway, id: string, page: Page = {}): Promise<Answer> =>
  gateway.send({ query: SESSIONS, variables: { id, ...page } });

/** A page of a livestream's sessions; throws where it fails. */
async function sessions(gateway: TestGateway, id: string, page?: Page): Promise<unknown> {
  const { data, errors, text } = await send(gateway, id, page);
  if (errors.length > 0) throw new Error(text);
  return at(data, 'livestream', 'sessions');
}

async function ask(gateway: TestGateway, query: string): Promise<unknown> {
  const { data, errors, text } = await gateway.send({ query });
  if (errors.length > 0) throw new Error(text);
  return data;
}

const idsOf = (page: unknown): unknown[] => rowsOf(at(page, 'nodes')).map((node) => at(node, 'id'));

/** A livestream of the sandbox that has several sessions. */
async function busyLivestream(gateway: TestGateway, status = 'LIVE'): Promise<string> {
  for (const row of rowsOf(await gateway.rest(`/livestreams?per_page=100&status=${status}`))) {
    const id = String(at(row, 'id'));
    const total = at(await gateway.rest(`/livestreams/${id}`), 'paging', 'total_count');
    const isInMeeting = at(row, 'meeting_id') !== undefined;
    if (isInMeeting && total === 3) {
      gateway.forget();
      return id;
    }
  }
  throw new Error('There is none');
}

/** The sessions as the REST API lists them, one a page. */
async function restSessions(gateway: TestGateway, id: string, count: number): Promise<unknown[]> {
  const pages = Array.from({ length: count }, async (_, page) =>
    gateway.rest(`/livestreams/${id}?page_no=${page + 1}`),
  );
  const rows = (await Promise.all(pages)).map((data) => at(data, 'session'));
  gateway.forget();
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

interface Window {
  rows: typeof ROWS;
  paging: { start_offset: number; end_offset: number; total_count: number };
}

/** An upstream that answers for a livestream with seven sessions in a form of its own; one a page where it `givesOne`. */
function inForm(form: (window: Window) => object, givesOne = false) {
  const asked: string[] = [];
  const answer = ({ url }: TransportRequest): object => {
    const query = new URL(url).searchParams;
    const perPage = givesOne ? 1 : Number(query.get('per_page'));
    const from = (Number(query.get('page_no') ?? 1) - 1) * perPage;
    const rows = ROWS.slice(from, from + perPage);
    const isEmpty = rows.length === 0;
    const offsets = { start_offset: isEmpty ? 0 : from + 1, end_offset: isEmpty ? 0 : from + rows.length };
    return form({ rows, paging: { ...offsets, total_count: ROWS.length } });
  };
  const intercept = (): Transport => async (request) => {
    asked.push(new URL(request.url).search);
    return { status: 200, headers: {}, body: JSON.stringify({ success: true, ...answer(request) }) };
  };
  return { asked, intercept };
}

/** Gives the same data to every request for a livestream. */
const always = (data: unknown) => inForm(() => ({ data }));

describe("a livestream's sessions", () => {
  test('tell what the REST API says, the running one and past ones', async () => {
    const gateway = await startTestGateway();
    const id = await busyLivestream(gateway);
    const rest = await restSessions(gateway, id, 3);
    const page = await sessions(gateway, id);

    expect(rowsOf(at(page, 'nodes'))).toEqual(
      rest.map((session) => ({
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
    expect(rowsOf(at(page, 'nodes')).filter((session) => at(session, 'stoppedAt') === null)).toHaveLength(1);
    expect(at(page, 'totalCount')).toBe(3);
  });

  test.each([{}, { firstPage: 0 }, { envelope: 'result' }, { numbers: 'string' }] as const)(
    'are walked through by cursors, each once and in order, over an upstream with %j',
    async (shapes) => {
      const gateway = await startTestGateway({ caching: { cacheBytes: 0 } });
      const id = await busyLivestream(gateway);
      const rest = await restSessions(gateway, id, 3);
      gateway.sandbox.configure({ shapes });
      const first = await sessions(gateway, id, { first: 2 });
      const second = await sessions(gateway, id, { first: 2, after: at(first, 'pageInfo', 'endCursor') });

      expect([...idsOf(first), ...idsOf(second)]).toEqual(rest.map((session) => at(session, 'id')));
      expect(at(first, 'pageInfo')).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
      expect(at(second, 'pageInfo')).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
      expect(rowsOf(at(first, 'edges')).map((edge) => at(edge, 'node', 'id'))).toEqual(idsOf(first));
    },
  );

  test('are at most 25 when nobody says how many', async () => {
    const { asked, intercept } = inForm(({ rows, paging }) => ({
      data: { livestream: LIVESTREAM, session: rows, paging },
    }));
    const gateway = await startTestGateway({ intercept });
    await sessions(gateway, 'many');
    await sessions(gateway, 'many', { first: null });
    expect(asked).toEqual(['?per_page=1', '?page_no=1&per_page=25']);
  });

  test.each([{ first: 0 }, { first: 101 }, { after: 'no cursor' }])(
    'of a page that nobody can give are refused before they are asked for: %j',
    async (page) => {
      const gateway = await startTestGateway();
      const { errors } = await send(gateway, gateway.samples.liveLivestreamId, page);
      expect(errors).toMatchObject([{ path: ['livestream', 'sessions'], extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(gateway.upstream()).toEqual([BY_ID]);
    },
  );
});

describe('the sessions are the same in whatever form upstream gives them', () => {
  test.each<[string, (window: Window) => object, boolean, number]>([
    [
      'one a page',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, session: rows[0] ?? null, paging } }),
      true,
      7,
    ],
    [
      'one a page, none left out',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, sessions: rows[0], paging } }),
      true,
      7,
    ],
    ['an array', ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, session: rows, paging } }), false, 1],
    [
      'an array of the other name',
      ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, sessions: rows, paging } }),
      false,
      1,
    ],
    ['paging beside', ({ rows, paging }) => ({ data: { livestream: LIVESTREAM, sessions: rows }, paging }), false, 1],
    ['flat, with an array', ({ rows, paging }) => ({ data: { ...LIVESTREAM, sessions: rows, paging } }), false, 1],
    [
      'rows that do not tell their livestream',
      ({ rows, paging }) => {
        const bare = rows.map(({ livestream_id: _id, ...row }) => row);
        return { data: { livestream: LIVESTREAM, sessions: bare, paging } };
      },
      false,
      1,
    ],
  ])('%s', async (_name, form, givesOne, requests) => {
    const { asked, intercept } = inForm(form, givesOne);
    const gateway = await startTestGateway({ intercept });
    const page = await sessions(gateway, 'many');

    expect(rowsOf(at(page, 'nodes'))).toMatchObject(
      ROWS.map(({ id, viewer_seconds: seconds }) => ({
        id,
        ingestSeconds: seconds,
        viewerSeconds: seconds,
        livestream: { id: 'many' },
      })),
    );
    expect([at(page, 'totalCount'), at(page, 'pageInfo', 'hasNextPage')]).toEqual([7, false]);
    // The livestream itself is the one before.
    expect(asked).toHaveLength(1 + requests);
  });
});

describe('what upstream does not tell of sessions', () => {
  test.each([
    { data: { ...LIVESTREAM, ingest_seconds: 5, viewer_seconds: 7 } },
    { data: { livestream: LIVESTREAM } },
    { data: { livestream: LIVESTREAM, paging: { start_offset: 0, total_count: 2 } } },
    { data: { livestream: LIVESTREAM, session: null, paging: { total_count: '2' } } },
  ])('is no empty list, but an error of those who ask for them: %j', async ({ data: sent }) => {
    const gateway = await startTestGateway(always(sent));
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
  ])('is something else than that there are none, which is an empty list: %j', async ({ data, totalCount }) => {
    const gateway = await startTestGateway(always(data));
    expect(await sessions(gateway, 'many')).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount,
    });
  });

  test('is said to follow where it is counted, but given on no page', async () => {
    const [row] = ROWS;
    const paging = { start_offset: 1, end_offset: 1, total_count: 7 };
    const gateway = await startTestGateway(always({ livestream: LIVESTREAM, session: row, paging }));
    const page = await sessions(gateway, 'many');
    expect(idsOf(page)).toEqual(['session-0']);
    expect(at(page, 'pageInfo', 'hasNextPage')).toBe(true);

    const { errors } = await send(gateway, 'many', { after: at(page, 'pageInfo', 'endCursor') });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
  });

  test.each(['404', 'null', 'empty'] as const)('of a livestream that is gone, by %s, are none', async (nothing) => {
    const gone = { '404': 404, null: 200, empty: 200 }[nothing];
    const gateway = await startTestGateway({
      intercept: (deliver) => async (request) =>
        request.url.includes('/livestreams/')
          ? { status: gone, headers: {}, body: JSON.stringify(nothing === 'empty' ? { data: {} } : { data: null }) }
          : deliver(request),
    });
    const data = await ask(gateway, '{ livestreams(first: 2) { nodes { sessions { nodes { id } totalCount } } } }');
    const none = { sessions: { nodes: [], totalCount: null } };
    expect(data).toEqual({ livestreams: { nodes: [none, none] } });
  });
});

describe('what sessions cost', () => {
  test('one request for a page, and none for what stood in it', async () => {
    const { asked, intercept } = inForm(({ rows, paging }) => ({
      data: { livestream: LIVESTREAM, session: rows, paging },
    }));
    const gateway = await startTestGateway({ intercept });
    await sessions(gateway, 'many');
    expect(asked).toHaveLength(2);

    gateway.clock.advance(1999);
    const again = '{ livestream(id: "many") { name sessions { nodes { id } } }';
    const data = await ask(gateway, `${again} livestreamSession(id: "session-3") { ingestSeconds } }`);
    expect(at(data, 'livestreamSession')).toEqual({ ingestSeconds: 3 });
    expect(asked).toHaveLength(2);
  });

  test('a livestream that stood beside them is not asked for again, however it is reached', async () => {
    const { asked, intercept } = inForm(({ rows, paging }) => ({
      data: { livestream: LIVESTREAM, session: rows, paging },
    }));
    const gateway = await startTestGateway({ intercept });
    await ask(gateway, '{ livestream(id: "many") { id } }');
    gateway.clock.advance(1000);
    await ask(gateway, '{ livestream(id: "many") { sessions { nodes { livestream { name } } } } }');
    expect(asked).toHaveLength(2);
    // It is as new as the page.
    gateway.clock.advance(1999);
    expect(await ask(gateway, '{ livestream(id: "many") { name } }')).toEqual({ livestream: { name: 'Many' } });
    expect(asked).toHaveLength(2);
  });

  test('one request for each session where upstream gives one a page', async () => {
    const gateway = await startTestGateway();
    const id = await busyLivestream(gateway);
    await sessions(gateway, id);
    expect(gateway.upstream()).toEqual([BY_ID, BY_ID, BY_ID, BY_ID]);
  });

  test('one request to count them, however many', async () => {
    const gateway = await startTestGateway();
    const id = await busyLivestream(gateway);
    const data = await ask(gateway, `{ livestream(id: "${id}") { sessions { __typename totalCount } } }`);
    expect(at(data, 'livestream', 'sessions', 'totalCount')).toBe(3);
    expect(gateway.upstream()).toEqual([BY_ID, BY_ID]);
  });

  test('one for each livestream of a list', async () => {
    const gateway = await startTestGateway();
    await ask(gateway, '{ livestreams(first: 5) { nodes { sessions(first: 1) { nodes { id stoppedAt } } } } }');
    expect(gateway.upstream()).toEqual([LIST, BY_ID, BY_ID, BY_ID, BY_ID, BY_ID]);
  });

  test('once for all who ask at the same time', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId } = gateway.samples;
    await Promise.all(Array.from({ length: 5 }, async () => sessions(gateway, liveLivestreamId, { first: 1 })));
    expect(gateway.upstream()).toEqual([BY_ID, BY_ID]);
  });

  test('the report tells the route, without ids', async () => {
    const gateway = await startTestGateway();
    const query = `{ livestream(id: "${gateway.samples.liveLivestreamId}") { sessions(first: 1) { totalCount } } }`;
    const { text } = await gateway.send({ query }, { headers: { 'x-upstream-report': '1' } });
    const calls = rowsOf(at(JSON.parse(text), 'extensions', 'upstream', 'calls'));
    expect(calls.map((call) => at(call, 'route'))).toEqual(['/livestreams/{id}', '/livestreams/{id}']);
  });
});

describe('a stop', () => {
  const stop = (meetingId: string) =>
    `mutation { stopLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } } }`;

  test('voids the page and its running session, but none that has ended', async () => {
    const gateway = await startTestGateway();
    const id = await busyLivestream(gateway);
    const before = await sessions(gateway, id, { first: 3 });
    const [running, ended] = idsOf(before).map(String);
    const meetingId = String(
      at(await ask(gateway, `{ livestream(id: "${id}") { meeting { id } } }`), 'livestream', 'meeting', 'id'),
    );
    await ask(gateway, stop(meetingId));
    gateway.forget();

    const one = await ask(gateway, `{ livestreamSession(id: "${running}") { stoppedAt } }`);
    expect(at(one, 'livestreamSession', 'stoppedAt')).toEqual(new Date(gateway.clock.now()).toISOString());
    await ask(gateway, `{ livestreamSession(id: "${ended}") { stoppedAt } }`);
    expect(gateway.upstream()).toEqual([SESSION]);
    const after = rowsOf(at(await sessions(gateway, id, { first: 3 }), 'nodes'));
    expect(at(after, 0, 'stoppedAt')).toEqual(new Date(gateway.clock.now()).toISOString());
  });

  test('that overtakes a page leaves nothing of what the page told', async () => {
    const released = Promise.withResolvers<null>();
    let isHeld = false;
    const gateway = await startTestGateway({
      intercept: (deliver) => async (request) => {
        const response = await deliver(request);
        if (isHeld || !request.url.includes('page_no=1&per_page=2')) return response;
        isHeld = true;
        await released.promise;
        return response;
      },
    });
    const { liveLivestreamId, liveMeetingId, liveSessionId } = gateway.samples;
    const reading = sessions(gateway, liveLivestreamId, { first: 2 });
    await until(() => isHeld);
    await ask(gateway, stop(liveMeetingId));
    released.resolve(null);
    expect(at(await reading, 'nodes', 0, 'stoppedAt')).toBeNull();

    const data = await ask(
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

test('sessions that cannot be read leave the other fields of the operation alone', async () => {
  const gateway = await startTestGateway();
  const { liveLivestreamId, liveSessionId } = gateway.samples;
  gateway.sandbox.fail([{ kind: 'status', status: 503, route: '/livestreams/{livestream_id}', skip: 1 }]);
  const query = `{ livestream(id: "${liveLivestreamId}") { sessions { totalCount } } livestreamSession(id: "${liveSessionId}") { id } }`;
  const { data, errors } = await gateway.send({ query });

  expect(data).toEqual({ livestream: null, livestreamSession: { id: liveSessionId } });
  expect(errors).toMatchObject([{ path: ['livestream', 'sessions'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
});
