import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { ask, entities, livestream, meeting, session, UNKNOWN } from '../support/entities.ts';
import { at, matching, present, rowsOf, startTestGateway, type TestGateway } from '../support/gateway.ts';

const MEETING = 'GET /meetings/{meeting_id}';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';
const LIVESTREAM = 'GET /livestreams/{livestream_id}';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const LIST = 'GET /livestreams';
const MEETINGS = 'GET /meetings';

/** Fifty rows of a list of livestreams, from the API itself; they cost nothing in the log. */
async function fiftyOf(gateway: TestGateway, query: string, where: (row: unknown) => boolean): Promise<unknown[]> {
  const rows = rowsOf(await gateway.rest(`/livestreams?exclude_meetings=false&per_page=100${query}`));
  gateway.forget();
  const fifty = rows.filter(where).slice(0, 50);
  expect(fifty).toHaveLength(50);
  return fifty;
}

describe('entities that a router refers to', () => {
  test('come in its order, of all types, doubles and unknown ones in their places, each asked for once', async () => {
    const gateway = await startTestGateway();
    const { samples } = gateway;
    const found = await entities(
      gateway,
      [
        session(samples.endedSessionId),
        meeting(samples.emptyMeetingId),
        livestream(UNKNOWN),
        livestream(samples.idleLivestreamId),
        meeting(UNKNOWN),
        session(UNKNOWN),
        livestream(samples.idleLivestreamId),
        meeting(samples.emptyMeetingId),
        // An id is one only with its type.
        session(samples.idleLivestreamId),
        livestream(samples.endedSessionId),
      ],
      '__typename ... on Meeting { id title } ... on Livestream { id status } ... on LivestreamSession { id stoppedAt }',
    );

    const empty = { ...meeting(samples.emptyMeetingId), title: matching(/./) };
    const idle = { ...livestream(samples.idleLivestreamId), status: 'IDLE' };
    const ended = { ...session(samples.endedSessionId), stoppedAt: matching(/Z$/) };
    expect(found).toEqual([ended, empty, null, idle, null, null, idle, empty, null, null]);
    expect(gateway.upstream().toSorted()).toEqual(
      [LIVESTREAM, LIVESTREAM, LIVESTREAM, SESSION, SESSION, SESSION, MEETING, MEETING].toSorted(),
    );
  });

  test('may be none', async () => {
    const gateway = await startTestGateway();
    expect(await entities(gateway, [], '__typename')).toEqual([]);
  });

  test('are known by whole numbers too, and by what else a representation holds they are not', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId } = gateway.samples;
    const representations = [meeting(42), { ...meeting(emptyMeetingId), title: 'of another subgraph', agenda: [null] }];
    const [numbered, known] = await entities(gateway, representations, '... on Meeting { id title }');

    expect(numbered).toBeNull();
    expect(at(known, 'title')).not.toBe('of another subgraph');
    expect(gateway.sandbox.requests().requests.map(({ path }) => path.replace(/.*\/meetings/, ''))).toEqual([
      '/42',
      `/${emptyMeetingId}`,
    ]);
  });

  test('may be written into the document, with or without variables', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId, invokedMeetingId } = gateway.samples;
    const query = `query ($id: ID!, $all: _Any!) {
      _entities(representations: [{ __typename: "Meeting", id: "${emptyMeetingId}" }, { __typename: "Meeting", id: $id }, $all, { __typename: "Meeting", id: 7 }]) { ... on Meeting { id } }
      one: _entities(representations: { __typename: "Meeting", id: "one" }) { ... on Meeting { id } }
    }`;
    const variables = { id: liveMeetingId, all: meeting(invokedMeetingId) };
    const { data, errors } = await gateway.send({ query, variables });

    expect(errors).toEqual([]);
    expect(data).toEqual({
      _entities: [{ id: emptyMeetingId }, { id: liveMeetingId }, { id: invokedMeetingId }, { id: '7' }],
      one: [{ id: 'one' }],
    });
    expect(gateway.upstream()).toEqual([]);
  });

  test('are answered anew for other representations, and not for the same', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId } = gateway.samples;
    const title = async (...ids: string[]): Promise<string> =>
      (await ask(gateway, ids.map(meeting), '... on Meeting { id title }')).text;
    const answers = [
      await title(liveMeetingId),
      await title(emptyMeetingId),
      await title(liveMeetingId, emptyMeetingId),
    ];

    expect(new Set(answers).size).toBe(3);
    expect([
      await title(liveMeetingId),
      await title(emptyMeetingId),
      await title(liveMeetingId, emptyMeetingId),
    ]).toEqual(answers);
    expect(await title(emptyMeetingId, liveMeetingId)).not.toBe(answers[2]);
    expect(gateway.upstream()).toEqual([MEETING, MEETING]);
  });
});

describe('a batch', () => {
  test("of fifty meetings' active livestreams costs one page of each list", async () => {
    const gateway = await startTestGateway();
    const live = await fiftyOf(gateway, '&status=LIVE', (row) => typeof at(row, 'meeting_id') === 'string');
    const meetings = live.map((row) => meeting(at(row, 'meeting_id')));
    const found = await entities(gateway, meetings, '... on Meeting { activeLivestream { id name status } }');

    expect(found).toEqual(
      live.map((row) => ({ activeLivestream: { id: at(row, 'id'), name: at(row, 'name'), status: 'LIVE' } })),
    );
    expect(gateway.upstream()).toEqual([LIST, LIST]);
  });

  test('of fifty meetings with their details costs the pages of their list too', async () => {
    const gateway = await startTestGateway();
    const live = await fiftyOf(gateway, '&status=LIVE', (row) => typeof at(row, 'meeting_id') === 'string');
    const meetings = live.map((row) => meeting(at(row, 'meeting_id')));
    const found = await entities(gateway, meetings, '... on Meeting { title activeLivestream { id } }');

    const details = live.map((row) => ({ title: matching(/./), activeLivestream: { id: at(row, 'id') } }));
    expect(found).toEqual(details);
    expect(gateway.upstream().toSorted()).toEqual([LIST, LIST, MEETINGS, MEETINGS, MEETINGS]);
  });

  test.each([
    ['newest', '&page_no=1', 1],
    ['older', '&page_no=3', 4],
  ])('of fifty of the %s livestreams costs the pages of their list that are needed', async (_which, query, pages) => {
    const gateway = await startTestGateway();
    const rows = await fiftyOf(gateway, query, () => true);
    const representations = rows.map((row) => livestream(at(row, 'id')));
    const found = await entities(gateway, representations, '... on Livestream { id name }');

    expect(found).toEqual(rows.map((row) => ({ id: at(row, 'id'), name: at(row, 'name') })));
    expect(gateway.upstream()).toEqual(Array.from({ length: pages }, () => LIST));
  });

  test('of one livestream fifty times costs one request', async () => {
    const gateway = await startTestGateway();
    const { idleLivestreamId } = gateway.samples;
    const fifty = Array.from({ length: 50 }, () => livestream(idleLivestreamId));
    const found = await entities(gateway, fifty, '... on Livestream { id status }');
    expect(found).toEqual(fifty.map(() => ({ id: idleLivestreamId, status: 'IDLE' })));
    expect(gateway.upstream()).toEqual([LIVESTREAM]);
  });
});

describe('a read that fails', () => {
  const route = (request: string): string => request.replace('GET ', '');
  const failure = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };

  test('leaves the entities in the other places', async () => {
    const gateway = await startTestGateway();
    const { samples } = gateway;
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: route(SESSION) }]);
    const representations = [
      livestream(samples.idleLivestreamId),
      session(samples.endedSessionId),
      meeting(samples.emptyMeetingId),
    ];
    const { data, errors } = await ask(gateway, representations, '__typename ... on Meeting { title }');

    expect(at(data, '_entities')).toEqual([
      { __typename: 'Livestream' },
      null,
      { __typename: 'Meeting', title: matching(/./) },
    ]);
    expect(errors).toEqual([expect.objectContaining({ path: ['_entities', 1] })]);
    expect(present(errors[0]).extensions).toMatchObject(failure);
  });

  test("of a meeting's details leaves what is live in it, and fails in each of them", async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.samples;
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: route(MEETING) }]);
    const selection = '... on Meeting { id title status activeLivestream { id } }';
    const { data, errors } = await ask(gateway, [meeting(liveMeetingId)], selection);

    const left = { id: liveMeetingId, title: null, status: null, activeLivestream: { id: liveLivestreamId } };
    expect(data).toEqual({ _entities: [left] });
    expect(errors.map(({ path }) => path?.at(-1))).toEqual(['title', 'status']);
    for (const { extensions } of errors) expect(extensions).toMatchObject(failure);
  });

  test('of what is live in a meeting leaves its details, and is nothing to one who does not ask for it', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId } = gateway.samples;
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: route(ACTIVE_LIVESTREAM) }]);
    const selection = '... on Meeting { title activeLivestream { id } }';
    const { data, errors } = await ask(gateway, [meeting(liveMeetingId)], selection);

    expect(data).toEqual({ _entities: [{ title: matching(/./), activeLivestream: null }] });
    expect(errors).toEqual([expect.objectContaining({ path: ['_entities', 0, 'activeLivestream'] })]);
    expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('and that of a meeting which does not exist leave nothing behind that could end the process', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: route(ACTIVE_LIVESTREAM) }]);
    const answer = await ask(gateway, [meeting(UNKNOWN)], '... on Meeting { title activeLivestream { id } }');
    expect([answer.data, answer.errors]).toEqual([{ _entities: [null] }, []]);
  });
});

describe("a caller's scopes", () => {
  /** A gateway to which `key` may do what the scopes say. */
  const startFor = async (key: string, ...scopes: string[]): Promise<TestGateway> => {
    const sha256 = createHash('sha256').update(key).digest('hex');
    return startTestGateway({ options: { auth: { kind: 'api-key', keys: [{ name: 'router', sha256, scopes }] } } });
  };
  const query = `query ($id: ID!) {
    _entities(representations: [{ __typename: "Livestream", id: $id }]) { ... on Livestream { status streamKey } }
  }`;
  const headers = { authorization: 'Bearer key' };

  test('hold for entities: what is secret is null, and the rest is served', async () => {
    const gateway = await startFor('key', 'livestream:read');
    const variables = { id: gateway.samples.idleLivestreamId };
    const { data, errors } = await gateway.send({ query, variables }, { headers });
    expect(data).toEqual({ _entities: [{ status: 'IDLE', streamKey: null }] });
    expect(errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['_entities', 0, 'streamKey'], 'FORBIDDEN'],
    ]);
  });

  test('that do not allow to read let nothing be read', async () => {
    const gateway = await startFor('key', 'livestream:secret', 'livestream:write');
    const variables = { id: gateway.samples.idleLivestreamId };
    const { data, errors } = await gateway.send({ query, variables }, { headers });
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN']);
    expect(gateway.upstream()).toEqual([]);
  });
});
