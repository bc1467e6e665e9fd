import {
  type DocumentNode,
  type FieldNode,
  getArgumentValues,
  getNamedType,
  type GraphQLField,
  GraphQLObjectType,
  type GraphQLSchema,
  GraphQLUnionType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

import { fieldCostOf } from './costDirectives.ts';
import { collectFields, fragmentsIn, type SelectionContext } from '../selection.ts';

/** The maximum cost of an operation, assuming an empty cache and no bulk reads. */
export interface OperationCost {
  /** The number of upstream requests. */
  requests: number;
  /** The number of fields in the result. */
  fields: number;
}

/** An operation of a valid document. */
export interface CostInput {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** The coerced values of the variables. */
  variables: Readonly<Record<string, unknown>>;
}

/**
 * Calculates the cost by `@cost` (its weight is a number of upstream requests) and `@listSize`, as IBM's GraphQL Cost
 * Directives specification (https://ibm.github.io/graphql-specs/cost-spec.html) and Apollo's demand control define them.
 * Fields are merged like in execution, so that a field that several fragments select counts once.
 */
export function costOf({ schema, document, operation, variables }: CostInput): OperationCost {
  const fragments = fragmentsIn(document);
  const context: SelectionContext = { schema, fragment: (name) => fragments.get(name), variables };

  /** The cost of the selected fields: of those below `sizedFields` per row of the list, of the others once. */
  function selectionSetCost(
    sets: readonly SelectionSetNode[],
    type: GraphQLObjectType,
    sizedFields: readonly string[],
  ) {
    const total = { once: NO_COST, perRow: NO_COST };
    for (const nodes of collectFields(sets, context, type.name).values()) {
      const name = nodes[0]?.name.value ?? '';
      const part = sizedFields.includes(name) ? 'perRow' : 'once';
      total[part] = addCosts(total[part], fieldCost(nodes, type.getFields()[name]));
    }
    return total;
  }

  function fieldCost(nodes: readonly FieldNode[], field: GraphQLField<unknown, unknown> | undefined): OperationCost {
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const [node] = nodes;
    // Introspection causes no upstream request and has its own limits.
    if (field === undefined || node === undefined) return FIELD_COST;
    const type = getNamedType(field.type);
    const { weight, sizedFields, rows } = fieldCostOf(schema, field);
    const ownCost = { requests: weight, fields: 1 };
    if (type instanceof GraphQLUnionType) return entitiesCost(sets, type, getArgumentValues(field, node, variables));
    if (!(type instanceof GraphQLObjectType)) return ownCost;
    const { once, perRow } = selectionSetCost(sets, type, sizedFields);
    const rowsCost =
      perRow === NO_COST ? NO_COST : multiplyCost(rows(getArgumentValues(field, node, variables)), perRow);
    return addCosts(ownCost, addCosts(once, rowsCost));
  }

  /** Each representation costs what its type costs. A malformed one counts too: it causes no request, but an error. */
  function entitiesCost(
    sets: readonly SelectionSetNode[],
    union: GraphQLUnionType,
    args: Record<string, unknown>,
  ): OperationCost {
    const { representations } = args;
    const list: readonly unknown[] = Array.isArray(representations) ? representations : [];
    return union.getTypes().reduce(
      (total, type) => {
        const count = list.filter((representation) => hasTypename(type.name, representation)).length;
        return count === 0 ? total : addCosts(total, multiplyCost(count, selectionSetCost(sets, type, []).once));
      },
      multiplyCost(list.length, ENTITY_COST),
    );
  }

  const root = schema.getRootType(operation.operation);
  return root ? selectionSetCost([operation.selectionSet], root, []).once : NO_COST;
}

const NO_COST: OperationCost = { requests: 0, fields: 0 };
const FIELD_COST: OperationCost = { requests: 0, fields: 1 };
/** The cost of reading one entity by its key. */
const ENTITY_COST: OperationCost = { requests: 1, fields: 1 };

function addCosts(left: OperationCost, right: OperationCost): OperationCost {
  return { requests: left.requests + right.requests, fields: left.fields + right.fields };
}

function multiplyCost(count: number, { requests, fields }: OperationCost): OperationCost {
  return { requests: count * requests, fields: count * fields };
}

function hasTypename(typename: string, representation: unknown): boolean {
  const isObject = typeof representation === 'object' && representation !== null;
  return isObject && Reflect.get(representation, '__typename') === typename;
}
