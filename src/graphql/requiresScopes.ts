import { defaultFieldResolver, getDirectiveValues, type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';

import type { Context } from './context.ts';
import { forbidden } from '../auth/authErrors.ts';

/**
 * Lets each field that the schema marks with `@requiresScopes` be read by those alone who have all scopes of one of its lists. For
 * all others it is null with `FORBIDDEN`, and nothing is asked upstream for it. A type that is marked is so for routers: whoever
 * gets one from here came through such a field. Gives back the same schema.
 */
export function enforceScopes(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values<GraphQLField<unknown, Context>>(type.getFields())) guardField(schema, field);
  }
  return schema;
}

function guardField(schema: GraphQLSchema, field: GraphQLField<unknown, Context>): void {
  const scopes = scopesOf(schema, field);
  if (scopes === null) return;
  if (scopes.length === 0 || scopes.some((all) => all.length === 0))
    throw new Error(`@requiresScopes names no scope on the field "${field.name}".`);
  const check = ({ viewer }: Context): void => {
    if (!scopes.some((all) => all.every((scope) => viewer.scopes.has(scope)))) throw forbidden(scopes);
  };
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (source, args, context, info) => {
    check(context);
    return resolve(source, args, context, info);
  };
  if (subscribe === undefined) return;
  field.subscribe = (source, args, context, info) => {
    check(context);
    return subscribe(source, args, context, info);
  };
}

/** The lists of `@requiresScopes`, as GraphQL reads them: a value stands for the list of it. Null: the field has none. */
function scopesOf(schema: GraphQLSchema, { astNode }: GraphQLField<unknown, Context>): string[][] | null {
  const directive = schema.getDirective('requiresScopes');
  const lists: unknown = directive && astNode ? getDirectiveValues(directive, astNode)?.['scopes'] : undefined;
  if (!Array.isArray(lists)) return null;
  return lists.map((all: unknown) => (Array.isArray(all) ? all.map(String) : []));
}
