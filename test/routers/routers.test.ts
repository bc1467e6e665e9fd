import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { at, asArray } from '../support/gateway.ts';
import { agendaOf } from '../../examples/agenda.ts';
import { startAgenda } from './agendaSubgraph.ts';
import { APOLLO, ask, type Federation, HIVE, startFederation } from './federation.ts';
import { startLivestreams } from './livestreamsSubgraph.ts';
import { HIVE_GATEWAY, startRouter } from './startRouter.ts';

const UNKNOWN_MEETING = 'no-such-meeting';
const SESSION_ROUTE = '/livestreams/{livestream_id}/active-livestream-session';

const OVER_BOTH = /* GraphQL */ `
  {
    plannedMeetings {
      id
      agenda
      title
      activeLivestream {
        name
        status
        activeSession {
          startedAt
        }
      }
    }
  }
`;

/**
 * Both routers pass on an error of a subgraph with all its extensions, and add the subgraph's name. Apollo's gateway tells its exact
 * place, Hive Gateway leaves the place in a list out.
 */
describe.each([
  ['Apollo Gateway', APOLLO, ['plannedMeetings', 1, 'activeLivestream', 'activeSession']],
  ['Hive Gateway', HIVE, ['plannedMeetings', 'activeLivestream', 'activeSession']],
] as const)('behind %s', (_name, options, failedPath) => {
  let federation: Federation;

  beforeAll(async () => {
    federation = await startFederation(options);
  });
  afterAll(async () => federation[Symbol.asyncDispose]());
  beforeEach(() => federation.livestreams.renew());

  /** What the REST API tells of a meeting, as `OVER_BOTH` has it. */
  async function expected(id: string, livestreamId: string | null) {
    const { rest } = federation.livestreams;
    const title = at(await rest(`/meetings/${id}`), 'title');
    if (livestreamId === null) return { id, agenda: agendaOf(id), title, activeLivestream: null };
    const { livestream, session } = await restLivestream(livestreamId);
    const activeSession = { startedAt: at(session, 'started_time') ?? null };
    const activeLivestream = { name: at(livestream, 'name'), status: at(livestream, 'status'), activeSession };
    return { id, agenda: agendaOf(id), title, activeLivestream };
  }

  async function restLivestream(id: string) {
    const found = await federation.livestreams.rest(`/livestreams/${id}`);
    return { livestream: at(found, 'livestream'), session: at(found, 'session') };
  }

  /** The rows of all livestreams that are live. */
  const restLive = async (): Promise<unknown[]> =>
    asArray(await federation.livestreams.rest('/livestreams?status=LIVE&per_page=100'));

  test('meetings of another subgraph come in its order with their livestreams; of an unknown one nothing is known', async () => {
    const { agenda, ask, livestreams } = federation;
    const { exampleIds } = livestreams.sandbox;
    agenda.plan(exampleIds.invokedMeetingId, UNKNOWN_MEETING, exampleIds.liveMeetingId, exampleIds.emptyMeetingId);
    const { data, errors } = await ask(OVER_BOTH);

    expect(errors).toEqual([]);
    expect(data).toEqual({
      plannedMeetings: [
        await expected(exampleIds.invokedMeetingId, exampleIds.invokedLivestreamId),
        { id: UNKNOWN_MEETING, agenda: agendaOf(UNKNOWN_MEETING), title: null, activeLivestream: null },
        await expected(exampleIds.liveMeetingId, exampleIds.liveLivestreamId),
        await expected(exampleIds.emptyMeetingId, null),
      ],
    });
    expect(data).toMatchObject({ plannedMeetings: [{}, {}, { activeLivestream: { status: 'LIVE' } }, {}] });
  });

  test('the active livestreams of fifty meetings cost two upstream requests, in one request of the router', async () => {
    const { agenda, ask, livestreams } = federation;
    const fifty = (await restLive()).filter((row) => typeof at(row, 'meeting_id') === 'string').slice(0, 50);
    expect(fifty).toHaveLength(50);
    agenda.plan(...fifty.map((row) => String(at(row, 'meeting_id'))));
    livestreams.forget();
    const { data, errors } = await ask('{ plannedMeetings { id activeLivestream { id name status } } }');

    expect(errors).toEqual([]);
    expect(data).toEqual({
      plannedMeetings: fifty.map((row) => ({
        id: at(row, 'meeting_id'),
        activeLivestream: { id: at(row, 'id'), name: at(row, 'name'), status: 'LIVE' },
      })),
    });
    expect(livestreams.upstream()).toEqual(['GET /livestreams', 'GET /livestreams']);
    expect(livestreams.authorizations()).toHaveLength(1);
  });

  test('our livestreams and meetings come with what another subgraph knows of the meetings', async () => {
    const { ask, livestreams } = federation;
    const { data, errors } = await ask(/* GraphQL */ `
      {
        livestreams(first: 100, filter: { status: LIVE }) {
          nodes {
            id
            meeting {
              agenda
            }
          }
        }
        meetings(first: 3) {
          nodes {
            id
            title
            agenda
          }
        }
      }
    `);
    const live = await restLive();
    const meetings = asArray(await livestreams.rest('/meetings?per_page=3'));
    const meetingOf = (row: unknown) => {
      const id = at(row, 'meeting_id');
      return typeof id === 'string' ? { agenda: agendaOf(id) } : null;
    };

    expect(errors).toEqual([]);
    expect(new Set(live.map(meetingOf))).toContain(null);
    expect(data).toEqual({
      livestreams: { nodes: live.map((row) => ({ id: at(row, 'id'), meeting: meetingOf(row) })) },
      meetings: {
        nodes: meetings.map((row) => {
          const id = String(at(row, 'id'));
          return { id, title: at(row, 'title'), agenda: agendaOf(id) };
        }),
      },
    });
  });

  test('a mutation starts a livestream, and what its caller has to handle crosses the router as data', async () => {
    const { ask, livestreams } = federation;
    const id = livestreams.sandbox.exampleIds.emptyMeetingId;
    const start = async () =>
      ask(
        /* GraphQL */ `
          mutation ($id: ID!) {
            startLivestream(input: { meetingId: $id, name: "Town hall" }) {
              livestream {
                name
                status
                meeting {
                  agenda
                }
              }
              meeting {
                agenda
              }
              userErrors {
                code
                field
              }
            }
          }
        `,
        { id },
      );
    const meeting = { agenda: agendaOf(id) };

    expect(await start()).toEqual({
      status: 200,
      data: {
        startLivestream: { livestream: { name: 'Town hall', status: 'INVOKED', meeting }, meeting, userErrors: [] },
      },
      errors: [],
    });
    expect(await start()).toEqual({
      status: 200,
      data: {
        startLivestream: {
          livestream: null,
          meeting,
          userErrors: [{ code: 'CONFLICT', field: ['input', 'meetingId'] }],
        },
      },
      errors: [],
    });
  });

  test('a read that fails upstream takes nothing else with it, and its code crosses the router', async () => {
    const { agenda, ask, livestreams } = federation;
    const { exampleIds } = livestreams.sandbox;
    agenda.plan(exampleIds.emptyMeetingId, exampleIds.liveMeetingId);
    livestreams.sandbox.setFaults([{ kind: 'status', status: 500, route: SESSION_ROUTE }]);
    const { status, data, errors } = await ask(OVER_BOTH);
    const live = await expected(exampleIds.liveMeetingId, exampleIds.liveLivestreamId);

    expect(status).toBe(200);
    expect(data).toEqual({
      plannedMeetings: [
        await expected(exampleIds.emptyMeetingId, null),
        { ...live, activeLivestream: { ...live.activeLivestream, activeSession: null } },
      ],
    });
    const extensions = { code: 'UPSTREAM_UNAVAILABLE', retryable: true, upstream: { status: 500 } };
    expect(errors).toMatchObject([{ path: failedPath, extensions: { ...extensions, serviceName: 'livestreams' } }]);
  });

  test('who asks is told to our gateway, where the router is told to', async () => {
    const { agenda, ask, livestreams } = federation;
    agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
    await ask('{ plannedMeetings { title } }', {}, { authorization: 'Bearer of-a-caller' });
    await ask('{ plannedMeetings { title } }');

    expect(livestreams.authorizations()).toEqual(['Bearer of-a-caller', null]);
  });
});

test('Hive Gateway composes a supergraph of what our gateway tells of itself, with no registry', async () => {
  await using livestreams = await startLivestreams();
  await using agenda = await startAgenda();
  const services = { livestreams: livestreams.url, agenda: agenda.url };
  const flags = Object.entries(services).map(([name, url]) => `--dev-service ${name}=${url}`);
  await using router = await startRouter(HIVE_GATEWAY, flags.join(' '));
  agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
  const { data, errors } = await ask(router, '{ plannedMeetings { agenda activeLivestream { status } } }');

  expect(errors).toEqual([]);
  expect(data).toMatchObject({ plannedMeetings: [{ activeLivestream: { status: 'LIVE' } }] });
});
