import {
  getDirectiveValues,
  getNamedType,
  graphql,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isObjectType,
  isUnionType,
} from 'graphql';
import { createSchema } from 'graphql-yoga';
import { describe, expect, test } from 'vitest';

import { enforceScopes } from '../../src/graphql/requiresScopes.ts';
import type { Context } from '../../src/graphql/context.ts';
import { gatewaySchema } from '../../src/graphql/schema.ts';

const SCOPES = ['livestream:read', 'livestream:write', 'livestream:secret'];
const READ = ['livestream:read'];
const WRITE = ['livestream:write'];
const SECRET = ['livestream:secret'];

describe('the schema', () => {
  const schema = gatewaySchema();

  /** All fields that a caller with these scopes comes to, as `Type.field`. */
  function reachable(scopes: readonly string[]): string[] {
    const seen = new Set<string>();
    const queue: (GraphQLNamedType | null | undefined)[] = [schema.getQueryType(), schema.getMutationType()];
    for (const type of queue) {
      if (isUnionType(type)) queue.push(...type.getTypes());
      if (!isObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        const coordinate = `${type.name}.${field.name}`;
        const wanted = wantedScopes(schema, field);
        const isOpen = wanted === null || isMet(wanted, scopes);
        if (!isOpen || seen.has(coordinate)) continue;
        seen.add(coordinate);
        queue.push(getNamedType(field.type));
      }
    }
    return [...seen].toSorted();
  }

  const BUDGET = ['limit', 'remaining', 'resetsAt'].map((field) => `UpstreamBudget.${field}`);
  const OPEN = ['Query._service', 'Query.upstreamBudget', ...BUDGET, '_Service.sdl'];
  const WRITERS = [
    'Livestream.createdAt Livestream.disabled Livestream.id Livestream.meeting Livestream.name Livestream.playbackUrl',
    'Livestream.status Livestream.updatedAt Meeting.id Mutation.startLivestream Mutation.stopLivestream',
    'StartLivestreamPayload.livestream StartLivestreamPayload.meeting StartLivestreamPayload.userErrors',
    'StopLivestreamPayload.livestream StopLivestreamPayload.meeting StopLivestreamPayload.userErrors',
    'UserError.code UserError.field UserError.message',
  ].flatMap((line) => line.split(' '));

  test('tells a caller without scopes nothing of meetings and livestreams', () => {
    expect(reachable([])).toEqual(OPEN.toSorted());
    expect(reachable(SECRET)).toEqual(OPEN.toSorted());
  });

  test('tells a caller who may only write no more than what came of it', () => {
    expect(reachable(WRITE)).toEqual([...OPEN, ...WRITERS].toSorted());
  });

  test('tells secrets to those who may have them', () => {
    const more = reachable([...READ, ...SECRET]).filter((field) => !reachable(READ).includes(field));
    expect(more).toEqual(['Livestream.ingestServer', 'Livestream.streamKey']);
  });

  /** All combinations of scopes. */
  const callers = Array.from({ length: 8 }, (_, bits) => SCOPES.filter((_scope, index) => (bits & (1 << index)) !== 0));

  test.each(callers.map((scopes) => [scopes.join(' '), scopes]))(
    'guards every way to a type that asks for scopes as a whole: a caller with "%s" comes to none by a gap',
    (_name, scopes) => {
      const types = new Set(reachable(scopes).map((field) => field.replace(/\..*/, '')));
      const gaps = Object.values(schema.getTypeMap()).filter((type) => {
        const wanted = types.has(type.name) ? wantedScopes(schema, type) : null;
        return wanted !== null && !isMet(wanted, scopes);
      });
      expect(gaps).toEqual([]);
    },
  );

  test('names no scope that nobody can have', () => {
    const named = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) ? Object.values(type.getFields()).flatMap((field) => wantedScopes(schema, field) ?? []) : [],
    );
    expect(named.every((all) => all.length > 0)).toBe(true);
    expect([...new Set(named.flat())].toSorted()).toEqual(SCOPES.toSorted());
  });
});

describe('a field that names several scopes', () => {
  const typeDefs = `
    directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION
    type Query {
      both: String @requiresScopes(scopes: [["livestream:read", "livestream:write"]])
      either: String @requiresScopes(scopes: [["livestream:read"], ["livestream:write"]])
      none: String
    }`;
  const resolvers = { Query: { both: () => 'both', either: () => 'either', none: () => 'none' } };
  const made = enforceScopes(createSchema<Context>({ typeDefs, resolvers }));

  test.each([
    [[], [null, null]],
    [READ, [null, 'either']],
    [WRITE, [null, 'either']],
    [SECRET, [null, null]],
    [
      [...READ, ...WRITE],
      ['both', 'either'],
    ],
  ])('is for those who have all of one list: %j', async (scopes, [both, either]) => {
    const contextValue = { viewer: { token: null, scopes: new Set(scopes) } };
    const { data, errors = [] } = await graphql({ schema: made, source: '{ both either none }', contextValue });
    expect(data).toEqual({ both, either, none: 'none' });
    expect(errors).toHaveLength([both, either].filter((value) => value === null).length);
  });
});

const isMet = (wanted: string[][], scopes: readonly string[]): boolean =>
  wanted.some((all) => all.every((scope) => scopes.includes(scope)));

/** What `@requiresScopes` says, as GraphQL itself reads it; null: it does not stand there. */
function wantedScopes(schema: GraphQLSchema, { astNode }: Guardable): string[][] | null {
  const directive = schema.getDirective('requiresScopes');
  if (!directive) throw new Error('The schema knows no scopes.');
  const scopes: unknown = astNode ? getDirectiveValues(directive, astNode)?.['scopes'] : undefined;
  if (!Array.isArray(scopes)) return null;
  return scopes.map((all: unknown) => (Array.isArray(all) ? all.map(String) : []));
}

type Guardable = Pick<GraphQLNamedType, 'astNode'> | Pick<GraphQLField<unknown, unknown>, 'astNode'>;
