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

/** Another team's subgraph: agendas of meetings, and a paginated list of meetings. */
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

/** The result of a composition. */
interface Composed {
  supergraphSdl?: string | undefined;
  errors?: readonly Error[] | undefined;
  hints?: readonly { message: string }[] | undefined;
}

const COMPOSERS = {
  /** The library of `rover supergraph compose`. */
  '@apollo/composition': (sdls: readonly string[]): Composed => composeByApollo(servicesOf(sdls)),
  /** The library of Hive's registry. */
  '@theguild/federation-composition': (sdls: readonly string[]): Composed => composeByHive(servicesOf(sdls)),
};

const servicesOf = (sdls: readonly string[]) =>
  sdls.map((sdl, index) => ({ name: `subgraph-${index}`, url: 'http://subgraph.test', typeDefs: parse(sdl) }));

const isComposed = (sdl: string) =>
  Object.values(COMPOSERS).map((compose) => (compose([sdl]).errors ?? []).length === 0);

/** The directives of a supergraph field that come from the subgraph. */
function directivesOf(sdl: string, type: string, field: string): string[] {
  for (const definition of parse(sdl).definitions)
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === type)
      return (definition.fields?.find(({ name }) => name.value === field)?.directives ?? [])
        .filter(({ name }) => !name.value.startsWith('join__'))
        .map(printSorted)
        .toSorted();
  return [];
}

/** Prints a directive with sorted arguments, because the libraries order them differently. */
function printSorted(directive: DirectiveNode): string {
  const byName = (directive.arguments ?? []).toSorted((left, right) => left.name.value.localeCompare(right.name.value));
  return print({ ...directive, arguments: byName });
}

/** Returns the output of `npm run schema`. */
async function runPrintSchema(...args: string[]): Promise<string> {
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
  ])('composes the subgraph %s without errors and hints', (_where, sdls) => {
    const { supergraphSdl, errors, hints } = compose(sdls);
    expect([errors ?? [], hints ?? []]).toEqual([[], []]);
    expect(supergraphSdl).toContain('type Meeting');
  });

  test('keeps the directives for costs, scopes, contracts and nullability', () => {
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
      [
        'Mutation',
        'startLivestream',
        ['@cost(weight: 2)', '@requiresScopes(scopes: [["livestream:write"]])', '@semanticNonNull'],
      ],
      ['LivestreamAnalytics', 'days', ['@semanticNonNull']],
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

  test('is the newest one that both libraries support', () => {
    const next = subgraphSdl().replace(linked, `federation/v${major}.${Number(minor) + 1}`);
    expect(next).not.toBe(subgraphSdl());
    expect(isComposed(subgraphSdl())).toEqual([true, true]);
    expect(isComposed(next)).toContain(false);
  });
});

describe('npm run schema', () => {
  test('prints the SDL that the gateway serves to routers', async () => {
    const gateway = await startTestGateway();
    const { data, errors } = await gateway.send({ query: '{ _service { sdl } }' });
    expect(errors).toEqual([]);
    expect(at(data, '_service', 'sdl')).toBe(await runPrintSchema());
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('omits nothing but the scopes with --no-scopes', async () => {
    const withoutScopes = await runPrintSchema('--no-scopes');
    expect(withoutScopes).not.toMatch(/scope|authenticated/i);
    expect(membersOf(withoutScopes)).toEqual(membersOf(await runPrintSchema()));
    expect(withoutScopes.match(/@(cost|listSize|tag|key|shareable)\b/g)).toEqual(
      subgraphSdl().match(/@(cost|listSize|tag|key|shareable)\b/g),
    );
  });

  test('prints its usage and ends with code 1 for an unknown option', async () => {
    const failure = { code: 1, stdout: '', stderr: 'Usage: npm run --silent schema -- [--no-scopes]\n' };
    await expect(runPrintSchema('--no-scope')).rejects.toMatchObject(failure);
  });

  test('prints no definitions of federation itself', () => {
    const [nullability = '', ...others] = subgraphSdl().match(/^directive @.*$/gm) ?? [];
    expect([nullability, others]).toEqual([
      'directive @semanticNonNull(levels: [Int!]! = [0]) on FIELD_DEFINITION',
      [],
    ]);
    expect(subgraphSdl()).not.toMatch(/_entities|_service|_Any|_Entity|federation__|link__/);
  });
});
