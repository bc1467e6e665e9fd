import { defaultFieldResolver, getDirectiveValues, type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';

import type { Context } from './context.ts';
import { forbidden } from '../auth/authErrors.ts';

/**
 * Guards each field that has `@requiresScopes`: a caller who lacks the scopes gets null and a `FORBIDDEN` error, and the
 * field causes no upstream request. The directive on a type needs no guard here, because every field that returns the
 * type has its own; routers use it. Modifies and returns `schema`.
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
  if (scopes.length === 0 || scopes.some((list) => list.length === 0))
    throw new Error(`@requiresScopes of the field "${field.name}" must list at least one scope.`);
  const check = ({ viewer }: Context): void => {
    if (!scopes.some((list) => list.every((scope) => viewer.scopes.has(scope)))) throw forbidden(scopes);
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

/** Returns the alternative lists of scopes; null without the directive. GraphQL coerces a single value to a list. */
function scopesOf(schema: GraphQLSchema, { astNode }: GraphQLField<unknown, Context>): string[][] | null {
  const directive = schema.getDirective('requiresScopes');
  const lists: unknown = directive && astNode ? getDirectiveValues(directive, astNode)?.['scopes'] : undefined;
  if (!Array.isArray(lists)) return null;
  return lists.map((list: unknown) => (Array.isArray(list) ? list.map(String) : []));
}
