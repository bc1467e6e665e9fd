import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByHive } from '@theguild/federation-composition';
import { type DirectiveNode, Kind, parse, print } from 'graphql';
import { describe, expect, test } from 'vitest';

import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import { at, startTestGateway } from '../support/gateway.ts';
import { membersOf } from './members.ts';

/** Another team's subgraph: the agendas of meetings, and a list of meetings in pages of its own. */
const AGENDA = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])

  type Query {
    plannedMeetings(first: Int = 100, after: String): PlannedMeetings!
    featured: Livestream
  }
  type PlannedMeetings {
    nodes: [Meeting!]!
    pageInfo: PageInfo!
  }
  type Meeting @key(fields: "id") {
    id: ID!
    agenda: String
    plannedAt: DateTime
  }
  type Livestream @key(fields: "id", resolvable: false) {
    id: ID!
  }
  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
  scalar DateTime
`;

/** What came of a composition. */
interface Composed {
  supergraphSdl?: string | undefined;
  errors?: readonly Error[] | undefined;
  hints?: readonly { message: string }[] | undefined;
}

const COMPOSERS = {
  /** As `rover supergraph compose` does it. */
  '@apollo/composition': (sdls: readonly string[]): Composed => composeByApollo(servicesOf(sdls)),
  /** As Hive's registry does it. */
  '@theguild/federation-composition': (sdls: readonly string[]): Composed => composeByHive(servicesOf(sdls)),
};

const servicesOf = (sdls: readonly string[]) =>
  sdls.map((sdl, index) => ({ name: `subgraph-${index}`, url: 'http://subgraph.test', typeDefs: parse(sdl) }));

const isComposed = (sdl: string) =>
  Object.values(COMPOSERS).map((compose) => (compose([sdl]).errors ?? []).length === 0);

/** Of a field of the supergraph: what composition left of our directives on it. */
function directivesOf(sdl: string, type: string, field: string): string[] {
  for (const definition of parse(sdl).definitions)
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === type)
      return (definition.fields?.find(({ name }) => name.value === field)?.directives ?? [])
        .filter(({ name }) => !name.value.startsWith('join__'))
        .map(textOf)
        .toSorted();
  return [];
}

/** With its arguments in one order, whatever order a library likes. */
function textOf(directive: DirectiveNode): string {
  const byName = (directive.arguments ?? []).toSorted((one, other) => one.name.value.localeCompare(other.name.value));
  return print({ ...directive, arguments: byName });
}

/** The part of `npm run schema` that a shell sees. */
async function printed(...args: string[]): Promise<string> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'schema', '--', ...args], { cwd });
  return stdout;
}

describe.each(Object.entries(COMPOSERS))('%s', (_name, compose) => {
  test.each([
    ['alone', [subgraphSdl()]],
    ["beside another team's subgraph", [subgraphSdl(), AGENDA]],
    ["after another team's subgraph", [AGENDA, subgraphSdl()]],
    ['without scopes, alone', [subgraphSdl({ scopes: false })]],
    ["without scopes, beside another team's subgraph", [subgraphSdl({ scopes: false }), AGENDA]],
  ])('composes the subgraph %s, and has nothing to say against it', (_where, sdls) => {
    const { supergraphSdl, errors, hints } = compose(sdls);
    expect([errors ?? [], hints ?? []]).toEqual([[], []]);
    expect(supergraphSdl).toContain('type Meeting');
  });

  test('keeps what the subgraph says of costs, of who may read, and for contracts', () => {
    const { supergraphSdl = '' } = compose([AGENDA, subgraphSdl()]);
    const list =
      '@listSize(assumedSize: 25, requireOneSlicingArgument: false, sizedFields: ["edges", "nodes"], slicingArguments: ["first"])';
    const read = '@requiresScopes(scopes: [["livestream:read"]])';
    const secret = '@requiresScopes(scopes: [["livestream:secret"]])';
    const expected: [type: string, field: string, directives: string[]][] = [
      ['Query', 'meetings', ['@cost(weight: 1)', list, read]],
      ['Query', 'livestreams', ['@cost(weight: 1)', list, read]],
      ['Query', 'livestream', ['@cost(weight: 1)', read]],
      ['Query', 'upstreamBudget', ['@authenticated', '@tag(name: "operations")']],
      ['Query', 'plannedMeetings', []],
      ['Mutation', 'startLivestream', ['@cost(weight: 2)', '@requiresScopes(scopes: [["livestream:write"]])']],
      ['Meeting', 'id', []],
      ['Meeting', 'agenda', []],
      ['Meeting', 'title', [read]],
      ['Meeting', 'activeLivestream', ['@cost(weight: 1)', read]],
      ['Meeting', 'livestreams', ['@cost(weight: 1)', list, read]],
      ['Livestream', 'streamKey', [secret, '@tag(name: "secret")']],
      ['Livestream', 'ingestServer', [secret, '@tag(name: "secret")']],
    ];
    for (const [type, field, directives] of expected)
      expect([type, field, directivesOf(supergraphSdl, type, field)]).toEqual([type, field, directives]);
  });
});

describe('the linked version of federation', () => {
  const [linked = '', major = '', minor = ''] = /federation\/v(\d+)\.(\d+)/.exec(subgraphSdl()) ?? [];

  test('is the newest that both libraries compose: when the next one is, it is time to move on', () => {
    const next = subgraphSdl().replace(linked, `federation/v${major}.${Number(minor) + 1}`);
    expect(next).not.toBe(subgraphSdl());
    expect(isComposed(subgraphSdl())).toEqual([true, true]);
    expect(isComposed(next)).toContain(false);
  });
});

describe('npm run schema', () => {
  test('prints what the gateway tells routers', async () => {
    const gateway = await startTestGateway();
    const { data, errors } = await gateway.send({ query: '{ _service { sdl } }' });
    expect(errors).toEqual([]);
    expect(at(data, '_service', 'sdl')).toBe(await printed());
    expect(gateway.upstream()).toEqual([]);
  });

  test('leaves out who may do what where a router would refuse that, and nothing else', async () => {
    const without = await printed('--no-scopes');
    expect(without).not.toMatch(/scope|authenticated/i);
    expect(membersOf(without)).toEqual(membersOf(await printed()));
    expect(without.match(/@(cost|listSize|tag|key|shareable)\b/g)).toEqual(
      subgraphSdl().match(/@(cost|listSize|tag|key|shareable)\b/g),
    );
  });

  test('answers what it does not know with one line, and code 1', async () => {
    const failure = { code: 1, stdout: '', stderr: 'Usage: npm run --silent schema -- [--no-scopes]\n' };
    await expect(printed('--no-scope')).rejects.toMatchObject(failure);
  });

  test("has nothing of federation's own", () => {
    expect(subgraphSdl()).not.toMatch(/_entities|_service|_Any|_Entity|federation__|link__|directive @/);
  });
});
