import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  getVariableValues,
  type GraphQLField,
  GraphQLObjectType,
  type GraphQLSchema,
  GraphQLUnionType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

import { pricesOf } from './prices.ts';
import { isLeftOut, isOfAnother } from './selection.ts';

/** What an operation asks for. */
export interface Question {
  document: DocumentNode;
  operationName?: string | null | undefined;
  /** As the caller sent them. */
  variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What a selection costs once, and again for each row of the list whose page it selects from. */
interface Cost {
  once: number;
  perRow: number;
}

/** What it costs to read an entity by its key. */
const ENTITY = 1;

/**
 * The most upstream requests that a valid operation could cost, were nothing known and nothing read together: by `@cost`, whose
 * weight is in requests, and `@listSize`, as IBM's GraphQL Cost Directives specification and Apollo's demand control have them.
 */
export function costOf(schema: GraphQLSchema, { document, operationName, variableValues }: Question): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return 0;
  const { coerced: variables } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  // Wrong values are refused by the execution, before anything is read.
  if (variables === undefined) return 0;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  return createMeter(schema, fragments, variables)(operation.selectionSet, root);
}

function createMeter(schema: GraphQLSchema, fragments: Map<string, FragmentDefinitionNode>, variables: Variables) {
  /** Each fragment is counted once for each place that it fits, so that spreading it often takes no longer. */
  const known = new Map<string, Cost>();

  function setCost(set: SelectionSetNode | undefined, type: GraphQLObjectType, sized: readonly string[]): Cost {
    const total: Cost = { once: 0, perRow: 0 };
    for (const selection of set?.selections ?? []) {
      if (isLeftOut(selection, variables)) continue;
      const { once, perRow } = selectionCost(selection, type, sized);
      total.once += once;
      total.perRow += perRow;
    }
    return total;
  }

  function selectionCost(selection: SelectionNode, type: GraphQLObjectType, sized: readonly string[]): Cost {
    if (selection.kind === Kind.FIELD) {
      const cost = fieldCost(selection, type.getFields()[selection.name.value]);
      return sized.includes(selection.name.value) ? { once: 0, perRow: cost } : { once: cost, perRow: 0 };
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) return fragmentCost(selection, type, sized);
    const key = [selection.name.value, type.name, ...sized].join(' ');
    const cost = known.get(key) ?? fragmentCost(fragments.get(selection.name.value), type, sized);
    known.set(key, cost);
    return cost;
  }

  function fragmentCost(fragment: Fragment | undefined, type: GraphQLObjectType, sized: readonly string[]): Cost {
    const isOther = isOfAnother(type.name, fragment?.typeCondition, schema);
    return isOther ? { once: 0, perRow: 0 } : setCost(fragment?.selectionSet, type, sized);
  }

  function fieldCost(node: FieldNode, field: GraphQLField<unknown, unknown> | undefined): number {
    // Introspection costs nothing upstream.
    if (field === undefined) return 0;
    const type = getNamedType(field.type);
    if (type instanceof GraphQLUnionType) return entitiesCost(node, field, type);
    const { weight, sized, rows } = pricesOf(schema, field);
    if (!(type instanceof GraphQLObjectType)) return weight;
    const { once, perRow } = setCost(node.selectionSet, type, sized);
    return weight + once + (perRow === 0 ? 0 : perRow * rows(getArgumentValues(field, node, variables)));
  }

  function entitiesCost(node: FieldNode, field: GraphQLField<unknown, unknown>, union: GraphQLUnionType): number {
    const { representations }: { representations?: unknown } = getArgumentValues(field, node, variables);
    const all: readonly unknown[] = Array.isArray(representations) ? representations : [];
    // A malformed one counts too: it costs no request, but an error of its own.
    return union.getTypes().reduce((total, type) => {
      const count = all.filter((one) => isOf(type.name, one)).length;
      return count === 0 ? total : total + count * setCost(node.selectionSet, type, []).once;
    }, all.length * ENTITY);
  }

  return (set: SelectionSetNode, root: GraphQLObjectType): number => setCost(set, root, []).once;
}

type Variables = Readonly<Record<string, unknown>>;
type Fragment = Pick<FragmentDefinitionNode, 'selectionSet'> & {
  readonly typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined;
};

function isOf(typename: string, representation: unknown): boolean {
  const isObject = typeof representation === 'object' && representation !== null;
  return isObject && Reflect.get(representation, '__typename') === typename;
}
