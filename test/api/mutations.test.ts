import { describe, expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import type { StartLivestreamInput } from '../generated/graphql.ts';
import { at, nonNull, startTestGateway, type TestGateway, waitUntil } from '../support/gateway.ts';

const START = 'POST /meetings/{meeting_id}/livestreams';
const STOP = 'POST /meetings/{meeting_id}/active-livestream/stop';
const START_ROUTE = '/meetings/{meeting_id}/livestreams';
const STOP_ROUTE = '/meetings/{meeting_id}/active-livestream/stop';
const ACTIVE_ROUTE = '/meetings/{meeting_id}/active-livestream';

const Start = graphql(`
  mutation Start($input: StartLivestreamInput!) {
    startLivestream(input: $input) {
      livestream {
        id
        name
        status
      }
      meeting {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

const StartInFull = graphql(`
  mutation StartInFull($input: StartLivestreamInput!) {
    startLivestream(input: $input) {
      livestream {
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
          id
          title
        }
        activeSession {
          id
          invokedAt
          startedAt
        }
      }
      meeting {
        activeLivestream {
          id
          name
        }
      }
      userErrors {
        code
      }
    }
  }
`);

const Stop = graphql(`
  mutation Stop($meetingId: ID!) {
    stopLivestream(input: { meetingId: $meetingId }) {
      livestream {
        id
        name
        status
        activeSession {
          id
        }
      }
      meeting {
        id
        activeLivestream {
          id
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

const Active = graphql(`
  query Active($id: ID!) {
    meeting(id: $id) {
      activeLivestream {
        id
        status
      }
    }
  }
`);

/** Stops, starts and stops again. The root fields of a mutation run in order. */
const StopStartStop = graphql(`
  mutation StopStartStop($meetingId: ID!) {
    before: stopLivestream(input: { meetingId: $meetingId }) {
      ...StopResult
    }
    started: startLivestream(input: { meetingId: $meetingId }) {
      livestream {
        id
      }
      meeting {
        activeLivestream {
          id
          status
        }
      }
    }
    after: stopLivestream(input: { meetingId: $meetingId }) {
      ...StopResult
    }
  }

  fragment StopResult on StopLivestreamPayload {
    livestream {
      id
      status
    }
    meeting {
      activeLivestream {
        id
      }
    }
  }
`);

/** The rejected starts read the meeting before and after the stop. */
const StopBetweenReads = graphql(`
  mutation StopBetweenReads($meetingId: ID!) {
    before: startLivestream(input: { meetingId: $meetingId, video: { width: 0, height: 1 } }) {
      meeting {
        activeLivestream {
          id
          status
        }
      }
    }
    stopLivestream(input: { meetingId: $meetingId }) {
      meeting {
        activeLivestream {
          id
        }
      }
    }
    after: startLivestream(input: { meetingId: $meetingId, video: { width: 1, height: 0 } }) {
      meeting {
        activeLivestream {
          id
        }
      }
    }
  }
`);

const startBodies = (gateway: TestGateway): unknown[] =>
  gateway.sandbox
    .requests()
    .requests.filter(({ route, method }) => method === 'POST' && route === START_ROUTE)
    .map(({ body }) => body);

async function start(gateway: TestGateway, input: StartLivestreamInput) {
  return nonNull((await gateway.query(Start, { input })).startLivestream);
}

async function stop(gateway: TestGateway, meetingId: string) {
  return nonNull((await gateway.query(Stop, { meetingId })).stopLivestream);
}

describe('a livestream', () => {
  test('is INVOKED after its start, then LIVE, and no longer active after its stop', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const active = async () => (await gateway.query(Active, { id: meetingId })).meeting?.activeLivestream;

    const started = await start(gateway, { meetingId, name: 'Town hall' });
    expect(started).toMatchObject({ livestream: { status: 'INVOKED', name: 'Town hall' }, userErrors: [] });
    const id = nonNull(started.livestream).id;
    expect(await active()).toEqual({ id, status: 'INVOKED' });

    gateway.clock.advance(3000);
    expect(await active()).toEqual({ id, status: 'LIVE' });

    expect(await stop(gateway, meetingId)).toEqual({
      livestream: { id, name: 'Town hall', status: 'IDLE', activeSession: null },
      meeting: { id: meetingId, activeLivestream: null },
      userErrors: [],
    });
    expect(await active()).toBeNull();
  });

  test('has all its fields in the result of its start, including fields that the start response lacks', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const input = { meetingId, name: 'Keynote' };
    const { startLivestream } = await gateway.query(StartInFull, { input });
    const livestream = nonNull(startLivestream?.livestream);
    const wire = at(await gateway.rest(`/livestreams/${livestream.id}`), 'livestream');
    const now = new Date(gateway.clock.now()).toISOString();

    expect(livestream).toEqual({
      id: at(wire, 'id'),
      name: 'Keynote',
      status: 'INVOKED',
      disabled: false,
      ingestServer: at(wire, 'ingest_server'),
      streamKey: at(wire, 'stream_key'),
      playbackUrl: at(wire, 'playback_url'),
      createdAt: now,
      updatedAt: now,
      meeting: { id: meetingId, title: at(await gateway.rest(`/meetings/${meetingId}`), 'title') },
      activeSession: { id: livestream.activeSession?.id, invokedAt: now, startedAt: null },
    });
    expect(startLivestream?.meeting?.activeLivestream).toEqual({ id: livestream.id, name: 'Keynote' });
  });

  test('has the requested name and a null playback URL while upstream returns neither', async () => {
    const gateway = await startTestGateway({ settings: { nameDelayMs: 60_000, playbackUrlDelayMs: 60_000 } });
    const input = { meetingId: gateway.exampleIds.emptyMeetingId, name: 'Keynote' };
    const { startLivestream } = await gateway.query(StartInFull, { input });

    expect(startLivestream?.livestream).toMatchObject({ name: 'Keynote', playbackUrl: null, disabled: false });
    expect(startLivestream?.meeting?.activeLivestream?.name).toBe('Keynote');
  });

  test('has the requested name wherever the operation that started it selects the livestream', async () => {
    const gateway = await startTestGateway({ settings: { nameDelayMs: 60_000 } });
    const { data } = await gateway.send({
      query: `mutation ($input: StartLivestreamInput!) {
        startLivestream(input: $input) {
          livestream { activeSession { livestream { name } } }
          meeting { livestreams(first: 1) { nodes { name } } }
        }
      }`,
      variables: { input: { meetingId: gateway.exampleIds.emptyMeetingId, name: 'Keynote' } },
    });

    expect(JSON.stringify(data).match(/"name":"Keynote"/g)).toHaveLength(2);
  });
});

describe('a start', () => {
  test.each([
    [{}, {}],
    [{ name: null, video: null }, {}],
    [{ name: 'Town hall' }, { name: 'Town hall' }],
    [{ video: { width: 1280, height: 720 } }, { video_config: { width: 1280, height: 720 } }],
    [
      { name: 'Ünïcode "quoted" 🎥', video: { width: 1, height: 1 } },
      { name: 'Ünïcode "quoted" 🎥', video_config: { width: 1, height: 1 } },
    ],
  ])('with the input %j sends the body %j', async (input, body) => {
    const gateway = await startTestGateway();
    const { userErrors } = await start(gateway, { meetingId: gateway.exampleIds.emptyMeetingId, ...input });

    expect(userErrors).toEqual([]);
    expect(startBodies(gateway)).toEqual([body]);
  });
});

test('the state after a start is as old as its request: after a start that takes five seconds, it is read again', async () => {
  const gateway = await startTestGateway({ settings: { latencyMs: 5000 } });
  const meetingId = gateway.exampleIds.emptyMeetingId;
  const starting = start(gateway, { meetingId, name: 'Town hall' });
  await waitUntil(() => gateway.sandbox.requests().inFlight > 0);
  gateway.sandbox.configure({ latencyMs: 0 });
  gateway.clock.advance(5000);
  const id = nonNull((await starting).livestream).id;

  expect((await gateway.query(Active, { id: meetingId })).meeting?.activeLivestream?.id).toBe(id);
  expect(gateway.upstreamRequests()).toEqual([START, `GET ${ACTIVE_ROUTE}`]);
});

describe('userErrors', () => {
  test.each(['', '..', 'a/b', 'sessions', 'x'.repeat(65)])(
    'contain BAD_USER_INPUT for an invalid id, which is not sent: %j',
    async (meetingId) => {
      const gateway = await startTestGateway();
      const results = [await start(gateway, { meetingId }), await stop(gateway, meetingId)];

      for (const { livestream, meeting, userErrors } of results) {
        expect({ livestream, meeting }).toEqual({ livestream: null, meeting: null });
        expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'meetingId'] }]);
      }
      expect(gateway.upstreamRequests()).toEqual([]);
    },
  );

  test.each([
    ['width', { width: 0, height: 720 }],
    ['width', { width: -1, height: 0 }],
    ['height', { width: 1280, height: 0 }],
  ])('contain BAD_USER_INPUT for an invalid video %s, which is not sent: %j', async (side, video) => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const { livestream, meeting, userErrors } = await start(gateway, { meetingId, video });

    expect({ livestream, meeting }).toEqual({ livestream: null, meeting: { id: meetingId } });
    expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'video', side] }]);
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('contain NOT_FOUND when the meeting does not exist', async () => {
    const gateway = await startTestGateway();
    const meetingId = '0b8f4f0e-0000-4000-8000-000000000000';
    const notFound = [{ code: 'NOT_FOUND', field: ['input', 'meetingId'] }];

    const started = await start(gateway, { meetingId });
    expect(started).toMatchObject({ livestream: null, meeting: null, userErrors: notFound });
    const stopped = await stop(gateway, meetingId);
    // Upstream's response is that of a meeting without an active livestream.
    expect(stopped).toMatchObject({ livestream: null, meeting: { id: meetingId }, userErrors: notFound });
  });

  test('contain NOT_FOUND beside the meeting when it has no active livestream to stop', async () => {
    const gateway = await startTestGateway();
    const { idleMeetingId } = gateway.exampleIds;
    const { livestream, meeting, userErrors } = await stop(gateway, idleMeetingId);

    expect({ livestream, meeting }).toMatchObject({ livestream: null, meeting: { id: idleMeetingId } });
    expect(userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['input', 'meetingId'] }]);
  });

  test.each(['error', 'errors'] as const)(
    'contain CONFLICT when the meeting is live already and upstream responds with "%s"',
    async (errors) => {
      const gateway = await startTestGateway({ settings: { responseFormats: { errors } } });
      const meetingId = gateway.exampleIds.liveMeetingId;
      const { livestream, meeting, userErrors } = await start(gateway, { meetingId });

      expect({ livestream, meeting }).toEqual({ livestream: null, meeting: { id: meetingId } });
      expect(userErrors).toMatchObject([{ code: 'CONFLICT', field: ['input', 'meetingId'] }]);
      const { meeting: meetingAfter } = await gateway.query(Active, { id: meetingId });
      expect(meetingAfter?.activeLivestream?.id).toBe(gateway.exampleIds.liveLivestreamId);
    },
  );

  test('contain OUTCOME_UNKNOWN when a start has no response and reading back finds no livestream', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'reset', method: 'POST', route: START_ROUTE }]);
    const { livestream, userErrors } = await start(gateway, { meetingId: gateway.exampleIds.emptyMeetingId });

    expect(livestream).toBeNull();
    expect(userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', field: null }]);
    expect(gateway.upstreamRequests()).toEqual([START, `GET ${ACTIVE_ROUTE}`]);
  });

  test('contain OUTCOME_UNKNOWN when a stop fails with 500, and the stop is sent once', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 500, route: STOP_ROUTE }]);
    const { userErrors } = await stop(gateway, gateway.exampleIds.liveMeetingId);

    expect(userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', field: null }]);
    expect(gateway.upstreamRequests().filter((request) => request === STOP)).toHaveLength(1);
  });
});

describe('a lost response', () => {
  test.each([
    { kind: 'reset' },
    { kind: 'truncated' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'html' },
    { kind: 'not-json' },
    { kind: 'empty' },
  ] as const)('does not start a livestream twice: %j', async (fault) => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    gateway.sandbox.setFaults([{ ...fault, after: true, method: 'POST', route: START_ROUTE }]);
    const { livestream, userErrors } = await start(gateway, { meetingId, name: 'Once' });

    expect(userErrors).toEqual([]);
    expect(livestream).toMatchObject({ name: 'Once', status: 'INVOKED' });
    expect(startBodies(gateway)).toHaveLength(1);
  });

  test('to a start is reconciled by reading back after the timeout', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    gateway.sandbox.setFaults([{ kind: 'hang', after: true, method: 'POST', route: START_ROUTE }]);
    const started = start(gateway, { meetingId, name: 'Late' });
    await waitUntil(() => gateway.upstreamRequests().includes(START));
    gateway.clock.advance(10_000);

    expect(await started).toMatchObject({ livestream: { name: 'Late' }, userErrors: [] });
    expect(startBodies(gateway)).toHaveLength(1);
  });

  test('to a stop counts as success when the meeting has no active livestream any more', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'reset', after: true, route: STOP_ROUTE }]);
    const { livestream, userErrors } = await stop(gateway, gateway.exampleIds.liveMeetingId);

    expect(userErrors).toEqual([]);
    expect(livestream).toMatchObject({ id: gateway.exampleIds.liveLivestreamId, status: 'IDLE' });
    expect(gateway.upstreamRequests().filter((request) => request === STOP)).toHaveLength(1);
  });
});

describe('an operation with several mutations', () => {
  test('reads the new state after each start and each stop', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId: meetingId, liveLivestreamId } = gateway.exampleIds;
    const { before, started, after } = await gateway.query(StopStartStop, { meetingId });

    expect(before).toEqual({
      livestream: { id: liveLivestreamId, status: 'IDLE' },
      meeting: { activeLivestream: null },
    });
    const id = nonNull(started?.livestream).id;
    expect(id).not.toBe(liveLivestreamId);
    expect(started?.meeting?.activeLivestream).toEqual({ id, status: 'INVOKED' });
    expect(after).toEqual({ livestream: { id, status: 'IDLE' }, meeting: { activeLivestream: null } });
  });

  test('reads the session of a livestream again after its stop', async () => {
    const gateway = await startTestGateway();
    const input = `input: { meetingId: "${gateway.exampleIds.idleMeetingId}" }`;
    const { data } = await gateway.send({
      query: `mutation {
        started: startLivestream(${input}) { livestream { id activeSession { id } } }
        stopped: stopLivestream(${input}) { livestream { id status activeSession { id } } }
      }`,
    });

    expect(typeof at(data, 'started', 'livestream', 'activeSession', 'id')).toBe('string');
    const id = at(data, 'started', 'livestream', 'id');
    expect(at(data, 'stopped', 'livestream')).toEqual({ id, status: 'IDLE', activeSession: null });
  });

  test('reads the new state of a meeting that it has read before', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId: meetingId, liveLivestreamId } = gateway.exampleIds;
    const { before, stopLivestream, after } = await gateway.query(StopBetweenReads, { meetingId });

    expect(before?.meeting?.activeLivestream).toEqual({ id: liveLivestreamId, status: 'LIVE' });
    expect(stopLivestream?.meeting?.activeLivestream).toBeNull();
    expect(after?.meeting?.activeLivestream).toBeNull();
  });
});

describe('a stop whose response arrives after a later start of the meeting', () => {
  test('is followed by a read: which of the two RealtimeKit carried out last is not certain', async () => {
    const isCarriedOut = Promise.withResolvers<void>();
    const isReleased = Promise.withResolvers<void>();
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        const response = await send(request);
        if (request.url.endsWith('/active-livestream/stop')) {
          isCarriedOut.resolve();
          await isReleased.promise;
        }
        return response;
      },
    });
    const meetingId = gateway.exampleIds.liveMeetingId;
    const stopping = stop(gateway, meetingId);
    await isCarriedOut.promise;
    const id = nonNull((await start(gateway, { meetingId })).livestream).id;
    isReleased.resolve();

    expect((await stopping).userErrors).toEqual([]);
    expect((await gateway.query(Active, { id: meetingId })).meeting?.activeLivestream?.id).toBe(id);
  });
});

describe('concurrent starts of one meeting', () => {
  test('are sent once when their inputs are equal', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const input = {
      meetingId: gateway.exampleIds.emptyMeetingId,
      name: 'Together',
      video: { width: 640, height: 360 },
    };
    const results = Promise.all([1, 2, 3, 4, 5].map(async () => start(gateway, input)));
    await waitUntil(() => gateway.sandbox.requests().inFlight > 0);
    await gateway.roundTrip();
    expect(gateway.sandbox.requests().inFlight).toBe(1);
    gateway.sandbox.configure({ latencyMs: 0 });
    gateway.clock.advance(1000);

    const ids = (await results).map(({ livestream, userErrors }) => [livestream?.id, userErrors]);
    expect(new Set(ids.map((id) => JSON.stringify(id))).size).toBe(1);
    expect(nonNull(ids[0])[0]).toMatch(/./);
    expect(startBodies(gateway)).toHaveLength(1);
  });

  test('are each sent when their inputs differ', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.exampleIds.emptyMeetingId;
    const results = await Promise.all(['One', 'Two'].map(async (name) => start(gateway, { meetingId, name })));

    expect(startBodies(gateway)).toHaveLength(2);
    expect(results.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(['CONFLICT']);
  });
});
