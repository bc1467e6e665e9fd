import * as fc from 'fast-check';

import type { ExampleIds } from '../../src/sandbox/exampleIds.ts';

/** A generated GraphQL request. */
export interface GeneratedOperation {
  query: string;
  variables: Record<string, unknown>;
}

type Text = fc.Arbitrary<string>;
type Type = 'Meeting' | 'Livestream' | 'LivestreamSession';

/** Every variable that an operation may use, with its declaration. */
const DECLARED: Readonly<Record<string, string>> = {
  $few: 'Int',
  $some: 'Int = 3',
  $is: 'Boolean!',
  $may: 'Boolean! = false',
  $reps: '[_Any!]!',
  $after: 'String',
};

/** Opaque to clients; the gateway's own tests may make them. */
const CURSORS = [1, 3, 5, 99, 1000].map((position) => btoa(`after:${position}`));

/**
 * Generates valid queries and mutations over the whole schema with pages of all sizes, aliases, named and inline fragments, conditions
 * and variables.
 */
export function operations(exampleIds: ExampleIds): fc.Arbitrary<GeneratedOperation> {
  const size = fc.integer({ min: 1, max: 6 });
  const variables = fc.record(
    { few: fc.option(size), some: fc.option(size), may: fc.boolean(), after: fc.option(fc.constantFrom(...CURSORS)) },
    { requiredKeys: [] },
  );
  const query = selection(rootFields(exampleIds), 'Query', 6).map((text) => ['query', text] as const);
  const mutation = selection(mutationFields(exampleIds), 'Mutation').map((text) => ['mutation', text] as const);
  return fc
    .record({
      operation: fc.oneof({ weight: 4, arbitrary: query }, { weight: 1, arbitrary: mutation }),
      is: fc.boolean(),
      variables,
      reps: fc.array(representation(exampleIds), { maxLength: 8 }),
    })
    .map(({ operation: [kind, text], is, variables: given, reps }) => toOperation(kind, text, { ...given, is, reps }));
}

function mutationFields({ liveMeetingId, idleMeetingId, emptyMeetingId, invokedMeetingId }: ExampleIds): Text[] {
  const meetings = [liveMeetingId, idleMeetingId, emptyMeetingId, invokedMeetingId, 'none', ''];
  const payload = (type: string): Text =>
    selection(
      [
        entity('Livestream', 2).map((inner) => `livestream ${inner}`),
        entity('Meeting', 2).map((inner) => `meeting ${inner}`),
        fc.constant('userErrors { code field }'),
      ],
      type,
    );
  const start = fc
    .tuple(fc.constantFrom(...meetings), fc.constantFrom('', ', name: "A"'), payload('StartLivestreamPayload'))
    .map(([id, name, inner]) => `ALIAS: startLivestream(input: { meetingId: "${id}"${name} }) ${inner}`);
  const stop = fc
    .tuple(fc.constantFrom(...meetings), payload('StopLivestreamPayload'))
    .map(([id, inner]) => `ALIAS: stopLivestream(input: { meetingId: "${id}" }) ${inner}`);
  return [start, stop];
}

/** Ids of nothing. */
const MISSING = ['none', 'none-1', 'none-2', 'none-3', 'none-4', 'none-5'];

function rootFields(exampleIds: ExampleIds): Text[] {
  const meetings = [exampleIds.liveMeetingId, exampleIds.idleMeetingId, exampleIds.emptyMeetingId, ...MISSING];
  const livestreams = [
    exampleIds.liveLivestreamId,
    exampleIds.idleLivestreamId,
    exampleIds.independentLivestreamId,
    ...MISSING,
  ];
  const sessions = [exampleIds.liveSessionId, exampleIds.endedSessionId, exampleIds.erroredSessionId, ...MISSING];
  return [
    byId('meeting', meetings, entity('Meeting', 3)),
    byId('livestream', livestreams, entity('Livestream', 3)),
    byId('livestreamSession', sessions, entity('LivestreamSession', 3)),
    connection('meetings', 'Meeting', 3),
    connection('livestreams', 'Livestream', 3),
    lookups('meeting', meetings, ['title', 'activeLivestream { name }']),
    lookups('livestream', livestreams, ['name', 'meeting { title }', 'activeSession { id }']),
    analytics(),
    entities(),
    fc.constant('__typename'),
  ];
}

/** A selection of an entity's fields, and of entities that it leads to, at most `levels` deep. */
function entity(type: Type, levels: number): Text {
  const leaves: Record<Type, string[]> = {
    // The alias avoids a conflict with the `status` of another type.
    Meeting: ['id', 'title', 'meetingStatus: status', 'updatedAt', '__typename'],
    Livestream: [
      'id',
      'name',
      'status',
      'disabled',
      'streamKey',
      'ingestServer',
      'playbackUrl',
      'createdAt',
      'updatedAt',
    ],
    LivestreamSession: ['id', 'errorMessage', 'ingestSeconds', 'viewerSeconds', 'invokedAt', 'stoppedAt', 'createdAt'],
  };
  const links: Record<Type, () => Text[]> = {
    Meeting: () => [
      link('activeLivestream', 'Livestream', levels),
      connection('livestreams', 'Livestream', levels - 1),
    ],
    Livestream: () => [
      link('meeting', 'Meeting', levels),
      link('activeSession', 'LivestreamSession', levels),
      connection('sessions', 'LivestreamSession', levels - 1),
    ],
    LivestreamSession: () => [link('livestream', 'Livestream', levels)],
  };
  return selection([fc.constantFrom(...leaves[type]), ...(levels > 0 ? links[type]() : [])], type);
}

const link = (name: string, type: Type, levels: number): Text =>
  entity(type, levels - 1).map((inner) => `${name} ${inner}`);

const byId = (name: string, ids: string[], inner: Text): Text =>
  fc.tuple(fc.constantFrom(...ids), inner).map(([id, text]) => `ALIAS: ${name}(id: "${id}") ${text}`);

/** Several look-ups of the same kind. */
const lookups = (name: string, ids: string[], inner: string[]): Text =>
  fc
    .tuple(fc.subarray(ids, { minLength: 2 }), fc.constantFrom(...inner))
    .map(([some, text]) => some.map((id) => `ALIAS: ${name}(id: "${id}") { ${text} }`).join(' '));

function connection(name: string, row: Type, levels: number): Text {
  const rows = entity(row, Math.max(levels - 1, 0));
  const fields = [
    rows.map((text) => `nodes ${text}`),
    rows.map((text) => `edges { cursor node ${text} }`),
    fc.constantFrom('totalCount', 'pageInfo { hasNextPage endCursor }'),
  ];
  const sizes = ['first: 1', 'first: 2', 'first: 4', 'first: $few', 'first: $some'];
  const first = fc.constantFrom(...sizes, ...(levels > 2 ? ['first: 12', 'first: 40', 'first: 100'] : []));
  const after = fc.constantFrom('', '', ', after: $after', ...CURSORS.map((cursor) => `, after: "${cursor}"`));
  return fc
    .tuple(first, after, selection(fields, `${row}Connection`))
    .map(([size, start, inner]) => `ALIAS: ${name}(${size}${start}) ${inner}`);
}

function analytics(): Text {
  const numbers = fc.constantFrom('count', 'ingestSeconds', 'viewerSeconds');
  const days = fc.constant('days { date count }');
  return selection([numbers, days], 'LivestreamAnalytics').map((inner) => `ALIAS: livestreamAnalytics ${inner}`);
}

function entities(): Text {
  const types: Type[] = ['Meeting', 'Livestream', 'LivestreamSession'];
  const parts = fc.tuple(...types.map((type) => entity(type, 2).map((inner) => `... on ${type} ${inner}`)));
  return parts.map((texts) => `ALIAS: _entities(representations: $reps) { __typename ${texts.join(' ')} }`);
}

function representation(exampleIds: ExampleIds): fc.Arbitrary<object> {
  return fc.constantFrom(
    { __typename: 'Meeting', id: exampleIds.liveMeetingId },
    ...MISSING.map((id) => ({ __typename: 'Meeting', id })),
    ...MISSING.map((id) => ({ __typename: 'Livestream', id })),
    { __typename: 'Livestream', id: exampleIds.liveLivestreamId },
    { __typename: 'LivestreamSession', id: exampleIds.endedSessionId },
  );
}

/** One to `maxLength` of the fields, each plain, conditional or in a fragment. */
function selection(fields: Text[], type: string, maxLength = 3): Text {
  const wrapped = fc.tuple(fc.oneof(...fields), fc.constantFrom(...WRAPPERS)).map(([field, wrap]) => wrap(field, type));
  return fc.array(wrapped, { minLength: 1, maxLength }).map((texts) => `{ __typename ${texts.join(' ')} }`);
}

const unwrapped = (field: string): string => field;

const WRAPPERS: ((field: string, type: string) => string)[] = [
  unwrapped,
  unwrapped,
  unwrapped,
  (field, type) => `... on ${type} { ${field} }`,
  (field) => `... @include(if: $is) { ${field} }`,
  (field) => `... @skip(if: $may) { ${field} }`,
  (field, type) => `<${type}| ${field} |>`,
];

/** Gives each alias a unique name, and turns each marked piece into a fragment that is spread twice. */
function toOperation(kind: string, text: string, values: Record<string, unknown>): GeneratedOperation {
  let aliases = 0;
  let body = text.replace(/ALIAS/g, () => `a${aliases++}`);
  const fragments: string[] = [];
  const innermost = /<(\w+)\|((?:(?!<\w+\|)[^])*?)\|>/;
  for (let found = innermost.exec(body); found !== null; found = innermost.exec(body)) {
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${found[1]} { ${found[2]} }`);
    body = body.replace(found[0], () => `...${name} ...${name}`);
  }
  const whole = [body, ...fragments].join('\n');
  const used = Object.keys(DECLARED).filter((name) => whole.includes(name));
  const declarations = used.map((name) => `${name}: ${DECLARED[name]}`).join(', ');
  const sent = Object.entries(values).filter(([name, value]) => used.includes(`$${name}`) && value !== undefined);
  return { query: `${kind} ${declarations && `(${declarations})`} ${whole}`, variables: Object.fromEntries(sent) };
}
