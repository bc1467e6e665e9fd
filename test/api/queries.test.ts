import { describe, expect, test } from 'vitest';

import type { ResponseFormats } from '../../src/sandbox/settings.ts';
import { graphql } from '../generated/gql.ts';
import type { EverythingQueryVariables } from '../generated/graphql.ts';
import { at, nonNull, asArray, startTestGateway, type TestGateway } from '../support/gateway.ts';

const Everything = graphql(`
  query Everything(
    $meetingId: ID!
    $livestreamId: ID!
    $idleId: ID!
    $erroredSessionId: ID!
    $independentSessionId: ID!
  ) {
    meeting(id: $meetingId) {
      ...MeetingFields
      activeLivestream {
        ...LivestreamFields
      }
      livestreams(first: 2) {
        ...LivestreamsFields
      }
    }
    meetings(first: 3) {
      edges {
        node {
          ...MeetingFields
        }
      }
      nodes {
        ...MeetingFields
      }
      totalCount
    }
    livestream(id: $livestreamId) {
      ...LivestreamFields
    }
    idle: livestream(id: $idleId) {
      ...LivestreamFields
    }
    livestreams(first: 3) {
      ...LivestreamsFields
    }
    livestreamSession(id: $erroredSessionId) {
      ...SessionFields
      livestream {
        ...LivestreamFields
      }
    }
    independent: livestreamSession(id: $independentSessionId) {
      ...SessionFields
    }
  }

  fragment MeetingFields on Meeting {
    id
    title
    status
    createdAt
    updatedAt
  }

  fragment LivestreamFields on Livestream {
    id
    name
    status
    disabled
    ingestServer
    streamKey
    playbackUrl
    createdAt
    updatedAt
    meeting {
      ...MeetingFields
    }
    activeSession {
      ...SessionFields
    }
  }

  fragment SessionFields on LivestreamSession {
    id
    errorMessage
    ingestSeconds
    viewerSeconds
    invokedAt
    startedAt
    stoppedAt
    createdAt
    updatedAt
  }

  fragment LivestreamsFields on LivestreamConnection {
    edges {
      node {
        ...LivestreamFields
      }
    }
    nodes {
      ...LivestreamFields
    }
    totalCount
  }
`);

const NotFound = graphql(`
  query NotFound($id: ID!, $emptyMeetingId: ID!, $erroredLivestreamId: ID!) {
    livestream(id: $id) {
      id
    }
    livestreamSession(id: $id) {
      id
    }
    meeting(id: $id) {
      id
      title
      status
      createdAt
      updatedAt
      activeLivestream {
        id
      }
      livestreams {
        nodes {
          id
        }
        totalCount
      }
    }
    quiet: meeting(id: $emptyMeetingId) {
      activeLivestream {
        id
      }
    }
    failed: livestream(id: $erroredLivestreamId) {
      id
      activeSession {
        id
      }
    }
  }
`);

function variablesOf({ exampleIds }: TestGateway): EverythingQueryVariables {
  return {
    meetingId: exampleIds.liveMeetingId,
    livestreamId: exampleIds.liveLivestreamId,
    idleId: exampleIds.disabledLivestreamId,
    erroredSessionId: exampleIds.erroredSessionId,
    independentSessionId: exampleIds.independentSessionId,
  };
}

/** A value of a REST API response, or null if the value is missing. */
const field = (value: unknown, ...keys: string[]): unknown => at(value, ...keys) ?? null;

const meetingOf = (meeting: unknown) => ({
  id: field(meeting, 'id'),
  title: field(meeting, 'title'),
  status: field(meeting, 'status'),
  createdAt: field(meeting, 'created_at'),
  updatedAt: field(meeting, 'updated_at'),
});

const livestreamOf = (livestream: unknown) => ({
  id: field(livestream, 'id'),
  name: field(livestream, 'name'),
  status: field(livestream, 'status'),
  disabled: ['true', 'disabled'].includes(String(field(livestream, 'disabled'))),
  ingestServer: field(livestream, 'ingest_server'),
  streamKey: field(livestream, 'stream_key'),
  playbackUrl: field(livestream, 'playback_url'),
  createdAt: field(livestream, 'created_at'),
  updatedAt: field(livestream, 'updated_at'),
});

const sessionOf = (session: unknown) => ({
  id: field(session, 'id'),
  errorMessage: field(session, 'err_message'),
  ingestSeconds: Number(field(session, 'ingest_seconds')),
  viewerSeconds: Number(field(session, 'viewer_seconds')),
  invokedAt: field(session, 'invoked_time'),
  startedAt: field(session, 'started_time'),
  stoppedAt: field(session, 'stopped_time'),
  createdAt: field(session, 'created_at'),
  updatedAt: field(session, 'updated_at'),
});

describe('a query returns the values of the REST API', () => {
  test('for a meeting, its active livestream and its active session', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const { meeting } = await gateway.query(Everything, variablesOf(gateway));
    const active = await gateway.rest(`/livestreams/${liveLivestreamId}/active-livestream-session`);
    const restMeeting = await gateway.rest(`/meetings/${liveMeetingId}`);

    expect(meeting).toMatchObject(meetingOf(restMeeting));
    expect(meeting?.activeLivestream).toEqual({
      ...livestreamOf(await gateway.rest(`/meetings/${liveMeetingId}/active-livestream`)),
      meeting: meetingOf(restMeeting),
      activeSession: sessionOf(at(active, 'session')),
    });
  });

  test('for a live livestream and a disabled livestream', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, disabledLivestreamId } = gateway.exampleIds;
    const { livestream, idle } = await gateway.query(Everything, variablesOf(gateway));
    const restLive = at(await gateway.rest(`/livestreams/${liveLivestreamId}`), 'livestream');
    const restIdle = at(await gateway.rest(`/livestreams/${disabledLivestreamId}`), 'livestream');

    expect(livestream).toMatchObject({ ...livestreamOf(restLive), status: 'LIVE', disabled: false });
    expect(livestream?.meeting?.id).toBe(at(restLive, 'meeting_id'));
    expect(idle).toMatchObject({ ...livestreamOf(restIdle), disabled: true, activeSession: null });
  });

  test('for a failed session and a session watched for longer than 2^31 seconds', async () => {
    const gateway = await startTestGateway();
    const { erroredSessionId, independentSessionId, erroredLivestreamId } = gateway.exampleIds;
    const { livestreamSession, independent } = await gateway.query(Everything, variablesOf(gateway));

    expect(livestreamSession).toMatchObject(sessionOf(await gateway.rest(`/livestreams/sessions/${erroredSessionId}`)));
    expect(livestreamSession?.errorMessage).toMatch(/./);
    expect(livestreamSession?.livestream).toMatchObject({ id: erroredLivestreamId, status: 'ERRORED' });
    expect(independent).toEqual(sessionOf(await gateway.rest(`/livestreams/sessions/${independentSessionId}`)));
    expect(nonNull(independent?.viewerSeconds)).toBeGreaterThan(2 ** 31);
  });

  test('for lists of livestreams and meetings', async () => {
    const gateway = await startTestGateway();
    const data = await gateway.query(Everything, variablesOf(gateway));
    const meetings = asArray(await gateway.rest('/meetings?per_page=3')).map(meetingOf);
    const livestreams = asArray(await gateway.rest('/livestreams?per_page=3')).map(livestreamOf);
    const ofMeeting = await gateway.rest(`/meetings/${gateway.exampleIds.liveMeetingId}/livestream?per_page=2`);

    expect(data.meetings).toEqual({ edges: meetings.map((node) => ({ node })), nodes: meetings, totalCount: 240 });
    expect(data.livestreams.nodes).toMatchObject(livestreams);
    expect(data.livestreams.edges.map(({ node }) => node)).toEqual(data.livestreams.nodes);
    expect(data.livestreams.totalCount).toBe(320);
    expect(data.meeting?.livestreams.nodes).toMatchObject(asArray(at(ofMeeting, 'livestreams')).map(livestreamOf));
    expect(data.meeting?.livestreams.totalCount).toBe(at(ofMeeting, 'paging', 'total_count'));
  });

  test('for an independent livestream, whose meeting is null', async () => {
    const gateway = await startTestGateway();
    const { livestream } = await gateway.query(
      graphql(`
        query Independent($id: ID!) {
          livestream(id: $id) {
            name
            meeting {
              id
            }
            activeSession {
              id
            }
          }
        }
      `),
      { id: gateway.exampleIds.independentLivestreamId },
    );
    expect(livestream?.name).toMatch(/./);
    expect(livestream?.meeting).toBeNull();
    expect(livestream?.activeSession?.id).toBe(gateway.exampleIds.independentSessionId);
  });
});

describe('a lookup that finds nothing', () => {
  test.each(['404', 'null', 'empty'] as const)(
    'yields null and no error when upstream responds with %s',
    async (notFound) => {
      const gateway = await startTestGateway({ settings: { responseFormats: { notFound } } });
      const { emptyMeetingId, erroredLivestreamId } = gateway.exampleIds;
      const id = '0b8f4f0e-0000-4000-8000-000000000000';

      expect(await gateway.query(NotFound, { id, emptyMeetingId, erroredLivestreamId })).toEqual({
        livestream: null,
        livestreamSession: null,
        meeting: {
          id,
          title: null,
          status: null,
          createdAt: null,
          updatedAt: null,
          activeLivestream: null,
          livestreams: { nodes: [], totalCount: null },
        },
        quiet: { activeLivestream: null },
        failed: { id: erroredLivestreamId, activeSession: null },
      });
    },
  );
});

/** The results of `Everything` over an upstream with these response formats and over a documented upstream with the same data. */
async function resultsOverFormats(
  responseFormats: Partial<ResponseFormats>,
): Promise<{ documented: unknown; other: unknown }> {
  const [documentedGateway, otherGateway] = [
    await startTestGateway(),
    await startTestGateway({ settings: { responseFormats } }),
  ];
  return {
    documented: await documentedGateway.query(Everything, variablesOf(documentedGateway)),
    other: await otherGateway.query(Everything, variablesOf(otherGateway)),
  };
}

/** A copy in which `replace` determines the value of each member. */
function withReplacedValues(value: unknown, replace: (key: string, value: unknown) => unknown): unknown {
  return JSON.parse(JSON.stringify(value, replace));
}

describe('the result of a query', () => {
  test.each([
    { list: 'object' },
    { list: 'nested' },
    { envelope: 'result' },
    { errors: 'errors' },
    { notFound: 'null' },
    { notFound: 'empty' },
    { numbers: 'string' },
    { numbers: 'number' },
    { disabled: 'word' },
    { disabled: 'boolean' },
    { disabled: 'true-false' },
    { livestreamById: 'flat' },
    { firstPage: 0 },
    { maxPerPage: 1 },
    { maxPerPage: 2 },
    { list: 'nested', envelope: 'result', numbers: 'string', livestreamById: 'flat', firstPage: 0, maxPerPage: 2 },
  ] satisfies Partial<ResponseFormats>[])(
    'does not depend on the upstream response format %j',
    async (responseFormats) => {
      const { documented, other } = await resultsOverFormats(responseFormats);
      expect(other).toEqual(documented);
    },
  );

  test.each(['null', 'empty', 'missing'] as const)(
    'has null timestamps, and no other difference, when upstream timestamps are %s',
    async (timestamps) => {
      const { documented, other } = await resultsOverFormats({ timestamps });
      expect(other).toEqual(withReplacedValues(documented, (key, value) => (key.endsWith('At') ? null : value)));
    },
  );

  test('has null totals, and no other difference, when upstream sends no paging', async () => {
    const { documented, other } = await resultsOverFormats({ paging: 'missing' });
    expect(other).toEqual(withReplacedValues(documented, (key, value) => (key === 'totalCount' ? null : value)));
  });

  test('has the status UNKNOWN, and no other difference, when upstream sends an unknown status', async () => {
    const { documented, other } = await resultsOverFormats({ status: 'unknown' });
    expect(other).toEqual(withReplacedValues(documented, (key, value) => (key === 'status' ? 'UNKNOWN' : value)));
  });

  test('has null for the optional fields that upstream leaves out', async () => {
    const { other } = await resultsOverFormats({ optionalFields: 'missing' });
    const livestream = at(other, 'livestream');
    expect(livestream).toMatchObject({
      status: 'UNKNOWN',
      name: null,
      disabled: null,
      ingestServer: null,
      streamKey: null,
      playbackUrl: null,
      createdAt: null,
      updatedAt: null,
      meeting: null,
    });
    expect(at(livestream, 'id')).toMatch(/./);
    expect(at(livestream, 'activeSession', 'id')).toMatch(/./);
    expect(at(livestream, 'activeSession', 'viewerSeconds')).toBeNull();
    expect(at(other, 'meeting', 'title')).toBeNull();
    expect(at(other, 'livestreamSession', 'livestream')).toBeNull();
  });
});
