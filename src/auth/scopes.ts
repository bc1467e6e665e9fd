import { defaultFieldResolver, type GraphQLField, type GraphQLSchema, isObjectType, Kind } from 'graphql';

import type { Context } from '../context.ts';
import { forbidden } from './refusal.ts';

/**
 * Lets each field that the schema marks with `@requiresScopes` be read by those alone who have all scopes of one of its lists. For
 * all others it is null with `FORBIDDEN`, and nothing is asked upstream for it. A type that is marked is so for routers: whoever
 * gets one from here came through such a field. Gives back the same schema.
 */
export function enforceScopes(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values<GraphQLField<unknown, Context>>(type.getFields())) guard(field);
  }
  return schema;
}

function guard(field: GraphQLField<unknown, Context>): void {
  const scopes = scopesOf(field);
  if (scopes === null) return;
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const isAllowed = scopes.some((all) => all.every((scope) => context.viewer.scopes.has(scope)));
    if (!isAllowed) throw forbidden(scopes);
    return resolve(source, args, context, info);
  };
}

/** The lists of `@requiresScopes`; null: the field has none. */
function scopesOf({ astNode }: GraphQLField<unknown, Context>): string[][] | null {
  const directive = astNode?.directives?.find(({ name }) => name.value === 'requiresScopes');
  const [lists] = directive?.arguments?.map(({ value }) => value) ?? [];
  if (lists?.kind !== Kind.LIST) return null;
  return lists.values.map((list) =>
    list.kind === Kind.LIST ? list.values.flatMap((scope) => (scope.kind === Kind.STRING ? [scope.value] : [])) : [],
  );
}
