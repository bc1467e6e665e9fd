import { describe, expect, test } from 'vitest';

import type { Shapes } from '../../src/sandbox/settings.ts';
import { graphql } from '../generated/gql.ts';
import type { EverythingQueryVariables } from '../generated/graphql.ts';
import { at, present, rowsOf, startTestGateway, type TestGateway } from '../support/gateway.ts';

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

const Absent = graphql(`
  query Absent($id: ID!, $emptyMeetingId: ID!, $erroredLivestreamId: ID!) {
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

function variablesOf({ samples }: TestGateway): EverythingQueryVariables {
  return {
    meetingId: samples.liveMeetingId,
    livestreamId: samples.liveLivestreamId,
    idleId: samples.disabledLivestreamId,
    erroredSessionId: samples.erroredSessionId,
    independentSessionId: samples.independentSessionId,
  };
}

/** A value of the REST API, null where it has none. */
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

describe('every field tells what the REST API says', () => {
  test('of a meeting, its active livestream and the running session', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId, liveLivestreamId } = gateway.samples;
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

  test('of a livestream, live or disabled', async () => {
    const gateway = await startTestGateway();
    const { liveLivestreamId, disabledLivestreamId } = gateway.samples;
    const { livestream, idle } = await gateway.query(Everything, variablesOf(gateway));
    const restLive = at(await gateway.rest(`/livestreams/${liveLivestreamId}`), 'livestream');
    const restIdle = at(await gateway.rest(`/livestreams/${disabledLivestreamId}`), 'livestream');

    expect(livestream).toMatchObject({ ...livestreamOf(restLive), status: 'LIVE', disabled: false });
    expect(livestream?.meeting?.id).toBe(at(restLive, 'meeting_id'));
    expect(idle).toMatchObject({ ...livestreamOf(restIdle), disabled: true, activeSession: null });
  });

  test('of a session, failed or watched for longer than 2^31 seconds', async () => {
    const gateway = await startTestGateway();
    const { erroredSessionId, independentSessionId, erroredLivestreamId } = gateway.samples;
    const { livestreamSession, independent } = await gateway.query(Everything, variablesOf(gateway));

    expect(livestreamSession).toMatchObject(sessionOf(await gateway.rest(`/livestreams/sessions/${erroredSessionId}`)));
    expect(livestreamSession?.errorMessage).toMatch(/./);
    expect(livestreamSession?.livestream).toMatchObject({ id: erroredLivestreamId, status: 'ERRORED' });
    expect(independent).toEqual(sessionOf(await gateway.rest(`/livestreams/sessions/${independentSessionId}`)));
    expect(present(independent?.viewerSeconds)).toBeGreaterThan(2 ** 31);
  });

  test('of lists of livestreams and meetings', async () => {
    const gateway = await startTestGateway();
    const data = await gateway.query(Everything, variablesOf(gateway));
    const meetings = rowsOf(await gateway.rest('/meetings?per_page=3')).map(meetingOf);
    const livestreams = rowsOf(await gateway.rest('/livestreams?per_page=3')).map(livestreamOf);
    const ofMeeting = await gateway.rest(`/meetings/${gateway.samples.liveMeetingId}/livestream?per_page=2`);

    expect(data.meetings).toEqual({ edges: meetings.map((node) => ({ node })), nodes: meetings, totalCount: 240 });
    expect(data.livestreams.nodes).toMatchObject(livestreams);
    expect(data.livestreams.edges.map(({ node }) => node)).toEqual(data.livestreams.nodes);
    expect(data.livestreams.totalCount).toBe(320);
    expect(data.meeting?.livestreams.nodes).toMatchObject(rowsOf(at(ofMeeting, 'livestreams')).map(livestreamOf));
    expect(data.meeting?.livestreams.totalCount).toBe(at(ofMeeting, 'paging', 'total_count'));
  });

  test('of an independent livestream: it has no meeting', async () => {
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
      { id: gateway.samples.independentLivestreamId },
    );
    expect(livestream?.name).toMatch(/./);
    expect(livestream?.meeting).toBeNull();
    expect(livestream?.activeSession?.id).toBe(gateway.samples.independentSessionId);
  });
});

describe('what is not there is null, never an error', () => {
  test.each(['404', 'null', 'empty'] as const)('when upstream says it by %s', async (nothing) => {
    const gateway = await startTestGateway({ settings: { shapes: { nothing } } });
    const { emptyMeetingId, erroredLivestreamId } = gateway.samples;
    const id = '0b8f4f0e-0000-4000-8000-000000000000';

    expect(await gateway.query(Absent, { id, emptyMeetingId, erroredLivestreamId })).toEqual({
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
  });
});

/** Everything over an upstream of these forms, and over one as its pages say; both tell of the same world. */
async function bothWays(shapes: Partial<Shapes>): Promise<{ documented: unknown; other: unknown }> {
  const [plain, odd] = [await startTestGateway(), await startTestGateway({ settings: { shapes } })];
  return {
    documented: await plain.query(Everything, variablesOf(plain)),
    other: await odd.query(Everything, variablesOf(odd)),
  };
}

/** A copy with other values where `replace` says so. */
function mapped(value: unknown, replace: (key: string, value: unknown) => unknown): unknown {
  return JSON.parse(JSON.stringify(value, replace));
}

describe('the answer is the same in whatever form upstream gives it', () => {
  test.each([
    { list: 'object' },
    { list: 'nested' },
    { envelope: 'result' },
    { errors: 'errors' },
    { nothing: 'null' },
    { nothing: 'empty' },
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
  ] satisfies Partial<Shapes>[])('%j', async (shapes) => {
    const { documented, other } = await bothWays(shapes);
    expect(other).toEqual(documented);
  });

  test.each(['null', 'empty', 'missing'] as const)(
    'but for timestamps, which are null where they are %s',
    async (form) => {
      const { documented, other } = await bothWays({ timestamps: form });
      expect(other).toEqual(mapped(documented, (key, value) => (key.endsWith('At') ? null : value)));
    },
  );

  test('but for totals, which are null where upstream has no paging', async () => {
    const { documented, other } = await bothWays({ paging: 'missing' });
    expect(other).toEqual(mapped(documented, (key, value) => (key === 'totalCount' ? null : value)));
  });

  test('but for a status that nobody knows, which is UNKNOWN', async () => {
    const { documented, other } = await bothWays({ status: 'unknown' });
    expect(other).toEqual(mapped(documented, (key, value) => (key === 'status' ? 'UNKNOWN' : value)));
  });

  test('but for fields that upstream leaves out, which are null', async () => {
    const { other } = await bothWays({ optionalFields: 'missing' });
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
