import { isObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';

import { gatewaySchema } from '../../src/graphql/schema.ts';
import { at, matching, type TestGateway } from '../support/gateway.ts';
import { apiKeySettings, startGatewayWithAuth } from '../support/identityProvider.ts';

const SCOPES = ['livestream:read', 'livestream:write', 'livestream:secret'];
const GET_ONE = 'GET /livestreams/{livestream_id}';
const GET_LIST = 'GET /livestreams';
const GET_ACTIVE = 'GET /meetings/{meeting_id}/active-livestream';
const START = 'POST /meetings/{meeting_id}/livestreams';
const STOP = 'POST /meetings/{meeting_id}/active-livestream/stop';

/** The API keys of all combinations of scopes, each named after its scopes. All their callers share one upstream account. */
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

const startGateway = async (): Promise<TestGateway> => startGatewayWithAuth(apiKeySettings(KEYS));

/** Executes an operation as the caller whose API key has exactly these scopes. */
const execute = async (gateway: TestGateway, scopes: readonly string[], query: string, variables = {}) =>
  gateway.send({ query, variables }, { headers: { 'x-api-key': keyOf(scopes) } });

/** A guarded field and an operation that selects it. `$name` in the query stands for the example id of that name. */
interface Case {
  field: string;
  requiredScope: string;
  query: string;
  /** The path of the error, and of the null unless `nullPath` is set. */
  path: (string | number)[];
  /** The path of the null if the field itself is non-null. */
  nullPath?: (string | number)[];
  /** The path of a sibling that must not be null. */
  servedPath?: (string | number)[];
  /** The upstream requests that the operation sends without the scope. */
  upstream: string[];
}

const rootCase = (field: string, call: string, nullPath?: []): Case => ({
  field: `Query.${field}`,
  requiredScope: 'livestream:read',
  query: `{ upstreamBudget { limit } ${call} }`,
  path: [field],
  ...(nullPath === undefined ? { servedPath: ['upstreamBudget', 'limit'] } : { nullPath }),
  upstream: [],
});

/** A caller without `livestream:read` gets only the id of a mutation's meeting. */
const meetingCase = (field: string, selection = '', nullPath?: string[]): Case => ({
  field: `Meeting.${field}`,
  requiredScope: 'livestream:read',
  query: `mutation { stopLivestream(input: { meetingId: "$liveMeetingId" }) { userErrors { code } meeting { id ${field} ${selection} } } }`,
  path: ['stopLivestream', 'meeting', field],
  ...(nullPath === undefined ? { servedPath: ['stopLivestream', 'meeting', 'id'] } : { nullPath }),
  upstream: [STOP],
});

const secretCase = (
  field: string,
  before: string,
  path: (string | number)[],
  upstream: string[],
  after = '}',
): Case => ({
  field: `Livestream.${field}`,
  requiredScope: 'livestream:secret',
  query: `${before} { id ${field} } ${after}`,
  path: [...path, field],
  servedPath: [...path, 'id'],
  upstream,
});

const secretCases = (field: string): Case[] => [
  secretCase(field, '{ livestream(id: "$liveLivestreamId")', ['livestream'], [GET_ONE]),
  secretCase(field, '{ livestreams(first: 3) { nodes', ['livestreams', 'nodes', 2], [GET_LIST], '} }'),
  secretCase(field, '{ livestreams(first: 3) { edges { node', ['livestreams', 'edges', 1, 'node'], [GET_LIST], '} } }'),
  secretCase(
    field,
    '{ meeting(id: "$liveMeetingId") { activeLivestream',
    ['meeting', 'activeLivestream'],
    [GET_ACTIVE],
    '} }',
  ),
  secretCase(
    field,
    '{ meeting(id: "$idleMeetingId") { livestreams { nodes',
    ['meeting', 'livestreams', 'nodes', 1],
    ['GET /meetings/{meeting_id}/livestream'],
    '} } }',
  ),
  secretCase(
    field,
    '{ livestream(id: "$liveLivestreamId") { activeSession { livestream',
    ['livestream', 'activeSession', 'livestream'],
    [GET_ONE, 'GET /livestreams/{livestream_id}/active-livestream-session'],
    '} } }',
  ),
  secretCase(
    field,
    '{ _entities(representations: [{ __typename: "Meeting", id: "x" }, { __typename: "Livestream", id: "$liveLivestreamId" }]) { ... on Livestream',
    ['_entities', 1],
    [GET_ONE],
    '} }',
  ),
  secretCase(
    field,
    'mutation { startLivestream(input: { meetingId: "$emptyMeetingId" }) { livestream',
    ['startLivestream', 'livestream'],
    [START],
    '} }',
  ),
  secretCase(
    field,
    'mutation { stopLivestream(input: { meetingId: "$liveMeetingId" }) { livestream',
    ['stopLivestream', 'livestream'],
    [GET_ACTIVE, STOP],
    '} }',
  ),
];

const mutationCase = (field: string): Case => ({
  field: `Mutation.${field}`,
  requiredScope: 'livestream:write',
  query: `mutation { ${field}(input: { meetingId: "$liveMeetingId" }) { userErrors { code } livestream { id } } }`,
  path: [field],
  upstream: [],
});

const CASES: Case[] = [
  rootCase('meeting', 'meeting(id: "$liveMeetingId") { id title }'),
  rootCase('livestream', 'livestream(id: "$liveLivestreamId") { id }'),
  rootCase('livestreamSession', 'livestreamSession(id: "$liveSessionId") { id }'),
  rootCase('meetings', 'meetings { nodes { id } }', []),
  rootCase('livestreams', 'livestreams { nodes { id } }', []),
  rootCase('livestreamAnalytics', 'livestreamAnalytics { count days { date } }'),
  rootCase(
    '_entities',
    '_entities(representations: [{ __typename: "Livestream", id: "$liveLivestreamId" }]) { __typename }',
    [],
  ),
  meetingCase('title'),
  meetingCase('status'),
  meetingCase('createdAt'),
  meetingCase('updatedAt'),
  meetingCase('activeLivestream', '{ id }'),
  meetingCase('livestreams', '{ totalCount }', ['stopLivestream', 'meeting']),
  {
    field: 'Livestream.activeSession',
    requiredScope: 'livestream:read',
    query:
      'mutation { startLivestream(input: { meetingId: "$emptyMeetingId" }) { livestream { id activeSession { id } } } }',
    path: ['startLivestream', 'livestream', 'activeSession'],
    servedPath: ['startLivestream', 'livestream', 'id'],
    upstream: [START],
  },
  {
    field: 'Livestream.sessions',
    requiredScope: 'livestream:read',
    query:
      'mutation { startLivestream(input: { meetingId: "$emptyMeetingId" }) { livestream { id sessions { totalCount } } userErrors { code } } }',
    path: ['startLivestream', 'livestream', 'sessions'],
    nullPath: ['startLivestream', 'livestream'],
    servedPath: ['startLivestream', 'userErrors'],
    upstream: [START],
  },
  ...secretCases('streamKey'),
  ...secretCases('ingestServer'),
  mutationCase('startLivestream'),
  mutationCase('stopLivestream'),
];

const anyNumber = (): unknown => expect.any(Number);

/** The query with the example ids in place of their names. */
function withExampleIds(query: string, { exampleIds }: TestGateway): string {
  return Object.entries(exampleIds).reduce((text, [name, id]) => text.replaceAll(`"$${name}"`, `"${id}"`), query);
}

describe('a guarded field', () => {
  test.each(CASES.map((guarded) => [guarded.field, guarded.path.join('.'), guarded] as const))(
    'is null with FORBIDDEN at its own path for a caller without its scope: %s at %s',
    async (_field, _path, guarded) => {
      const gateway = await startGateway();
      const { data, errors, status } = await execute(
        gateway,
        without(guarded.requiredScope),
        withExampleIds(guarded.query, gateway),
      );

      expect(status).toBe(200);
      const here = errors.filter(({ path }) => JSON.stringify(path) === JSON.stringify(guarded.path));
      expect(here).toEqual([
        {
          message: `This field requires the scope ${guarded.requiredScope}.`,
          locations: [{ line: 1, column: anyNumber() }],
          path: guarded.path,
          extensions: { code: 'FORBIDDEN', retryable: false },
        },
      ]);
      expect(at(data, ...(guarded.nullPath ?? guarded.path))).toBeNull();
      expect(guarded.servedPath === undefined || (at(data, ...guarded.servedPath) ?? null) !== null).toBe(true);
      // In a list, each row has its own error. There are no errors with another code.
      expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['FORBIDDEN']));
      expect(gateway.upstreamRequests()).toEqual(guarded.upstream);
    },
  );

  test.each(CASES.map((guarded) => [guarded.field, guarded.path.join('.'), guarded] as const))(
    'is served to a caller that has its scope: %s at %s',
    async (_field, _path, guarded) => {
      const gateway = await startGateway();
      const { errors } = await execute(gateway, SCOPES, withExampleIds(guarded.query, gateway));
      expect(errors).toEqual([]);
      expect(gateway.upstreamRequests().length).toBeGreaterThan(0);
    },
  );
});

test('every guarded field outside of Subscription is covered by these tests', () => {
  const guarded = Object.values(gatewaySchema().getTypeMap()).flatMap((type) =>
    (isObjectType(type) && type.name !== 'Subscription' ? Object.values(type.getFields()) : [])
      .filter(({ astNode }) => astNode?.directives?.some(({ name }) => name.value === 'requiresScopes'))
      .map(({ name }) => `${type.name}.${name}`),
  );
  expect(guarded.toSorted()).toEqual([...new Set(CASES.map(({ field }) => field))].toSorted());
});

describe('a caller without the scope of a guarded field', () => {
  const streamKeySelections = [
    'key: streamKey',
    'streamKey key: streamKey',
    '... { streamKey }',
    '... on Livestream { streamKey }',
    '...Secret',
    'streamKey @include(if: true) @skip(if: false)',
    'status: streamKey',
    '__typename: streamKey',
  ];
  test.each(streamKeySelections)('gets only FORBIDDEN with the selection { %s }', async (selection) => {
    const gateway = await startGateway();
    const fragment = selection.includes('...Secret') ? 'fragment Secret on Livestream { streamKey }' : '';
    const query = `query { livestream(id: "${gateway.exampleIds.liveLivestreamId}") { name ${selection} } } ${fragment}`;
    const { errors, text } = await execute(gateway, without('livestream:secret'), query);
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['FORBIDDEN']));
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });

  test('cannot send an aliased mutation or a mutation in a fragment', async () => {
    const gateway = await startGateway();
    const query = `mutation { a: startLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) { userErrors { code } } ...More } fragment More on Mutation { b: stopLivestream(input: { meetingId: "${gateway.exampleIds.liveMeetingId}" }) { userErrors { code } } }`;
    const { data, errors } = await execute(gateway, without('livestream:write'), query);
    expect(data).toEqual({ a: null, b: null });
    expect(errors.map(({ path }) => path)).toEqual([['a'], ['b']]);
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});

describe('a caller that has only the write scope', () => {
  test('starts and stops a livestream, and gets the livestream in the result', async () => {
    const gateway = await startGateway();
    const input = `input: { meetingId: "${gateway.exampleIds.emptyMeetingId}", name: "Town hall" }`;
    const selection =
      '{ livestream { id name status disabled playbackUrl meeting { id } } meeting { id } userErrors { code } }';
    const started = await execute(gateway, WRITE, `mutation { startLivestream(${input}) ${selection} }`);
    expect(started.errors).toEqual([]);
    expect(started.data).toMatchObject({
      startLivestream: { livestream: { name: 'Town hall', status: 'INVOKED', playbackUrl: matching(/^https/) } },
    });
    const stop = `mutation { stopLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) ${selection} }`;
    const stopped = await execute(gateway, WRITE, stop);
    expect(stopped.errors).toEqual([]);
    expect(stopped.data).toMatchObject({ stopLivestream: { livestream: { name: 'Town hall', status: 'IDLE' } } });
  });
});

describe('a cached response', () => {
  const streamKeyQuery = ({ exampleIds }: TestGateway): string =>
    `{ livestream(id: "${exampleIds.liveLivestreamId}") { id streamKey } }`;

  test('is not served to a caller with fewer scopes', async () => {
    const gateway = await startGateway();
    const allowed = await execute(gateway, SCOPES, streamKeyQuery(gateway));
    gateway.clearUpstreamRequests();
    expect((await execute(gateway, SCOPES, streamKeyQuery(gateway))).data).toEqual(allowed.data);
    for (const scopes of Object.values(KEYS).filter((scopes) => !scopes.includes('livestream:secret'))) {
      const { text, errors } = await execute(gateway, scopes, streamKeyQuery(gateway));
      expect(text).not.toMatch(/[0-9a-f]{64}/);
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    for (const scopes of [SECRET, without('livestream:read')])
      expect((await execute(gateway, scopes, streamKeyQuery(gateway))).data).toEqual({ livestream: null });
    // All callers share one account, and so its cached entities.
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('of a caller with fewer scopes is not served to a caller with more scopes', async () => {
    const gateway = await startGateway();
    expect((await execute(gateway, READ, streamKeyQuery(gateway))).errors).toHaveLength(1);
    const { data, errors } = await execute(gateway, [...READ, ...SECRET], streamKeyQuery(gateway));
    expect(errors).toEqual([]);
    expect(at(data, 'livestream', 'streamKey')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is not shared by concurrent callers with different scopes', async () => {
    const gateway = await startGateway();
    const [allowed, denied] = await Promise.all([
      execute(gateway, SCOPES, streamKeyQuery(gateway)),
      execute(gateway, READ, streamKeyQuery(gateway)),
    ]);
    expect(allowed.errors).toEqual([]);
    expect(denied.errors).toMatchObject([{ path: ['livestream', 'streamKey'] }]);
    expect(denied.text).not.toMatch(/[0-9a-f]{64}/);
    expect(gateway.upstreamRequests()).toEqual([GET_ONE]);
  });

  test('of a trusted document is not served to a caller with fewer scopes', async () => {
    const documents = new Map([['one', 'query($id: ID!) { livestream(id: $id) { id streamKey } }']]);
    const gateway = await startGatewayWithAuth(apiKeySettings(KEYS), {
      options: { trustedDocuments: { documents, isExclusive: true } },
    });
    const send = async (scopes: string[]) =>
      gateway.send(
        { documentId: 'one', variables: { id: gateway.exampleIds.liveLivestreamId } },
        { headers: { 'x-api-key': keyOf(scopes) } },
      );
    expect((await send(SCOPES)).errors).toEqual([]);
    expect((await send(SCOPES)).text).toMatch(/[0-9a-f]{64}/);
    expect((await send(READ)).text).not.toMatch(/[0-9a-f]{64}/);
  });
});
