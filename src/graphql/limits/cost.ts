import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getNamedType,
  type GraphQLField,
  GraphQLObjectType,
  type GraphQLSchema,
  GraphQLUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

import { fieldCostOf } from './costDirectives.ts';
import { collectFields, type SelectionContext } from '../selection.ts';

/** What an operation could cost at most, were nothing known and nothing read together. */
export interface Cost {
  /** Upstream requests. */
  requests: number;
  /** Fields of its answer. */
  fields: number;
}

/** A valid operation. */
export interface CostInput {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** Coerced. */
  variables: Readonly<Record<string, unknown>>;
}

/**
 * Told by `@cost`, whose weight is in requests, and `@listSize`, as IBM's GraphQL Cost Directives specification and Apollo's demand
 * control have them. Fields are merged as the execution merges them, so that what several fragments select counts once.
 */
export function costOf({ schema, document, operation, variables }: CostInput): Cost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const selecting: SelectionContext = { schema, fragment: (name) => fragments.get(name), variables };

  /** What a selection costs once, and again for each row of the list whose page it selects from. */
  function setCost(sets: readonly SelectionSetNode[], type: GraphQLObjectType, sized: readonly string[]) {
    const total = { once: NOTHING, perRow: NOTHING };
    for (const nodes of collectFields(sets, selecting, type.name).values()) {
      const name = nodes[0]?.name.value ?? '';
      const part = sized.includes(name) ? 'perRow' : 'once';
      total[part] = sum(total[part], fieldCost(nodes, type.getFields()[name]));
    }
    return total;
  }

  function fieldCost(nodes: readonly FieldNode[], field: GraphQLField<unknown, unknown> | undefined): Cost {
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const [node] = nodes;
    // Introspection costs nothing upstream, and has limits of its own.
    if (field === undefined || node === undefined) return FIELD;
    const type = getNamedType(field.type);
    const { weight, sizedFields, rows } = fieldCostOf(schema, field);
    const own = { requests: weight, fields: 1 };
    if (type instanceof GraphQLUnionType) return entitiesCost(sets, type, getArgumentValues(field, node, variables));
    if (!(type instanceof GraphQLObjectType)) return own;
    const { once, perRow } = setCost(sets, type, sizedFields);
    const rowsCost = perRow === NOTHING ? NOTHING : times(rows(getArgumentValues(field, node, variables)), perRow);
    return sum(own, sum(once, rowsCost));
  }

  /** Each at its own type's cost. A malformed one costs no request, but makes an error: it counts all the same. */
  function entitiesCost(
    sets: readonly SelectionSetNode[],
    union: GraphQLUnionType,
    args: Record<string, unknown>,
  ): Cost {
    const { representations } = args;
    const all: readonly unknown[] = Array.isArray(representations) ? representations : [];
    return union.getTypes().reduce(
      (total, type) => {
        const count = all.filter((one) => isOf(type.name, one)).length;
        return count === 0 ? total : sum(total, times(count, setCost(sets, type, []).once));
      },
      times(all.length, ENTITY),
    );
  }

  const root = schema.getRootType(operation.operation);
  return root ? setCost([operation.selectionSet], root, []).once : NOTHING;
}

const NOTHING: Cost = { requests: 0, fields: 0 };
const FIELD: Cost = { requests: 0, fields: 1 };
/** What it costs to read an entity by its key. */
const ENTITY: Cost = { requests: 1, fields: 1 };

function sum(one: Cost, other: Cost): Cost {
  return { requests: one.requests + other.requests, fields: one.fields + other.fields };
}

function times(count: number, { requests, fields }: Cost): Cost {
  return { requests: count * requests, fields: count * fields };
}

function isOf(typename: string, representation: unknown): boolean {
  const isObject = typeof representation === 'object' && representation !== null;
  return isObject && Reflect.get(representation, '__typename') === typename;
}
