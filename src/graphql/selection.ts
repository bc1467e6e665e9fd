import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** The parts of a request that decide which fields a selection set contains. */
export interface SelectionContext {
  schema: GraphQLSchema;
  fragment: (name: string) => FragmentDefinitionNode | undefined;
  /** The coerced values of the variables. */
  variables: Readonly<Record<string, unknown>>;
}

/** The fragments of a document by name. */
export function fragmentsIn({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((node) => [node.name.value, node]));
}

type FieldInfo = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'schema' | 'variableValues'>;

/**
 * Returns the names of the fields that the operation selects below this field, fragments included. `type` limits the
 * fields of an abstract type to one of its object types.
 */
export function selectedFields(info: FieldInfo, type?: string): Set<string> {
  return new Set(fieldsBelow(info.fieldNodes, info, type).map(({ name }) => name.value));
}

/** Returns the fields that the operation selects below these fields, like `selectedFields`, each as often as it is selected. */
export function fieldsBelow(
  nodes: readonly FieldNode[],
  { schema, fragments, variableValues: variables }: Omit<FieldInfo, 'fieldNodes'>,
  type?: string,
): FieldNode[] {
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  return [...collectFields(sets, { schema, fragment: (name) => fragments[name], variables }, type).values()].flat();
}

/**
 * Merges selection sets and returns their fields by response name, like CollectFields of the GraphQL specification
 * (6.3.2), `@skip` and `@include` included. Visits each fragment once: fragments that spread others twice would take
 * exponential time otherwise.
 */
export function collectFields(
  sets: readonly SelectionSetNode[],
  { schema, fragment, variables }: SelectionContext,
  type?: string,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  const collect = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (isSkipped(selection, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        const responseName = (selection.alias ?? selection.name).value;
        const sameName = fields.get(responseName);
        if (sameName === undefined) fields.set(responseName, [selection]);
        else sameName.push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (!excludesType(type, selection.typeCondition, schema)) collect(selection.selectionSet);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const definition = fragment(selection.name.value);
        if (!excludesType(type, definition?.typeCondition, schema)) collect(definition?.selectionSet);
      }
    }
  };
  for (const set of sets) collect(set);
  return fields;
}

/** Whether a fragment applies to other object types only. A condition on an abstract type may apply to any of them. */
function excludesType(type: string | undefined, condition: NamedTypeNode | undefined, schema: GraphQLSchema): boolean {
  const name = condition?.name.value;
  return type !== undefined && name !== undefined && name !== type && isObjectType(schema.getType(name));
}

/** Whether `@skip` or `@include` excludes the selection. */
function isSkipped(selection: SelectionNode, variables: Readonly<Record<string, unknown>>): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return false;
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables);
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables);
  return skip?.['if'] === true || include?.['if'] === false;
}
