import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { agendaOf } from '../../examples/agenda.ts';
import { asArray, at } from '../support/gateway.ts';
import { startAgendaSubgraph } from './agendaSubgraph.ts';
import { APOLLO, execute, type Federation, HIVE, startFederation } from './federation.ts';
import { startLivestreamsSubgraph } from './livestreamsSubgraph.ts';
import { HIVE_GATEWAY, startRouter } from './startRouter.ts';

const UNKNOWN_MEETING = 'no-such-meeting';
const SESSION_ROUTE = '/livestreams/{livestream_id}/active-livestream-session';

const BOTH_SUBGRAPHS_QUERY = /* GraphQL */ `
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
 * Both routers forward a subgraph's error with all its extensions and add the subgraph's name. Only Apollo Gateway's error paths
 * contain list indexes.
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

  /** The expected result of `BOTH_SUBGRAPHS_QUERY` for a meeting, from the REST API. */
  async function expectedMeeting(id: string, livestreamId: string | null) {
    const { fetchFromRestApi } = federation.livestreams;
    const title = at(await fetchFromRestApi(`/meetings/${id}`), 'title');
    if (livestreamId === null) return { id, agenda: agendaOf(id), title, activeLivestream: null };
    const { livestream, session } = await fetchLivestream(livestreamId);
    const activeSession = { startedAt: at(session, 'started_time') ?? null };
    const activeLivestream = { name: at(livestream, 'name'), status: at(livestream, 'status'), activeSession };
    return { id, agenda: agendaOf(id), title, activeLivestream };
  }

  async function fetchLivestream(id: string) {
    const data = await federation.livestreams.fetchFromRestApi(`/livestreams/${id}`);
    return { livestream: at(data, 'livestream'), session: at(data, 'session') };
  }

  const fetchLiveLivestreams = async (): Promise<unknown[]> =>
    asArray(await federation.livestreams.fetchFromRestApi('/livestreams?status=LIVE&per_page=100'));

  test('adds livestreams to the meetings of another subgraph, in its order, and null to an unknown meeting', async () => {
    const { agenda, execute, livestreams } = federation;
    const { exampleIds } = livestreams.sandbox;
    agenda.plan(exampleIds.invokedMeetingId, UNKNOWN_MEETING, exampleIds.liveMeetingId, exampleIds.emptyMeetingId);
    const { data, errors } = await execute(BOTH_SUBGRAPHS_QUERY);

    expect(errors).toEqual([]);
    expect(data).toEqual({
      plannedMeetings: [
        await expectedMeeting(exampleIds.invokedMeetingId, exampleIds.invokedLivestreamId),
        { id: UNKNOWN_MEETING, agenda: agendaOf(UNKNOWN_MEETING), title: null, activeLivestream: null },
        await expectedMeeting(exampleIds.liveMeetingId, exampleIds.liveLivestreamId),
        await expectedMeeting(exampleIds.emptyMeetingId, null),
      ],
    });
    expect(data).toMatchObject({ plannedMeetings: [{}, {}, { activeLivestream: { status: 'LIVE' } }, {}] });
  });

  test('resolves the active livestreams of 50 meetings with one request of the router and two upstream requests', async () => {
    const { agenda, execute, livestreams } = federation;
    const fiftyLivestreams = (await fetchLiveLivestreams())
      .filter((row) => typeof at(row, 'meeting_id') === 'string')
      .slice(0, 50);
    expect(fiftyLivestreams).toHaveLength(50);
    agenda.plan(...fiftyLivestreams.map((row) => String(at(row, 'meeting_id'))));
    livestreams.clearUpstreamRequests();
    const { data, errors } = await execute('{ plannedMeetings { id activeLivestream { id name status } } }');

    expect(errors).toEqual([]);
    expect(data).toEqual({
      plannedMeetings: fiftyLivestreams.map((row) => ({
        id: at(row, 'meeting_id'),
        activeLivestream: { id: at(row, 'id'), name: at(row, 'name'), status: 'LIVE' },
      })),
    });
    expect(livestreams.upstreamRequests()).toEqual(['GET /livestreams', 'GET /livestreams']);
    expect(livestreams.httpAuthorizations()).toHaveLength(1);
  });

  test('adds the fields of another subgraph to the meetings of this gateway', async () => {
    const { execute, livestreams } = federation;
    const { data, errors } = await execute(/* GraphQL */ `
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
    const live = await fetchLiveLivestreams();
    const meetings = asArray(await livestreams.fetchFromRestApi('/meetings?per_page=3'));
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

  test('forwards a mutation to this gateway and returns its userErrors as data', async () => {
    const { execute, livestreams } = federation;
    const id = livestreams.sandbox.exampleIds.emptyMeetingId;
    const start = async () =>
      execute(
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

  test('returns the error code of a failed upstream request and nulls only the field that failed', async () => {
    const { agenda, execute, livestreams } = federation;
    const { exampleIds } = livestreams.sandbox;
    agenda.plan(exampleIds.emptyMeetingId, exampleIds.liveMeetingId);
    livestreams.sandbox.setFaults([{ kind: 'status', status: 500, route: SESSION_ROUTE }]);
    const { status, data, errors } = await execute(BOTH_SUBGRAPHS_QUERY);
    const live = await expectedMeeting(exampleIds.liveMeetingId, exampleIds.liveLivestreamId);

    expect(status).toBe(200);
    expect(data).toEqual({
      plannedMeetings: [
        await expectedMeeting(exampleIds.emptyMeetingId, null),
        { ...live, activeLivestream: { ...live.activeLivestream, activeSession: null } },
      ],
    });
    const extensions = { code: 'UPSTREAM_UNAVAILABLE', retryable: true, upstream: { status: 500 } };
    expect(errors).toMatchObject([{ path: failedPath, extensions: { ...extensions, serviceName: 'livestreams' } }]);
  });

  test('forwards the authorization header of the caller to this gateway', async () => {
    const { agenda, execute, livestreams } = federation;
    agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
    await execute('{ plannedMeetings { title } }', {}, { authorization: 'Bearer caller-token' });
    await execute('{ plannedMeetings { title } }');

    expect(livestreams.httpAuthorizations()).toEqual(['Bearer caller-token', null]);
  });
});

test('Hive Gateway composes a supergraph from the SDL that this gateway serves, without a registry', async () => {
  await using livestreams = await startLivestreamsSubgraph();
  await using agenda = await startAgendaSubgraph();
  const services = { livestreams: livestreams.url, agenda: agenda.url };
  const flags = Object.entries(services).map(([name, url]) => `--dev-service ${name}=${url}`);
  await using router = await startRouter(HIVE_GATEWAY, flags.join(' '));
  agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
  const { data, errors } = await execute(router, '{ plannedMeetings { agenda activeLivestream { status } } }');

  expect(errors).toEqual([]);
  expect(data).toMatchObject({ plannedMeetings: [{ activeLivestream: { status: 'LIVE' } }] });
});
