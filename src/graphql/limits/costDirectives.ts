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

/** What the schema says that a field costs. */
export interface FieldCost {
  weight: number;
  /** The fields below it that are its list's rows. */
  sizedFields: readonly string[];
  /** How many rows it gives; a number that the field refuses counts as the nearest that it takes. */
  rows: (args: Readonly<Record<string, unknown>>) => number;
}

const prices = new WeakMap<GraphQLField<unknown, unknown>, FieldCost>();

/** Reads `@cost` and `@listSize` of a field, once. */
export function fieldCostOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): FieldCost {
  const known = prices.get(field);
  if (known !== undefined) return known;
  const list = directiveOf(schema, 'listSize', field);
  const slicing = textsOf(list['slicingArguments']);
  const made: FieldCost = {
    weight: weightOf(schema, field),
    sizedFields: textsOf(list['sizedFields']),
    rows: (args) => {
      const asked = slicing.map((name) => args[name]).filter((value) => typeof value === 'number');
      const rows = asked.length > 0 ? Math.max(...asked) : Number(list['assumedSize'] ?? 1);
      return Math.min(Math.max(rows, 0), MAX_PAGE_SIZE);
    },
  };
  prices.set(field, made);
  return made;
}

/** The field's own weight, else its type's; without either an object counts 1 and a leaf nothing. */
function weightOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): number {
  const type = getNamedType(field.type);
  const fallback = type instanceof GraphQLObjectType ? 1 : 0;
  return Number(
    directiveOf(schema, 'cost', field)['weight'] ?? directiveOf(schema, 'cost', type)['weight'] ?? fallback,
  );
}

function directiveOf(schema: GraphQLSchema, name: string, { astNode }: Described): Readonly<Record<string, unknown>> {
  const directive = schema.getDirective(name);
  return (directive && astNode && getDirectiveValues(directive, astNode)) ?? {};
}

interface Described {
  astNode?: FieldDefinitionNode | TypeDefinitionNode | null | undefined;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
