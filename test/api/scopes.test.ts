import { isObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';

import { gatewaySchema } from '../../src/graphql/schema.ts';
import { at, matching, type TestGateway } from '../support/gateway.ts';
import { apiKeySettings, startGuarded } from '../support/identityProvider.ts';

const SCOPES = ['livestream:read', 'livestream:write', 'livestream:secret'];
const GET_ONE = 'GET /livestreams/{livestream_id}';
const GET_LIST = 'GET /livestreams';
const GET_ACTIVE = 'GET /meetings/{meeting_id}/active-livestream';
const START = 'POST /meetings/{meeting_id}/livestreams';
const STOP = 'POST /meetings/{meeting_id}/active-livestream/stop';

/** All callers are one account to upstream: only their scopes tell them apart. Each key is the list of its scopes. */
const KEYS = Object.fromEntries(
  Array.from({ length: 8 }, (_, bits) => SCOPES.filter((_scope, index) => (bits & (1 << index)) !== 0)).map(
    (scopes) => [keyOf(scopes), scopes] as const,
  ),
);

function keyOf(scopes: readonly string[]): string {
  return scopes.length === 0 ? 'none' : scopes.join('+');
}

const READ = ['livestream:read'];
const WRITE = ['livestream:write'];
const SECRET = ['livestream:secret'];
const without = (scope: string): string[] => SCOPES.filter((other) => other !== scope);

const start = async (): Promise<TestGateway> => startGuarded(apiKeySettings(KEYS));

const ask = async (gateway: TestGateway, scopes: readonly string[], query: string, variables = {}) =>
  gateway.send({ query, variables }, { headers: { 'x-api-key': keyOf(scopes) } });

/** A field that is guarded, and how one comes to it. `$` in front of a name is the sample's id. */
interface Case {
  field: string;
  lacking: string;
  query: string;
  /** Where the error is; where `nulled` is not given, there is the null too. */
  path: (string | number)[];
  /** The place of the null, where the field itself may not be null. */
  nulled?: (string | number)[];
  /** What else is served: a place that is not null. */
  served?: (string | number)[];
  /** What is asked upstream nevertheless. */
  upstream: string[];
}

const root = (field: string, call: string, nulled?: []): Case => ({
  field: `Query.${field}`,
  lacking: 'livestream:read',
  query: `{ upstreamBudget { limit } ${call} }`,
  path: [field],
  ...(nulled === undefined ? { served: ['upstreamBudget', 'limit'] } : { nulled }),
  upstream: [],
});

/** Who may not read still gets the meeting of a mutation, of which nothing but the id is told. */
const ofMeeting = (field: string, selection = '', nulled?: string[]): Case => ({
  field: `Meeting.${field}`,
  lacking: 'livestream:read',
  query: `mutation { stopLivestream(input: { meetingId: "$liveMeetingId" }) { userErrors { code } meeting { id ${field} ${selection} } } }`,
  path: ['stopLivestream', 'meeting', field],
  ...(nulled === undefined ? { served: ['stopLivestream', 'meeting', 'id'] } : { nulled }),
  upstream: [STOP],
});

const secret = (field: string, before: string, path: (string | number)[], upstream: string[], after = '}'): Case => ({
  field: `Livestream.${field}`,
  lacking: 'livestream:secret',
  query: `${before} { id ${field} } ${after}`,
  path: [...path, field],
  served: [...path, 'id'],
  upstream,
});

const secretEverywhere = (field: string): Case[] => [
  secret(field, '{ livestream(id: "$liveLivestreamId")', ['livestream'], [GET_ONE]),
  secret(field, '{ livestreams(first: 3) { nodes', ['livestreams', 'nodes', 2], [GET_LIST], '} }'),
  secret(field, '{ livestreams(first: 3) { edges { node', ['livestreams', 'edges', 1, 'node'], [GET_LIST], '} } }'),
  secret(
    field,
    '{ meeting(id: "$liveMeetingId") { activeLivestream',
    ['meeting', 'activeLivestream'],
    [GET_ACTIVE],
    '} }',
  ),
  secret(
    field,
    '{ meeting(id: "$idleMeetingId") { livestreams { nodes',
    ['meeting', 'livestreams', 'nodes', 1],
    ['GET /meetings/{meeting_id}/livestream'],
    '} } }',
  ),
  secret(
    field,
    '{ livestream(id: "$liveLivestreamId") { activeSession { livestream',
    ['livestream', 'activeSession', 'livestream'],
    [GET_ONE, 'GET /livestreams/{livestream_id}/active-livestream-session'],
    '} } }',
  ),
  secret(
    field,
    '{ _entities(representations: [{ __typename: "Meeting", id: "x" }, { __typename: "Livestream", id: "$liveLivestreamId" }]) { ... on Livestream',
    ['_entities', 1],
    [GET_ONE],
    '} }',
  ),
  secret(
    field,
    'mutation { startLivestream(input: { meetingId: "$emptyMeetingId" }) { livestream',
    ['startLivestream', 'livestream'],
    [START],
    '} }',
  ),
  secret(
    field,
    'mutation { stopLivestream(input: { meetingId: "$liveMeetingId" }) { livestream',
    ['stopLivestream', 'livestream'],
    [GET_ACTIVE, STOP],
    '} }',
  ),
];

const mutation = (field: string): Case => ({
  field: `Mutation.${field}`,
  lacking: 'livestream:write',
  query: `mutation { ${field}(input: { meetingId: "$liveMeetingId" }) { userErrors { code } livestream { id } } }`,
  path: [field],
  upstream: [],
});

const CASES: Case[] = [
  root('meeting', 'meeting(id: "$liveMeetingId") { id title }'),
  root('livestream', 'livestream(id: "$liveLivestreamId") { id }'),
  root('livestreamSession', 'livestreamSession(id: "$liveSessionId") { id }'),
  root('meetings', 'meetings { nodes { id } }', []),
  root('livestreams', 'livestreams { nodes { id } }', []),
  root('livestreamAnalytics', 'livestreamAnalytics { count days { date } }', []),
  root(
    '_entities',
    '_entities(representations: [{ __typename: "Livestream", id: "$liveLivestreamId" }]) { __typename }',
    [],
  ),
  ofMeeting('title'),
  ofMeeting('status'),
  ofMeeting('createdAt'),
  ofMeeting('updatedAt'),
  ofMeeting('activeLivestream', '{ id }'),
  ofMeeting('livestreams', '{ totalCount }', ['stopLivestream', 'meeting']),
  {
    field: 'Livestream.activeSession',
    lacking: 'livestream:read',
    query:
      'mutation { startLivestream(input: { meetingId: "$emptyMeetingId" }) { livestream { id activeSession { id } } } }',
    path: ['startLivestream', 'livestream', 'activeSession'],
    served: ['startLivestream', 'livestream', 'id'],
    upstream: [START],
  },
  {
    field: 'Livestream.sessions',
    lacking: 'livestream:read',
    query:
      'mutation { startLivestream(input: { meetingId: "$emptyMeetingId" }) { livestream { id sessions { totalCount } } userErrors { code } } }',
    path: ['startLivestream', 'livestream', 'sessions'],
    nulled: ['startLivestream', 'livestream'],
    served: ['startLivestream', 'userErrors'],
    upstream: [START],
  },
  ...secretEverywhere('streamKey'),
  ...secretEverywhere('ingestServer'),
  mutation('startLivestream'),
  mutation('stopLivestream'),
];

const matchingNumber = (): unknown => expect.any(Number);

/** With the samples' ids in the place of their names. */
function filled(query: string, { samples }: TestGateway): string {
  return Object.entries(samples).reduce((text, [name, id]) => text.replaceAll(`"$${name}"`, `"${id}"`), query);
}

describe('a guarded field is null and FORBIDDEN at its own place, and costs nothing, for a caller who lacks its scope', () => {
  test.each(CASES.map((one) => [one.field, one.path.join('.'), one] as const))(
    '%s at %s',
    async (_field, _path, one) => {
      const gateway = await start();
      const { data, errors, status } = await ask(gateway, without(one.lacking), filled(one.query, gateway));

      expect(status).toBe(200);
      const here = errors.filter(({ path }) => JSON.stringify(path) === JSON.stringify(one.path));
      expect(here).toEqual([
        {
          message: `This field requires the scope ${one.lacking}.`,
          locations: [{ line: 1, column: matchingNumber() }],
          path: one.path,
          extensions: { code: 'FORBIDDEN', retryable: false },
        },
      ]);
      expect(at(data, ...(one.nulled ?? one.path))).toBeNull();
      expect(one.served === undefined || (at(data, ...one.served) ?? null) !== null).toBe(true);
      // In a list each row has its own error, and there is none of another kind.
      expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['FORBIDDEN']));
      expect(gateway.upstream()).toEqual(one.upstream);
    },
  );

  test.each(CASES.map((one) => [one.field, one.path.join('.'), one] as const))(
    'and is served to one who has it: %s at %s',
    async (_field, _path, one) => {
      const gateway = await start();
      const { errors } = await ask(gateway, SCOPES, filled(one.query, gateway));
      expect(errors).toEqual([]);
      expect(gateway.upstream().length).toBeGreaterThan(0);
    },
  );
});

test('each field that the schema guards has its place above, or among the subscriptions', () => {
  const guarded = Object.values(gatewaySchema().getTypeMap()).flatMap((type) =>
    (isObjectType(type) && type.name !== 'Subscription' ? Object.values(type.getFields()) : [])
      .filter(({ astNode }) => astNode?.directives?.some(({ name }) => name.value === 'requiresScopes'))
      .map(({ name }) => `${type.name}.${name}`),
  );
  expect(guarded.toSorted()).toEqual([...new Set(CASES.map(({ field }) => field))].toSorted());
});

describe('a field is guarded however it is asked for', () => {
  const streamKeys = [
    'key: streamKey',
    'streamKey key: streamKey',
    '... { streamKey }',
    '... on Livestream { streamKey }',
    '...Secret',
    'streamKey @include(if: true) @skip(if: false)',
    'status: streamKey',
    '__typename: streamKey',
  ];
  test.each(streamKeys)('%s', async (selection) => {
    const gateway = await start();
    const fragment = selection.includes('...Secret') ? 'fragment Secret on Livestream { streamKey }' : '';
    const query = `query { livestream(id: "${gateway.samples.liveLivestreamId}") { name ${selection} } } ${fragment}`;
    const { errors, text } = await ask(gateway, without('livestream:secret'), query);
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['FORBIDDEN']));
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });

  test('by a mutation under another name', async () => {
    const gateway = await start();
    const query = `mutation { a: startLivestream(input: { meetingId: "${gateway.samples.emptyMeetingId}" }) { userErrors { code } } ...More } fragment More on Mutation { b: stopLivestream(input: { meetingId: "${gateway.samples.liveMeetingId}" }) { userErrors { code } } }`;
    const { data, errors } = await ask(gateway, without('livestream:write'), query);
    expect(data).toEqual({ a: null, b: null });
    expect(errors.map(({ path }) => path)).toEqual([['a'], ['b']]);
    expect(gateway.upstream()).toEqual([]);
  });
});

describe('who may write and nothing else', () => {
  test('starts and stops, and is told which livestream it was', async () => {
    const gateway = await start();
    const input = `input: { meetingId: "${gateway.samples.emptyMeetingId}", name: "Town hall" }`;
    const selection =
      '{ livestream { id name status disabled playbackUrl meeting { id } } meeting { id } userErrors { code } }';
    const started = await ask(gateway, WRITE, `mutation { startLivestream(${input}) ${selection} }`);
    expect(started.errors).toEqual([]);
    expect(started.data).toMatchObject({
      startLivestream: { livestream: { name: 'Town hall', status: 'INVOKED', playbackUrl: matching(/^https/) } },
    });
    const stop = `mutation { stopLivestream(input: { meetingId: "${gateway.samples.emptyMeetingId}" }) ${selection} }`;
    const stopped = await ask(gateway, WRITE, stop);
    expect(stopped.errors).toEqual([]);
    expect(stopped.data).toMatchObject({ stopLivestream: { livestream: { name: 'Town hall', status: 'IDLE' } } });
  });
});

describe('an answer that is kept for those who ask the same', () => {
  const question = ({ samples }: TestGateway): string =>
    `{ livestream(id: "${samples.liveLivestreamId}") { id streamKey } }`;

  test('is never given to a caller with fewer scopes', async () => {
    const gateway = await start();
    const rich = await ask(gateway, SCOPES, question(gateway));
    gateway.forget();
    expect((await ask(gateway, SCOPES, question(gateway))).data).toEqual(rich.data);
    for (const scopes of Object.values(KEYS).filter((scopes) => !scopes.includes('livestream:secret'))) {
      const { text, errors } = await ask(gateway, scopes, question(gateway));
      expect(text).not.toMatch(/[0-9a-f]{64}/);
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    for (const scopes of [SECRET, without('livestream:read')])
      expect((await ask(gateway, scopes, question(gateway))).data).toEqual({ livestream: null });
    // What is known is given from memory: it is one account.
    expect(gateway.upstream()).toEqual([]);
  });

  test('with less in it is never given to a caller with more', async () => {
    const gateway = await start();
    expect((await ask(gateway, READ, question(gateway))).errors).toHaveLength(1);
    const { data, errors } = await ask(gateway, [...READ, ...SECRET], question(gateway));
    expect(errors).toEqual([]);
    expect(at(data, 'livestream', 'streamKey')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('and is being put together is not either', async () => {
    const gateway = await start();
    const [rich, poor] = await Promise.all([
      ask(gateway, SCOPES, question(gateway)),
      ask(gateway, READ, question(gateway)),
    ]);
    expect(rich.errors).toEqual([]);
    expect(poor.errors).toMatchObject([{ path: ['livestream', 'streamKey'] }]);
    expect(poor.text).not.toMatch(/[0-9a-f]{64}/);
    expect(gateway.upstream()).toEqual([GET_ONE]);
  });

  test('under the id of a trusted document is not either', async () => {
    const documents = new Map([['one', 'query($id: ID!) { livestream(id: $id) { id streamKey } }']]);
    const gateway = await startGuarded(apiKeySettings(KEYS), {
      options: { trustedDocuments: { documents, isExclusive: true } },
    });
    const send = async (scopes: string[]) =>
      gateway.send(
        { documentId: 'one', variables: { id: gateway.samples.liveLivestreamId } },
        { headers: { 'x-api-key': keyOf(scopes) } },
      );
    expect((await send(SCOPES)).errors).toEqual([]);
    expect((await send(SCOPES)).text).toMatch(/[0-9a-f]{64}/);
    expect((await send(READ)).text).not.toMatch(/[0-9a-f]{64}/);
  });
});
