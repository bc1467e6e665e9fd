import * as fc from 'fast-check';
import { type GraphQLField, isIntrospectionType, isNonNullType, isObjectType, OperationTypeNode } from 'graphql';
import { describe, expect, test } from 'vitest';

import { SCOPES } from '../../src/auth/viewer.ts';
import { gatewaySchema } from '../../src/graphql/schema.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { ROUTE_TEMPLATES } from '../../src/sandbox/routes.ts';
import type { ResponseFormats } from '../../src/sandbox/settings.ts';
import { everyOperation, GENEROUS_LIMITS, type RootArguments, rootTypeOf } from '../support/everyOperation.ts';
import { at, startTestGateway, type TestResponse } from '../support/gateway.ts';
import { apiKeySettings } from '../support/identityProvider.ts';
import { runs } from '../support/runs.ts';

const { MUTATION, QUERY } = OperationTypeNode;
const KEY = 'key-of-the-caller';

/** What operations are run in. */
interface Situation {
  faults?: Fault[];
  responseFormats?: Partial<ResponseFormats>;
  /** The caller's scopes. Default: all. */
  scopes?: readonly string[];
  /** Ids that replace those of existing objects in the arguments of root fields. */
  ids?: Partial<Record<'liveMeetingId' | 'emptyMeetingId' | 'liveLivestreamId' | 'liveSessionId', string>>;
}

/** A field that is null in a response. */
interface NullField {
  /** `Type.field` */
  coordinate: string;
  /** Whether an error has the path of the field, or of a field in it. */
  hasError: boolean;
}

const FIELDS = Object.values(gatewaySchema().getTypeMap()).flatMap((type) =>
  isObjectType(type) && !isIntrospectionType(type)
    ? Object.values(type.getFields()).map((field): [string, GraphQLField<unknown, unknown>] => [
        `${type.name}.${field.name}`,
        field,
      ])
    : [],
);
const NULLABLE = FIELDS.filter(([, { type }]) => !isNonNullType(type)).map(([coordinate]) => coordinate);
const MARKED = FIELDS.filter(([, { astNode }]) =>
  astNode?.directives?.some(({ name }) => name.value === 'semanticNonNull'),
).map(([coordinate]) => coordinate);

/** Runs operations that select every field, or those that `choose` returns, and finds the nulls in their responses. */
async function findNulls(
  { faults = [], responseFormats = {}, scopes = SCOPES, ids = {} }: Situation,
  choose = (operations: string[]) => operations,
): Promise<NullField[]> {
  const gateway = await startTestGateway({
    settings: { responseFormats, quota: { limit: 1_000_000 } },
    caching: { maxRequestsPerOperation: 100_000 },
    options: { limits: GENEROUS_LIMITS, auth: apiKeySettings({ [KEY]: scopes }) },
  });
  gateway.sandbox.setFaults(faults);
  const rootArguments = argumentsFor({ ...gateway.exampleIds, ...ids });
  const nulls: NullField[] = [];
  for (const query of choose([QUERY, MUTATION].flatMap((kind) => everyOperation(kind, rootArguments)))) {
    const response = await gateway.send({ query }, { headers: { 'x-api-key': KEY } });
    const typename = rootTypeOf(query.startsWith(MUTATION) ? MUTATION : QUERY).name;
    nulls.push(...nullsIn(response, response.data, { typename, path: [] }));
  }
  return nulls;
}

function argumentsFor(ids: Required<NonNullable<Situation['ids']>>): RootArguments {
  return {
    meeting: [`id: "${ids.liveMeetingId}"`],
    livestream: [`id: "${ids.liveLivestreamId}"`],
    livestreamSession: [`id: "${ids.liveSessionId}"`],
    _entities: [`representations: [{ __typename: "Meeting", id: "${ids.liveMeetingId}" }]`],
    startLivestream: [`input: { meetingId: "${ids.emptyMeetingId}" }`],
    stopLivestream: [`input: { meetingId: "${ids.liveMeetingId}" }`],
  };
}

/** Returns the nulls in a value of a response. `typename` is that of the root type, which has no `__typename`. */
function nullsIn(
  response: TestResponse,
  value: unknown,
  { typename, path }: { typename?: string; path: (string | number)[] },
): NullField[] {
  if (typeof value !== 'object' || value === null) return [];
  const type = typename ?? String(at(value, '__typename'));
  return Object.entries<unknown>({ ...value }).flatMap(([key, child]) => {
    const childPath = [...path, Array.isArray(value) ? Number(key) : key];
    if (child !== null || Array.isArray(value)) return nullsIn(response, child, { path: childPath });
    const hasError = response.errors.some((error) => childPath.every((step, index) => error.path?.[index] === step));
    return [{ coordinate: `${type}.${key}`, hasError }];
  });
}

const UNKNOWN_IDS = { liveMeetingId: 'no-1', emptyMeetingId: 'no-2', liveLivestreamId: 'no-3', liveSessionId: 'no-4' };
const INVALID_IDS = { liveMeetingId: '!', emptyMeetingId: '!', liveLivestreamId: '!', liveSessionId: '!' };

/** RealtimeKit's objects have nothing but ids. */
const WITHOUT_DETAILS: Situation = { responseFormats: { optionalFields: 'missing' } };

/** In each of these, a nullable field is null although nothing has failed. */
const WITHOUT_ERRORS: Situation[] = [
  {},
  { ids: UNKNOWN_IDS },
  { ids: INVALID_IDS },
  WITHOUT_DETAILS,
  { responseFormats: { timestamps: 'missing', paging: 'missing' } },
  // The list of a meeting that has no livestreams is empty.
  { ids: { liveMeetingId: UNKNOWN_IDS.liveMeetingId } },
  // RealtimeKit rejects the input of a mutation without saying which field is wrong.
  { faults: [{ kind: 'status', method: 'POST', status: 400 }] },
];

/** In each of these, fields fail. */
const WITH_ERRORS: Situation[] = [
  { scopes: [] },
  { ids: INVALID_IDS },
  { faults: [{ kind: 'status', status: 503 }] },
  WITHOUT_DETAILS,
];

const fault: fc.Arbitrary<Fault> = fc.record(
  {
    // Without those that last until the clock moves.
    kind: fc.constantFrom<Fault['kind'][]>('status', 'reset', 'truncated', 'html', 'empty', 'redirect', 'not-json'),
    status: fc.constantFrom(200, 204, 400, 401, 403, 404, 409, 422, 429, 500, 503),
    method: fc.constantFrom('GET', 'POST'),
    route: fc.constantFrom(...ROUTE_TEMPLATES),
    times: fc.integer({ min: 1, max: 5 }),
    skip: fc.integer({ min: 0, max: 3 }),
    after: fc.boolean(),
  },
  { requiredKeys: ['kind'] },
);

const situation: fc.Arbitrary<Situation> = fc.record({
  faults: fc.array(fault, { maxLength: 3 }),
  responseFormats: fc.record(
    {
      list: fc.constantFrom<ResponseFormats['list'][]>('array', 'object', 'nested'),
      notFound: fc.constantFrom<ResponseFormats['notFound'][]>('404', 'null', 'empty'),
      timestamps: fc.constantFrom<ResponseFormats['timestamps'][]>('iso', 'null', 'empty', 'missing'),
      paging: fc.constantFrom<ResponseFormats['paging'][]>('beside', 'missing'),
      optionalFields: fc.constantFrom<ResponseFormats['optionalFields'][]>('present', 'missing'),
    },
    { requiredKeys: [] },
  ),
  scopes: fc.oneof({ weight: 3, arbitrary: fc.constant(SCOPES) }, { weight: 1, arbitrary: fc.subarray(SCOPES) }),
  ids: fc.constantFrom({}, UNKNOWN_IDS, INVALID_IDS),
});

describe('@semanticNonNull', () => {
  test('marks only fields that can be null', () => {
    expect(MARKED.length).toBeGreaterThan(0);
    expect(NULLABLE).toEqual(expect.arrayContaining(MARKED));
  });

  test('marks every nullable field that is never null without an error, and no other', async () => {
    const nulls = (await Promise.all(WITHOUT_ERRORS.map(async (each) => findNulls(each)))).flat();
    // After other operations, the gateway would know the session's livestream.
    const isOfSession = (query: string): boolean => query.startsWith('query { livestreamSession(');
    nulls.push(...(await findNulls(WITHOUT_DETAILS, (operations) => operations.filter(isOfSession))));
    const withoutError = new Set(nulls.filter(({ hasError }) => !hasError).map(({ coordinate }) => coordinate));
    expect([...withoutError].toSorted()).toEqual(NULLABLE.filter((name) => !MARKED.includes(name)).toSorted());
  });

  test('marks fields that are null with an error', async () => {
    const nulls = (await Promise.all(WITH_ERRORS.map(async (each) => findNulls(each)))).flat();
    const withError = new Set(nulls.filter(({ hasError }) => hasError).map(({ coordinate }) => coordinate));
    expect([...withError]).toEqual(expect.arrayContaining(MARKED));
  });

  test('holds whatever RealtimeKit responds and whichever scopes the caller has', async () => {
    await fc.assert(
      fc.asyncProperty(situation, fc.nat(), async (random, choice) => {
        const nulls = await findNulls(random, (operations) => [operations[choice % operations.length] ?? '']);
        expect(nulls.filter(({ coordinate, hasError }) => MARKED.includes(coordinate) && !hasError)).toEqual([]);
      }),
      { numRuns: runs(60) },
    );
  });
});
