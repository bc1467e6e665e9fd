import { describe, expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import type { StartLivestreamInput } from '../generated/graphql.ts';
import { at, present, startTestGateway, type TestGateway, until } from '../support/gateway.ts';

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

/** Stops, starts and stops again, in that order: the fields of a mutation run one after the other. */
const StopStartStop = graphql(`
  mutation StopStartStop($meetingId: ID!) {
    before: stopLivestream(input: { meetingId: $meetingId }) {
      ...Seen
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
      ...Seen
    }
  }

  fragment Seen on StopLivestreamPayload {
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

/** A start that is refused reads the meeting all the same, and so before the stop that follows. */
const ReadThenStop = graphql(`
  mutation ReadThenStop($meetingId: ID!) {
    refused: startLivestream(input: { meetingId: $meetingId, video: { width: 0, height: 1 } }) {
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
    again: startLivestream(input: { meetingId: $meetingId, video: { width: 1, height: 0 } }) {
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
  return present((await gateway.query(Start, { input })).startLivestream);
}

async function stop(gateway: TestGateway, meetingId: string) {
  return present((await gateway.query(Stop, { meetingId })).stopLivestream);
}

describe('the life of a livestream', () => {
  test('goes from its start over LIVE to its stop', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.samples.emptyMeetingId;
    const active = async () => (await gateway.query(Active, { id: meetingId })).meeting?.activeLivestream;

    const started = await start(gateway, { meetingId, name: 'Town hall' });
    expect(started).toMatchObject({ livestream: { status: 'INVOKED', name: 'Town hall' }, userErrors: [] });
    const id = present(started.livestream).id;
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

  test('begins with a full livestream, what the start does not tell being loaded', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.samples.emptyMeetingId;
    const input = { meetingId, name: 'Keynote' };
    const { startLivestream } = await gateway.query(StartInFull, { input });
    const livestream = present(startLivestream?.livestream);
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

  test('begins with the name that was sent and no playback URL, while upstream tells neither', async () => {
    const gateway = await startTestGateway({ settings: { nameDelayMs: 60_000, playbackUrlDelayMs: 60_000 } });
    const input = { meetingId: gateway.samples.emptyMeetingId, name: 'Keynote' };
    const { startLivestream } = await gateway.query(StartInFull, { input });

    expect(startLivestream?.livestream).toMatchObject({ name: 'Keynote', playbackUrl: null, disabled: false });
    expect(startLivestream?.meeting?.activeLivestream?.name).toBe('Keynote');
  });

  test('keeps the name that was sent in whatever answer the livestream comes again', async () => {
    const gateway = await startTestGateway({ settings: { nameDelayMs: 60_000 } });
    const { data } = await gateway.send({
      query: `mutation ($input: StartLivestreamInput!) {
        startLivestream(input: $input) {
          livestream { activeSession { livestream { name } } }
          meeting { livestreams(first: 1) { nodes { name } } }
        }
      }`,
      variables: { input: { meetingId: gateway.samples.emptyMeetingId, name: 'Keynote' } },
    });

    expect(JSON.stringify(data).match(/"name":"Keynote"/g)).toHaveLength(2);
  });
});

describe('a start sends', () => {
  test.each([
    [{}, {}],
    [{ name: null, video: null }, {}],
    [{ name: 'Town hall' }, { name: 'Town hall' }],
    [{ video: { width: 1280, height: 720 } }, { video_config: { width: 1280, height: 720 } }],
    [
      { name: 'Ünïcode "quoted" 🎥', video: { width: 1, height: 1 } },
      { name: 'Ünïcode "quoted" 🎥', video_config: { width: 1, height: 1 } },
    ],
  ])('for %j what the API wants', async (input, body) => {
    const gateway = await startTestGateway();
    const { userErrors } = await start(gateway, { meetingId: gateway.samples.emptyMeetingId, ...input });

    expect(userErrors).toEqual([]);
    expect(startBodies(gateway)).toEqual([body]);
  });
});

describe('what the caller has to handle stands in userErrors', () => {
  test.each(['', '..', 'a/b', 'sessions', 'x'.repeat(65)])('a bad id, and nothing is sent: %j', async (meetingId) => {
    const gateway = await startTestGateway();
    const answers = [await start(gateway, { meetingId }), await stop(gateway, meetingId)];

    for (const { livestream, meeting, userErrors } of answers) {
      expect({ livestream, meeting }).toEqual({ livestream: null, meeting: null });
      expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'meetingId'] }]);
    }
    expect(gateway.upstream()).toEqual([]);
  });

  test.each([
    ['width', { width: 0, height: 720 }],
    ['width', { width: -1, height: 0 }],
    ['height', { width: 1280, height: 0 }],
  ])('a %s that is no size, and nothing is sent: %j', async (side, video) => {
    const gateway = await startTestGateway();
    const meetingId = gateway.samples.emptyMeetingId;
    const { livestream, meeting, userErrors } = await start(gateway, { meetingId, video });

    expect({ livestream, meeting }).toEqual({ livestream: null, meeting: { id: meetingId } });
    expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'video', side] }]);
    expect(gateway.upstream()).toEqual([]);
  });

  test('a meeting that does not exist', async () => {
    const gateway = await startTestGateway();
    const meetingId = '0b8f4f0e-0000-4000-8000-000000000000';
    const notFound = [{ code: 'NOT_FOUND', field: ['input', 'meetingId'] }];

    const started = await start(gateway, { meetingId });
    expect(started).toMatchObject({ livestream: null, meeting: null, userErrors: notFound });
    const stopped = await stop(gateway, meetingId);
    expect(stopped).toMatchObject({ livestream: null, meeting: null, userErrors: notFound });
  });

  test('a meeting that has nothing to stop', async () => {
    const gateway = await startTestGateway();
    const { livestream, userErrors } = await stop(gateway, gateway.samples.idleMeetingId);

    expect(livestream).toBeNull();
    expect(userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['input', 'meetingId'] }]);
  });

  test.each(['error', 'errors'] as const)('a meeting that is live already, said by "%s"', async (errors) => {
    const gateway = await startTestGateway({ settings: { shapes: { errors } } });
    const meetingId = gateway.samples.liveMeetingId;
    const { livestream, meeting, userErrors } = await start(gateway, { meetingId });

    expect({ livestream, meeting }).toEqual({ livestream: null, meeting: { id: meetingId } });
    expect(userErrors).toMatchObject([{ code: 'CONFLICT', field: ['input', 'meetingId'] }]);
    const { meeting: still } = await gateway.query(Active, { id: meetingId });
    expect(still?.activeLivestream?.id).toBe(gateway.samples.liveLivestreamId);
  });

  test('a start whose outcome cannot be told', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'reset', method: 'POST', route: START_ROUTE }]);
    const { livestream, userErrors } = await start(gateway, { meetingId: gateway.samples.emptyMeetingId });

    expect(livestream).toBeNull();
    expect(userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', field: null }]);
    expect(gateway.upstream()).toEqual([START, `GET ${ACTIVE_ROUTE}`]);
  });

  test('a stop whose outcome cannot be told', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'status', status: 500, route: STOP_ROUTE }]);
    const { userErrors } = await stop(gateway, gateway.samples.liveMeetingId);

    expect(userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', field: null }]);
    expect(gateway.upstream().filter((request) => request === STOP)).toHaveLength(1);
  });
});

describe('a lost answer', () => {
  test.each([
    { kind: 'reset' },
    { kind: 'truncated' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'html' },
    { kind: 'not-json' },
    { kind: 'empty' },
  ] as const)('never starts a livestream twice: %j', async (fault) => {
    const gateway = await startTestGateway();
    const meetingId = gateway.samples.emptyMeetingId;
    gateway.sandbox.fail([{ ...fault, after: true, method: 'POST', route: START_ROUTE }]);
    const { livestream, userErrors } = await start(gateway, { meetingId, name: 'Once' });

    expect(userErrors).toEqual([]);
    expect(livestream).toMatchObject({ name: 'Once', status: 'INVOKED' });
    expect(startBodies(gateway)).toHaveLength(1);
  });

  test('that never comes is settled when its time is up', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.samples.emptyMeetingId;
    gateway.sandbox.fail([{ kind: 'hang', after: true, method: 'POST', route: START_ROUTE }]);
    const started = start(gateway, { meetingId, name: 'Late' });
    await until(() => gateway.upstream().includes(START));
    gateway.clock.advance(10_000);

    expect(await started).toMatchObject({ livestream: { name: 'Late' }, userErrors: [] });
    expect(startBodies(gateway)).toHaveLength(1);
  });

  test('of a stop counts as stopped when nothing is active any more', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.fail([{ kind: 'reset', after: true, route: STOP_ROUTE }]);
    const { livestream, userErrors } = await stop(gateway, gateway.samples.liveMeetingId);

    expect(userErrors).toEqual([]);
    expect(livestream).toMatchObject({ id: gateway.samples.liveLivestreamId, status: 'IDLE' });
    expect(gateway.upstream().filter((request) => request === STOP)).toHaveLength(1);
  });
});

describe('the same operation reads the new state', () => {
  test('after each start and each stop', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId: meetingId, liveLivestreamId } = gateway.samples;
    const { before, started, after } = await gateway.query(StopStartStop, { meetingId });

    expect(before).toEqual({
      livestream: { id: liveLivestreamId, status: 'IDLE' },
      meeting: { activeLivestream: null },
    });
    const id = present(started?.livestream).id;
    expect(id).not.toBe(liveLivestreamId);
    expect(started?.meeting?.activeLivestream).toEqual({ id, status: 'INVOKED' });
    expect(after).toEqual({ livestream: { id, status: 'IDLE' }, meeting: { activeLivestream: null } });
  });

  test('even of what it had read before', async () => {
    const gateway = await startTestGateway();
    const { liveMeetingId: meetingId, liveLivestreamId } = gateway.samples;
    const { refused, stopLivestream, again } = await gateway.query(ReadThenStop, { meetingId });

    expect(refused?.meeting?.activeLivestream).toEqual({ id: liveLivestreamId, status: 'LIVE' });
    expect(stopLivestream?.meeting?.activeLivestream).toBeNull();
    expect(again?.meeting?.activeLivestream).toBeNull();
  });
});

describe('starts that arrive at once', () => {
  test('are one when they are equal', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const input = { meetingId: gateway.samples.emptyMeetingId, name: 'Together', video: { width: 640, height: 360 } };
    const answers = Promise.all([1, 2, 3, 4, 5].map(async () => start(gateway, input)));
    await until(() => gateway.sandbox.requests().inFlight > 0);
    await gateway.control();
    expect(gateway.sandbox.requests().inFlight).toBe(1);
    gateway.sandbox.configure({ latencyMs: 0 });
    gateway.clock.advance(1000);

    const ids = (await answers).map(({ livestream, userErrors }) => [livestream?.id, userErrors]);
    expect(new Set(ids.map((id) => JSON.stringify(id))).size).toBe(1);
    expect(present(ids[0])[0]).toMatch(/./);
    expect(startBodies(gateway)).toHaveLength(1);
  });

  test('are each sent when they differ', async () => {
    const gateway = await startTestGateway();
    const meetingId = gateway.samples.emptyMeetingId;
    const answers = await Promise.all(['One', 'Two'].map(async (name) => start(gateway, { meetingId, name })));

    expect(startBodies(gateway)).toHaveLength(2);
    expect(answers.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(['CONFLICT']);
  });
});
