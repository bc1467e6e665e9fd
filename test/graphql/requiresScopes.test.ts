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

describe('@requiresScopes in the schema', () => {
  const schema = gatewaySchema();

  /** All fields that a caller with these scopes can reach, as `Type.field`. */
  function reachable(scopes: readonly string[]): string[] {
    const reached = new Set<string>();
    const queue: (GraphQLNamedType | null | undefined)[] = [schema.getQueryType(), schema.getMutationType()];
    for (const type of queue) {
      if (isUnionType(type)) queue.push(...type.getTypes());
      if (!isObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        const coordinate = `${type.name}.${field.name}`;
        const required = requiredScopes(schema, field);
        const isOpen = required === null || isMet(required, scopes);
        if (!isOpen || reached.has(coordinate)) continue;
        reached.add(coordinate);
        queue.push(getNamedType(field.type));
      }
    }
    return [...reached].toSorted();
  }

  const BUDGET = ['UpstreamBudget', 'UpstreamBudgetShare'].flatMap((type) =>
    ['limit', 'remaining', 'resetsAt'].map((field) => `${type}.${field}`),
  );
  const OPEN = ['Query._service', 'Query.upstreamBudget', ...BUDGET, 'UpstreamBudget.share', '_Service.sdl'];
  const WRITERS = [
    'Livestream.createdAt Livestream.disabled Livestream.id Livestream.meeting Livestream.name Livestream.playbackUrl',
    'Livestream.status Livestream.updatedAt Meeting.id Mutation.startLivestream Mutation.stopLivestream',
    'StartLivestreamPayload.livestream StartLivestreamPayload.meeting StartLivestreamPayload.userErrors',
    'StopLivestreamPayload.livestream StopLivestreamPayload.meeting StopLivestreamPayload.userErrors',
    'UserError.code UserError.field UserError.message',
  ].flatMap((line) => line.split(' '));

  test('hides meetings and livestreams from a caller without scopes', () => {
    expect(reachable([])).toEqual(OPEN.toSorted());
    expect(reachable(SECRET)).toEqual(OPEN.toSorted());
  });

  test('allows a caller who may only write to read the results of mutations only', () => {
    expect(reachable(WRITE)).toEqual([...OPEN, ...WRITERS].toSorted());
  });

  test('allows only callers with livestream:secret to read secrets', () => {
    const more = reachable([...READ, ...SECRET]).filter((field) => !reachable(READ).includes(field));
    expect(more).toEqual(['Livestream.ingestServer', 'Livestream.streamKey']);
  });

  /** All combinations of scopes. */
  const callers = Array.from({ length: 8 }, (_, bits) => SCOPES.filter((_scope, index) => (bits & (1 << index)) !== 0));

  test.each(callers.map((scopes) => [scopes.join(' '), scopes]))(
    'guards every path to a type with scopes of its own from a caller with "%s"',
    (_name, scopes) => {
      const types = new Set(reachable(scopes).map((field) => field.replace(/\..*/, '')));
      const gaps = Object.values(schema.getTypeMap()).filter((type) => {
        const required = types.has(type.name) ? requiredScopes(schema, type) : null;
        return required !== null && !isMet(required, scopes);
      });
      expect(gaps).toEqual([]);
    },
  );

  test('contains each scope, and no unknown scope', () => {
    const lists = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) ? Object.values(type.getFields()).flatMap((field) => requiredScopes(schema, field) ?? []) : [],
    );
    expect(lists.every((list) => list.length > 0)).toBe(true);
    expect([...new Set(lists.flat())].toSorted()).toEqual(SCOPES.toSorted());
  });
});

describe('a field with several scopes', () => {
  const typeDefs = `
    directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION
    type Query {
      both: String @requiresScopes(scopes: [["livestream:read", "livestream:write"]])
      either: String @requiresScopes(scopes: [["livestream:read"], ["livestream:write"]])
      none: String
    }`;
  const resolvers = { Query: { both: () => 'both', either: () => 'either', none: () => 'none' } };
  const guardedSchema = enforceScopes(createSchema<Context>({ typeDefs, resolvers }));

  test.each([
    [[], [null, null]],
    [READ, [null, 'either']],
    [WRITE, [null, 'either']],
    [SECRET, [null, null]],
    [
      [...READ, ...WRITE],
      ['both', 'either'],
    ],
  ])('is open to callers with all scopes of one list: %j', async (scopes, [both, either]) => {
    const contextValue = { viewer: { token: null, scopes: new Set(scopes) } };
    const { data, errors = [] } = await graphql({
      schema: guardedSchema,
      source: '{ both either none }',
      contextValue,
    });
    expect(data).toEqual({ both, either, none: 'none' });
    expect(errors).toHaveLength([both, either].filter((value) => value === null).length);
  });
});

const isMet = (required: string[][], scopes: readonly string[]): boolean =>
  required.some((list) => list.every((scope) => scopes.includes(scope)));

/** The lists of `@requiresScopes`, as graphql-js coerces them; null without the directive. */
function requiredScopes(schema: GraphQLSchema, { astNode }: Guardable): string[][] | null {
  const directive = schema.getDirective('requiresScopes');
  if (!directive) throw new Error('The schema does not define @requiresScopes.');
  const scopes: unknown = astNode ? getDirectiveValues(directive, astNode)?.['scopes'] : undefined;
  if (!Array.isArray(scopes)) return null;
  return scopes.map((list: unknown) => (Array.isArray(list) ? list.map(String) : []));
}

type Guardable = Pick<GraphQLNamedType, 'astNode'> | Pick<GraphQLField<unknown, unknown>, 'astNode'>;
