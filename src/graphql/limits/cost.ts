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

import { MIN_LOOKUPS_IN_LIST } from '../../domain/lookups.ts';
import { MAX_PAGE_SIZE } from '../connection.ts';
import { type FieldCost, fieldCostOf } from './costDirectives.ts';
import { FULL_PAGES, pagesOf, pageSizeOf, type PageSizes } from './upstreamPages.ts';
import { lazy } from '../../lib/lazy.ts';
import { collectFields, fragmentsIn, type SelectionContext } from '../selection.ts';

/** The maximum cost of an operation, assuming an empty cache. */
export interface OperationCost {
  /** The number of upstream requests. */
  requests: number;
  /** The number of fields in the result. */
  fields: number;
}

/** The upstream requests of each field that costs any, by the field's path in the response, in the order of the document. */
export type CostPlan = Map<string, number>;

/** An operation of a valid document. */
export interface CostInput {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** The coerced values of the variables. */
  variables: Readonly<Record<string, unknown>>;
  /** Default: full pages. */
  pageSizes?: PageSizes;
}

/** Fields that are selected of objects of one type. */
interface Selection {
  sets: readonly SelectionSetNode[];
  type: GraphQLObjectType;
  /** The maximum number of these objects in the result. */
  count: number;
  /** Their path in the response, without the indices of lists. */
  path: string;
}

/** A field, with its own cost. */
interface CostlyField {
  cost: FieldCost;
  /** The maximum number of times that the field is resolved. */
  count: number;
  /** The requests for all of them, if a list takes one page. */
  requests: number;
  /** The size of a full page upstream; null if the field is not read from such pages. */
  pageSize: number | null;
  path: string;
}

/** The list that an object is a page of. */
interface ListPage {
  sizedFields: readonly string[];
  /** Returns the number of rows. Called only if a cost depends on it: reading the arguments may read variables. */
  rows: () => number;
}

/**
 * Calculates the cost by `@cost` (its weight is a number of upstream requests) and `@listSize`, as IBM's GraphQL Cost
 * Directives specification (https://ibm.github.io/graphql-specs/cost-spec.html) and Apollo's demand control define them.
 * Fields are merged like in execution, so that a field that several fragments select counts once. Adds what each field costs
 * to `plan`.
 */
export function costOf(input: CostInput, plan?: CostPlan): OperationCost {
  const { schema, document, operation, variables, pageSizes = FULL_PAGES } = input;
  const fragments = fragmentsIn(document);
  const context: SelectionContext = { schema, fragment: (name) => fragments.get(name), variables };
  const total: OperationCost = { requests: 0, fields: 0 };
  const lookups = new Map<string, number>();

  function add(path: string, requests: number, fields: number): void {
    total.requests += requests;
    total.fields += fields;
    if (requests > 0) plan?.set(path, (plan.get(path) ?? 0) + requests);
  }

  /** Adds the request that many look-ups may spend on a list in vain. */
  function addLookups(type: string, count: number, path: string): void {
    if (!LISTED_TYPES.has(type)) return;
    const before = lookups.get(type) ?? 0;
    lookups.set(type, before + count);
    if (before < MIN_LOOKUPS_IN_LIST && before + count >= MIN_LOOKUPS_IN_LIST) add(path, 1, 0);
  }

  /** Adds the cost of the selected fields: of those that contain the rows of `page` per row, of the others once. */
  function addSelection({ sets, type, count, path }: Selection, page?: ListPage): void {
    let areRowsPaid = false;
    for (const [responseName, nodes] of collectFields(sets, context, type.name)) {
      const [node] = nodes;
      const field = node && type.getFields()[node.name.value];
      // Only the plan needs paths.
      const fieldPath = plan === undefined ? '' : joinPath(path, responseName);
      // Introspection causes no upstream request and has its own limits.
      if (field === undefined) {
        add(fieldPath, 0, count);
        continue;
      }
      const cost = fieldCostOf(schema, field);
      const fieldCount = page?.sizedFields.includes(field.name) === true ? count * page.rows() : count;
      let requests = fieldCount * cost.weight;
      if (page !== undefined && cost.weight > 0) {
        // The cost of a row, which all fields of the page share.
        requests = areRowsPaid ? 0 : count * page.rows() * cost.weight;
        areRowsPaid = true;
      }
      const pageSize = pageSizeOf(pageSizes, type.name, field.name);
      addField(field, nodes, { cost, count: fieldCount, requests, pageSize, path: fieldPath });
    }
  }

  function addField(
    field: GraphQLField<unknown, unknown>,
    nodes: readonly FieldNode[],
    { cost, count, requests, pageSize, path }: CostlyField,
  ): void {
    const [node] = nodes;
    if (node === undefined) return;
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const type = getNamedType(field.type);
    const args = lazy(() => getArgumentValues(field, node, variables));
    if (type instanceof GraphQLUnionType) {
      addEntities(type, sets, { representations: args()['representations'], path });
      return;
    }
    add(path, requests * (pageSize === null ? 1 : upstreamPages(node, cost, args, pageSize)), count);
    if (!(type instanceof GraphQLObjectType)) return;
    if (requests > 0) addLookups(type.name, count, path);
    addSelection({ sets, type, count, path }, pageOf(cost, args));
  }

  /** Each representation costs what its type costs. A malformed one counts too: it causes no request, but an error. */
  function addEntities(
    union: GraphQLUnionType,
    sets: readonly SelectionSetNode[],
    { representations, path }: { representations: unknown; path: string },
  ): void {
    const list: readonly unknown[] = Array.isArray(representations) ? representations : [];
    // Reading an entity by its key takes one request.
    add(path, list.length, list.length);
    for (const type of union.getTypes()) {
      const count = list.filter((representation) => hasTypename(type.name, representation)).length;
      if (count === 0) continue;
      addLookups(type.name, count, path);
      addSelection({ sets, type, count, path });
    }
  }

  const root = schema.getRootType(operation.operation);
  if (root) addSelection({ sets: [operation.selectionSet], type: root, count: 1, path: '' });
  return total;
}

/** Reads the arguments only if they matter: reading them may read variables. */
function upstreamPages(
  node: FieldNode,
  { rows }: FieldCost,
  args: () => Record<string, unknown>,
  pageSize: number,
): number {
  const hasCursor = node.arguments?.some(({ name }) => name.value === 'after') === true;
  if (!hasCursor && pageSize === MAX_PAGE_SIZE) return 1;
  return pagesOf(rows(args()), pageSize, args()['after'] != null);
}

/** The types whose objects are also read from lists. */
const LISTED_TYPES: ReadonlySet<string> = new Set(['Meeting', 'Livestream']);

function pageOf({ sizedFields, rows }: FieldCost, args: () => Record<string, unknown>): ListPage | undefined {
  return sizedFields.length === 0 ? undefined : { sizedFields, rows: lazy(() => rows(args())) };
}

function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function hasTypename(typename: string, representation: unknown): boolean {
  const isObject = typeof representation === 'object' && representation !== null;
  return isObject && Reflect.get(representation, '__typename') === typename;
}
