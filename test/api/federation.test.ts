import { describe, expect, test } from 'vitest';

import {
  queryEntities,
  fetchEntities,
  livestreamRepresentation,
  meetingRepresentation,
  sessionRepresentation,
  UNKNOWN_ID,
} from '../support/entities.ts';
import { at, matching, nonNull, asArray, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { hashOf } from '../support/hashOf.ts';

const MEETING = 'GET /meetings/{meeting_id}';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';
const LIVESTREAM = 'GET /livestreams/{livestream_id}';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const LIST = 'GET /livestreams';
const MEETINGS = 'GET /meetings';

/** Reads fifty matching rows of the list of livestreams from upstream, without the gateway and outside its request log. */
async function fetchFiftyRows(
  gateway: TestGateway,
  query: string,
  matches: (row: unknown) => boolean,
): Promise<unknown[]> {
  const rows = asArray(await gateway.rest(`/livestreams?exclude_meetings=false&per_page=100${query}`));
  gateway.clearUpstreamRequests();
  const fifty = rows.filter(matches).slice(0, 50);
  expect(fifty).toHaveLength(50);
  return fifty;
}

describe('_entities', () => {
  test('returns entities of all types in the order of their representations, null for unknown ids, with one read for each', async () => {
    const gateway = await startTestGateway();
    const { exampleIds } = gateway;
    const found = await fetchEntities(
      gateway,
      [
        sessionRepresentation(exampleIds.endedSessionId),
        meetingRepresentation(exampleIds.emptyMeetingId),
        livestreamRepresentation(UNKNOWN_ID),
        livestreamRepresentation(exampleIds.idleLivestreamId),
        meetingRepresentation(UNKNOWN_ID),
        sessionRepresentation(UNKNOWN_ID),
        livestreamRepresentation(exampleIds.idleLivestreamId),
        meetingRepresentation(exampleIds.emptyMeetingId),
        // The ids exist, but belong to entities of another type.
        sessionRepresentation(exampleIds.idleLivestreamId),
        livestreamRepresentation(exampleIds.endedSessionId),
      ],
      '__typename ... on Meeting { id title } ... on Livestream { id status } ... on LivestreamSession { id stoppedAt }',
    );

    const empty = { ...meetingRepresentation(exampleIds.emptyMeetingId), title: matching(/./) };
    const idle = { ...livestreamRepresentation(exampleIds.idleLivestreamId), status: 'IDLE' };
    const ended = { ...sessionRepresentation(exampleIds.endedSessionId), stoppedAt: matching(/Z$/) };
    expect(found).toEqual([ended, empty, null, idle, null, null, idle, empty, null, null]);
    expect(gateway.upstreamRequests().toSorted()).toEqual(
      [LIVESTREAM, LIVESTREAM, LIVESTREAM, SESSION, SESSION, SESSION, MEETING, MEETING].toSorted(),
    );
  });

  test('returns an empty list for no representations', async () => {
    const gateway = await startTestGateway();
    expect(await fetchEntities(gateway, [], '__typename')).toEqual([]);
  });

  test('accepts an integer as an id, and ignores other members of a representation', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId } = gateway.exampleIds;
    const representations = [
      meetingRepresentation(42),
      { ...meetingRepresentation(emptyMeetingId), title: 'of another subgraph', agenda: [null] },
    ];
    const [numbered, known] = await fetchEntities(gateway, representations, '... on Meeting { id title }');

    expect(numbered).toBeNull();
    expect(at(known, 'title')).not.toBe('of another subgraph');
    expect(gateway.sandbox.requests().requests.map(({ path }) => path.replace(/.*\/meetings/, ''))).toEqual([
      '/42',
      `/${emptyMeetingId}`,
    ]);
  });

  test('accepts representations that are written in the document, with or without variables', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId, invokedMeetingId } = gateway.exampleIds;
    const query = `query ($id: ID!, $all: _Any!) {
      _entities(representations: [{ __typename: "Meeting", id: "${emptyMeetingId}" }, { __typename: "Meeting", id: $id }, $all, { __typename: "Meeting", id: 7 }]) { ... on Meeting { id } }
      one: _entities(representations: { __typename: "Meeting", id: "one" }) { ... on Meeting { id } }
    }`;
    const variables = { id: liveMeetingId, all: meetingRepresentation(invokedMeetingId) };
    const { data, errors } = await gateway.send({ query, variables });

    expect(errors).toEqual([]);
    expect(data).toEqual({
      _entities: [{ id: emptyMeetingId }, { id: liveMeetingId }, { id: invokedMeetingId }, { id: '7' }],
      one: [{ id: 'one' }],
    });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('is cached for equal representations only', async () => {
    const gateway = await startTestGateway();
    const { emptyMeetingId, liveMeetingId } = gateway.exampleIds;
    const title = async (...ids: string[]): Promise<string> =>
      (await queryEntities(gateway, ids.map(meetingRepresentation), '... on Meeting { id title }')).text;
    const responses = [
      await title(liveMeetingId),
      await title(emptyMeetingId),
      await title(liveMeetingId, emptyMeetingId),
    ];

    expect(new Set(responses).size).toBe(3);
    expect([
      await title(liveMeetingId),
      await title(emptyMeetingId),
      await title(liveMeetingId, emptyMeetingId),
    ]).toEqual(responses);
    expect(await title(emptyMeetingId, liveMeetingId)).not.toBe(responses[2]);
    expect(gateway.upstreamRequests()).toEqual([MEETING, MEETING]);
  });
});

describe('a batch of _entities', () => {
  test('reads the active livestreams of fifty meetings from one page of each of two lists', async () => {
    const gateway = await startTestGateway();
    const live = await fetchFiftyRows(gateway, '&status=LIVE', (row) => typeof at(row, 'meeting_id') === 'string');
    const meetings = live.map((row) => meetingRepresentation(at(row, 'meeting_id')));
    const found = await fetchEntities(gateway, meetings, '... on Meeting { activeLivestream { id name status } }');

    expect(found).toEqual(
      live.map((row) => ({ activeLivestream: { id: at(row, 'id'), name: at(row, 'name'), status: 'LIVE' } })),
    );
    expect(gateway.upstreamRequests()).toEqual([LIST, LIST]);
  });

  test('reads the details of fifty meetings from pages of the list of meetings', async () => {
    const gateway = await startTestGateway();
    const live = await fetchFiftyRows(gateway, '&status=LIVE', (row) => typeof at(row, 'meeting_id') === 'string');
    const meetings = live.map((row) => meetingRepresentation(at(row, 'meeting_id')));
    const found = await fetchEntities(gateway, meetings, '... on Meeting { title activeLivestream { id } }');

    const details = live.map((row) => ({ title: matching(/./), activeLivestream: { id: at(row, 'id') } }));
    expect(found).toEqual(details);
    expect(gateway.upstreamRequests().toSorted()).toEqual([LIST, LIST, MEETINGS, MEETINGS, MEETINGS]);
  });

  test.each([
    ['newest', '&page_no=1', 1],
    ['older', '&page_no=3', 4],
  ])('reads fifty of the %s livestreams from as few pages of their list as possible', async (_which, query, pages) => {
    const gateway = await startTestGateway();
    const rows = await fetchFiftyRows(gateway, query, () => true);
    const representations = rows.map((row) => livestreamRepresentation(at(row, 'id')));
    const found = await fetchEntities(gateway, representations, '... on Livestream { id name }');

    expect(found).toEqual(rows.map((row) => ({ id: at(row, 'id'), name: at(row, 'name') })));
    expect(gateway.upstreamRequests()).toEqual(Array.from({ length: pages }, () => LIST));
  });

  test('reads a livestream once that occurs fifty times', async () => {
    const gateway = await startTestGateway();
    const { idleLivestreamId } = gateway.exampleIds;
    const fifty = Array.from({ length: 50 }, () => livestreamRepresentation(idleLivestreamId));
    const found = await fetchEntities(gateway, fifty, '... on Livestream { id status }');
    expect(found).toEqual(fifty.map(() => ({ id: idleLivestreamId, status: 'IDLE' })));
    expect(gateway.upstreamRequests()).toEqual([LIVESTREAM]);
  });
});

describe('a failed upstream read for _entities', () => {
  const route = (request: string): string => request.replace('GET ', '');
  const failure = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };

  test('of one entity nulls that entity only', async () => {
    const gateway = await startTestGateway();
    const { exampleIds } = gateway;
    gateway.sandbox.setFaults([{ kind: 'status', status: 500, route: route(SESSION) }]);
    const representations = [
      livestreamRepresentation(exampleIds.idleLivestreamId),
      sessionRepresentation(exampleIds.endedSessionId),
      meetingRepresentation(exampleIds.emptyMeetingId),
    ];
    const { data, errors } = await queryEntities(gateway, representations, '__typename ... on Meeting { title }');

    expect(at(data, '_entities')).toEqual([
      { __typename: 'Livestream' },
      null,
      { __typename: 'Meeting', title: matching(/./) },
    ]);
    expect(errors).toEqual([expect.objectContaining({ path: ['_entities', 1] })]);
    expect(nonNull(errors[0]).extensions).toMatchObject(failure);
  });

  test("of a meeting's details nulls each selected detail with an error, but not the active livestream", async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    gateway.sandbox.setFaults([{ kind: 'status', status: 500, route: route(MEETING) }]);
    const selection = '... on Meeting { id title status activeLivestream { id } }';
    const { data, errors } = await queryEntities(gateway, [meetingRepresentation(liveMeetingId)], selection);

    const remaining = { id: liveMeetingId, title: null, status: null, activeLivestream: { id: liveLivestreamId } };
    expect(data).toEqual({ _entities: [remaining] });
    expect(errors.map(({ path }) => path?.at(-1))).toEqual(['title', 'status']);
    for (const { extensions } of errors) expect(extensions).toMatchObject(failure);
  });

  test("of a meeting's active livestream nulls that field only, and logs no error", async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId } = gateway.exampleIds;
    gateway.sandbox.setFaults([{ kind: 'status', status: 500, route: route(ACTIVE_LIVESTREAM) }]);
    const selection = '... on Meeting { title activeLivestream { id } }';
    const { data, errors } = await queryEntities(gateway, [meetingRepresentation(liveMeetingId)], selection);

    expect(data).toEqual({ _entities: [{ title: matching(/./), activeLivestream: null }] });
    expect(errors).toEqual([expect.objectContaining({ path: ['_entities', 0, 'activeLivestream'] })]);
    expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('of the active livestream of an unknown meeting causes no unhandled rejection', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 500, route: route(ACTIVE_LIVESTREAM) }]);
    const response = await queryEntities(
      gateway,
      [meetingRepresentation(UNKNOWN_ID)],
      '... on Meeting { title activeLivestream { id } }',
    );
    expect([response.data, response.errors]).toEqual([{ _entities: [null] }, []]);
  });
});

describe('the scopes of a caller of _entities', () => {
  /** A gateway with API-key authentication where `key` has these scopes. */
  const startWithScopes = async (key: string, ...scopes: string[]): Promise<TestGateway> => {
    const sha256 = hashOf(key);
    return startTestGateway({ options: { auth: { kind: 'api-key', keys: [{ name: 'router', sha256, scopes }] } } });
  };
  const query = `query ($id: ID!) {
    _entities(representations: [{ __typename: "Livestream", id: $id }]) { ... on Livestream { status streamKey } }
  }`;
  const headers = { authorization: 'Bearer key' };

  test('without livestream:secret deny streamKey and allow the other fields', async () => {
    const gateway = await startWithScopes('key', 'livestream:read');
    const variables = { id: gateway.exampleIds.idleLivestreamId };
    const { data, errors } = await gateway.send({ query, variables }, { headers });
    expect(data).toEqual({ _entities: [{ status: 'IDLE', streamKey: null }] });
    expect(errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['_entities', 0, 'streamKey'], 'FORBIDDEN'],
    ]);
  });

  test('without livestream:read deny every entity, without an upstream request', async () => {
    const gateway = await startWithScopes('key', 'livestream:secret', 'livestream:write');
    const variables = { id: gateway.exampleIds.idleLivestreamId };
    const { data, errors } = await gateway.send({ query, variables }, { headers });
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN']);
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});
