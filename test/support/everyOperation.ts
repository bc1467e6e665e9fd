import {
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  isLeafType,
  isObjectType,
  type OperationTypeNode,
} from 'graphql';

import { gatewaySchema } from '../../src/graphql/schema.ts';
import { nonNull } from './gateway.ts';

type Field = GraphQLField<unknown, unknown>;

/**
 * Lists of arguments of root fields, where their results depend on them: a list such as `id: "1"`, without parentheses. Each becomes an
 * operation of its own.
 */
export type RootArguments = Readonly<Record<string, string[]>>;

/** Limits that every generated operation is within. */
export const GENEROUS_LIMITS = {
  depth: 100,
  tokens: 100_000,
  queryBytes: 1_000_000,
  upstreamRequests: 1e9,
  fields: 1e9,
};

/** The operations of a kind that select every field below a root field: at least one for each root field. */
export function everyOperation(kind: OperationTypeNode, argumentsByField: RootArguments): string[] {
  return Object.values<Field>(rootTypeOf(kind).getFields()).flatMap((field) => {
    const selection = selectAll(getNamedType(field.type));
    const lists = argumentsByField[field.name]?.map((list) => `(${list})`) ?? [pageSizeOf(field)];
    return lists.map((list) => `${kind} { ${field.name}${list} ${selection} }`);
  });
}

export function rootTypeOf(kind: OperationTypeNode): GraphQLObjectType {
  return nonNull(gatewaySchema().getRootType(kind));
}

/**
 * Selects every field below a type. The recursion ends at types that enclose the selection already, and at unions, whose
 * members would need aliases.
 */
function selectAll(type: GraphQLNamedType, enclosing: readonly GraphQLNamedType[] = []): string {
  if (isLeafType(type)) return '';
  if (!isObjectType(type) || enclosing.includes(type)) return '{ __typename }';
  const selections = Object.values<Field>(type.getFields()).map(
    (field) => `${field.name}${pageSizeOf(field)} ${selectAll(getNamedType(field.type), [...enclosing, type])}`,
  );
  return `{ __typename ${selections.join(' ')} }`;
}

function pageSizeOf({ args }: Field): string {
  return args.some(({ name }) => name === 'first') ? '(first: 2)' : '';
}
