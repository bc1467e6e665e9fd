import { describe, expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import { at, startTestGateway, waitUntil } from '../support/gateway.ts';

const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';
const ACTIVE_SESSION = 'GET /livestreams/{livestream_id}/active-livestream-session';
const SESSION = 'GET /livestreams/sessions/{livestream_session_id}';
const LIST = 'GET /livestreams';

const MeetingWithSession = graphql(`
  query MeetingWithSession($id: ID!) {
    meeting(id: $id) {
      id
      activeLivestream {
        id
        status
        name
        playbackUrl
        activeSession {
          id
          viewerSeconds
        }
      }
    }
  }
`);

const LiveWithSessions = graphql(`
  query LiveWithSessions($first: Int!, $filter: LivestreamFilter) {
    livestreams(first: $first, filter: $filter) {
      nodes {
        id
        status
        activeSession {
          id
          livestream {
            id
            name
          }
        }
      }
    }
  }
`);

const MeetingIdAlone = graphql(`
  query MeetingIdAlone($id: ID!) {
    meeting(id: $id) {
      id
    }
  }
`);

const LivestreamWithSession = graphql(`
  query LivestreamWithSession($id: ID!) {
    livestream(id: $id) {
      status
      activeSession {
        id
      }
    }
  }
`);

const StartWithSession = graphql(`
  mutation StartWithSession($meetingId: ID!) {
    startLivestream(input: { meetingId: $meetingId }) {
      livestream {
        id
        activeSession {
          livestream {
            createdAt
            name
          }
        }
      }
    }
  }
`);

const SessionWithLivestreamId = graphql(`
  query SessionWithLivestreamId($id: ID!) {
    livestreamSession(id: $id) {
      id
      livestream {
        __typename
        id
      }
    }
  }
`);

const ActiveLivestreamsOfPage = graphql(`
  query ActiveLivestreamsOfPage {
    livestreams(first: 50, filter: { status: LIVE }) {
      nodes {
        id
        meeting {
          activeLivestream {
            id
            name
          }
        }
      }
    }
  }
`);

describe('the upstream requests of an operation', () => {
  test('are two for a meeting with its active livestream and running session', async () => {
    const gateway = await startTestGateway();
    const { meeting } = await gateway.query(MeetingWithSession, { id: gateway.exampleIds.liveMeetingId });

    expect(meeting?.activeLivestream?.id).toBe(gateway.exampleIds.liveLivestreamId);
    expect(meeting?.activeLivestream?.activeSession?.id).toBe(gateway.exampleIds.liveSessionId);
    expect(gateway.upstreamRequests()).toEqual([ACTIVE_LIVESTREAM, ACTIVE_SESSION]);
  });

  test('are at most 51 for 50 live livestreams with their sessions', async () => {
    const gateway = await startTestGateway();
    const { livestreams } = await gateway.query(LiveWithSessions, { first: 50, filter: { status: 'LIVE' } });

    expect(livestreams.nodes).toHaveLength(50);
    for (const node of livestreams.nodes) expect(node.activeSession?.livestream?.id).toBe(node.id);
    expect(gateway.upstreamRequests().filter((request) => request === LIST)).toHaveLength(1);
    expect(gateway.upstreamRequests().length).toBeLessThanOrEqual(51);
  });

  test('are one for a livestream that is selected under twenty aliases', async () => {
    const gateway = await startTestGateway();
    const aliases = Array.from({ length: 20 }, (_, index) => `a${index}: livestream(id: $id) { name status }`);
    const query = `query Twenty($id: ID!) { ${aliases.join(' ')} }`;
    const { data, errors } = await gateway.send({ query, variables: { id: gateway.exampleIds.liveLivestreamId } });

    expect(errors).toEqual([]);
    expect(new Set(Array.from({ length: 20 }, (_, index) => at(data, `a${index}`, 'status')))).toEqual(
      new Set(['LIVE']),
    );
    expect(gateway.upstreamRequests()).toEqual(['GET /livestreams/{livestream_id}']);
  });

  test('are none for a meeting of which only the id is selected', async () => {
    const gateway = await startTestGateway();
    const id = gateway.exampleIds.liveMeetingId;

    expect(await gateway.query(MeetingIdAlone, { id })).toEqual({ meeting: { id } });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test.each(['idleLivestreamId', 'offlineLivestreamId'] as const)(
    'do not include the active session of a livestream that is not live (%s)',
    async (sample) => {
      const gateway = await startTestGateway();
      const { livestream } = await gateway.query(LivestreamWithSession, { id: gateway.exampleIds[sample] });

      expect(livestream?.status).toMatch(/^(IDLE|OFFLINE)$/);
      expect(livestream?.activeSession).toBeNull();
      expect(gateway.upstreamRequests()).toEqual(['GET /livestreams/{livestream_id}']);
    },
  );

  test("do not include the livestream of an active session, because the session's response contains it", async () => {
    const gateway = await startTestGateway();
    const { startLivestream } = await gateway.query(StartWithSession, { meetingId: gateway.exampleIds.emptyMeetingId });

    const session = startLivestream?.livestream?.activeSession;
    expect(session?.livestream?.createdAt).toBe(new Date(gateway.clock.now()).toISOString());
    expect(gateway.upstreamRequests()).toEqual(['POST /meetings/{meeting_id}/livestreams', ACTIVE_SESSION]);
  });

  test('do not include a livestream that a list of the same operation contains', async () => {
    const listLoaded = Promise.withResolvers<null>();
    const gateway = await startTestGateway({
      // Delay the session's response until the list has arrived, so that the list is loaded when the session's livestream resolves.
      intercept: (send) => async (request) => {
        const response = await send(request);
        if (request.url.includes('/sessions/')) await listLoaded.promise;
        else listLoaded.resolve(null);
        return response;
      },
    });
    const data = await gateway.query(
      graphql(`
        query ListThenLivestream($id: ID!) {
          livestreams(first: 100, filter: { status: LIVE }) {
            totalCount
          }
          livestreamSession(id: $id) {
            livestream {
              id
              name
            }
          }
        }
      `),
      { id: gateway.exampleIds.liveSessionId },
    );

    expect(data.livestreamSession?.livestream?.name).toMatch(/./);
    expect(gateway.upstreamRequests().toSorted()).toEqual([LIST, SESSION]);
  });

  test("do not include a meeting's active livestream that a list of the same operation contains", async () => {
    const gateway = await startTestGateway();
    const { livestreams } = await gateway.query(ActiveLivestreamsOfPage, {});

    expect(livestreams.nodes).toHaveLength(50);
    const withMeeting = livestreams.nodes.filter(({ meeting }) => meeting !== null);
    expect(withMeeting.length).toBeGreaterThan(40);
    for (const { id, meeting } of withMeeting) expect(meeting?.activeLivestream?.id).toBe(id);
    expect(gateway.upstreamRequests()).toEqual([LIST]);
  });

  test('do not include the livestream of a session of which only the id is selected', async () => {
    const gateway = await startTestGateway();
    const { livestreamSession } = await gateway.query(SessionWithLivestreamId, {
      id: gateway.exampleIds.endedSessionId,
    });

    expect(livestreamSession?.livestream?.id).toBe(gateway.exampleIds.idleLivestreamId);
    expect(gateway.upstreamRequests()).toEqual([SESSION]);
  });

  test('are at most 64 at a time', async () => {
    const gateway = await startTestGateway({ options: { limits: { aliases: 100, rootFields: 100 } } });
    const fields = Array.from(
      { length: 100 },
      (_, index) => `s${index}: livestreamSession(id: "session-${index}") { id }`,
    );
    gateway.sandbox.configure({ latencyMs: 1000 });
    const response = gateway.send({ query: `{ ${fields.join(' ')} }` });
    await waitUntil(() => gateway.sandbox.requests().inFlight === 64);
    // After this round trip, a 65th request in flight would have arrived.
    await gateway.roundTrip();
    gateway.sandbox.configure({ latencyMs: 0 });
    gateway.clock.advance(1000);

    expect((await response).errors).toEqual([]);
    expect(gateway.upstreamRequests()).toHaveLength(100);
    expect(gateway.sandbox.requests().maxInFlight).toBe(64);
  });
});
