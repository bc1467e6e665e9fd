import { describe, expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import { at, startTestGateway, until } from '../support/gateway.ts';

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

const StartAndLook = graphql(`
  mutation StartAndLook($meetingId: ID!) {
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

describe('what an operation costs', () => {
  test('reads a meeting, its active livestream and the running session with two requests', async () => {
    const gateway = await startTestGateway();
    const { meeting } = await gateway.query(MeetingWithSession, { id: gateway.samples.liveMeetingId });

    expect(meeting?.activeLivestream?.id).toBe(gateway.samples.liveLivestreamId);
    expect(meeting?.activeLivestream?.activeSession?.id).toBe(gateway.samples.liveSessionId);
    expect(gateway.upstream()).toEqual([ACTIVE_LIVESTREAM, ACTIVE_SESSION]);
  });

  test('reads fifty live livestreams with their sessions with at most 51 requests', async () => {
    const gateway = await startTestGateway();
    const { livestreams } = await gateway.query(LiveWithSessions, { first: 50, filter: { status: 'LIVE' } });

    expect(livestreams.nodes).toHaveLength(50);
    for (const node of livestreams.nodes) expect(node.activeSession?.livestream?.id).toBe(node.id);
    expect(gateway.upstream().filter((request) => request === LIST)).toHaveLength(1);
    expect(gateway.upstream().length).toBeLessThanOrEqual(51);
  });

  test('asks once for an id that is asked for twenty times', async () => {
    const gateway = await startTestGateway();
    const aliases = Array.from({ length: 20 }, (_, index) => `a${index}: livestream(id: $id) { name status }`);
    const query = `query Twenty($id: ID!) { ${aliases.join(' ')} }`;
    const { data, errors } = await gateway.send({ query, variables: { id: gateway.samples.liveLivestreamId } });

    expect(errors).toEqual([]);
    expect(new Set(Array.from({ length: 20 }, (_, index) => at(data, `a${index}`, 'status')))).toEqual(
      new Set(['LIVE']),
    );
    expect(gateway.upstream()).toEqual(['GET /livestreams/{livestream_id}']);
  });

  test('gives a meeting of which only the id is wanted for nothing', async () => {
    const gateway = await startTestGateway();
    const id = gateway.samples.liveMeetingId;

    expect(await gateway.query(MeetingIdAlone, { id })).toEqual({ meeting: { id } });
    expect(gateway.upstream()).toEqual([]);
  });

  test.each(['idleLivestreamId', 'offlineLivestreamId'] as const)(
    'does not ask for the session of a livestream that has none (%s)',
    async (sample) => {
      const gateway = await startTestGateway();
      const { livestream } = await gateway.query(LivestreamWithSession, { id: gateway.samples[sample] });

      expect(livestream?.status).toMatch(/^(IDLE|OFFLINE)$/);
      expect(livestream?.activeSession).toBeNull();
      expect(gateway.upstream()).toEqual(['GET /livestreams/{livestream_id}']);
    },
  );

  test("takes a livestream from its active session's answer", async () => {
    const gateway = await startTestGateway();
    const { startLivestream } = await gateway.query(StartAndLook, { meetingId: gateway.samples.emptyMeetingId });

    const session = startLivestream?.livestream?.activeSession;
    expect(session?.livestream?.createdAt).toBe(new Date(gateway.clock.now()).toISOString());
    expect(gateway.upstream()).toEqual(['POST /meetings/{meeting_id}/livestreams', ACTIVE_SESSION]);
  });

  test('takes a livestream from the page of a list', async () => {
    const listed = Promise.withResolvers<null>();
    const gateway = await startTestGateway({
      // The session's answer comes after the list's, so that the list's page is known when its livestream is wanted.
      intercept: (send) => async (request) => {
        const answer = await send(request);
        if (request.url.includes('/sessions/')) await listed.promise;
        else listed.resolve(null);
        return answer;
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
      { id: gateway.samples.liveSessionId },
    );

    expect(data.livestreamSession?.livestream?.name).toMatch(/./);
    expect(gateway.upstream().toSorted()).toEqual([LIST, SESSION]);
  });

  test("takes a meeting's active livestream from the page of a list", async () => {
    const gateway = await startTestGateway();
    const { livestreams } = await gateway.query(ActiveLivestreamsOfPage, {});

    expect(livestreams.nodes).toHaveLength(50);
    const ofMeetings = livestreams.nodes.filter(({ meeting }) => meeting !== null);
    expect(ofMeetings.length).toBeGreaterThan(40);
    for (const { id, meeting } of ofMeetings) expect(meeting?.activeLivestream?.id).toBe(id);
    expect(gateway.upstream()).toEqual([LIST]);
  });

  test("gives the id of a session's livestream for nothing", async () => {
    const gateway = await startTestGateway();
    const { livestreamSession } = await gateway.query(SessionWithLivestreamId, { id: gateway.samples.endedSessionId });

    expect(livestreamSession?.livestream?.id).toBe(gateway.samples.idleLivestreamId);
    expect(gateway.upstream()).toEqual([SESSION]);
  });

  test('has at most 64 requests in flight', async () => {
    const gateway = await startTestGateway({ options: { limits: { aliases: 100, rootFields: 100 } } });
    const fields = Array.from(
      { length: 100 },
      (_, index) => `s${index}: livestreamSession(id: "session-${index}") { id }`,
    );
    gateway.sandbox.configure({ latencyMs: 1000 });
    const answer = gateway.send({ query: `{ ${fields.join(' ')} }` });
    await until(() => gateway.sandbox.requests().inFlight === 64);
    // Whatever else was on its way has arrived by the time a further request has its answer.
    await gateway.control();
    gateway.sandbox.configure({ latencyMs: 0 });
    gateway.clock.advance(1000);

    expect((await answer).errors).toEqual([]);
    expect(gateway.upstream()).toHaveLength(100);
    expect(gateway.sandbox.requests().mostInFlight).toBe(64);
  });
});
