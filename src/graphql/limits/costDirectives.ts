import {
  type FieldDefinitionNode,
  getDirectiveValues,
  getNamedType,
  type GraphQLField,
  GraphQLObjectType,
  type GraphQLSchema,
  type TypeDefinitionNode,
} from 'graphql';

import { MAX_PAGE_SIZE } from '../connection.ts';

/** The cost of a field by the schema's directives. */
export interface FieldCost {
  /** The number of upstream requests. */
  weight: number;
  /** The names of the subfields that contain the rows of the list. */
  sizedFields: readonly string[];
  /** Returns the number of rows for these arguments. An invalid number counts as the nearest valid one. */
  rows: (args: Readonly<Record<string, unknown>>) => number;
}

const fieldCosts = new WeakMap<GraphQLField<unknown, unknown>, FieldCost>();

/** Returns the cost of a field by `@cost` and `@listSize`. Reads the directives of each field once. */
export function fieldCostOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): FieldCost {
  const cached = fieldCosts.get(field);
  if (cached !== undefined) return cached;
  const list = directiveOf(schema, 'listSize', field);
  const slicingArguments = stringsOf(list['slicingArguments']);
  const fieldCost: FieldCost = {
    weight: weightOf(schema, field),
    sizedFields: stringsOf(list['sizedFields']),
    rows: (args) => {
      const sizes = slicingArguments.map((name) => args[name]).filter((value) => typeof value === 'number');
      const rows = sizes.length > 0 ? Math.max(...sizes) : Number(list['assumedSize'] ?? 1);
      return Math.min(Math.max(rows, 0), MAX_PAGE_SIZE);
    },
  };
  fieldCosts.set(field, fieldCost);
  return fieldCost;
}

/** The weight of the field, or of its type. The default is 1 for an object and 0 for a leaf. */
function weightOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): number {
  const type = getNamedType(field.type);
  const fallback = type instanceof GraphQLObjectType ? 1 : 0;
  return Number(
    directiveOf(schema, 'cost', field)['weight'] ?? directiveOf(schema, 'cost', type)['weight'] ?? fallback,
  );
}

/** Returns the arguments of a directive; empty without the directive. */
function directiveOf(
  schema: GraphQLSchema,
  name: string,
  { astNode }: { astNode?: FieldDefinitionNode | TypeDefinitionNode | null | undefined },
): Readonly<Record<string, unknown>> {
  const directive = schema.getDirective(name);
  return (directive && astNode && getDirectiveValues(directive, astNode)) ?? {};
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
