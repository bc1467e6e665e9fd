import {
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

/** What selections are read with. */
export interface SelectionContext {
  schema: GraphQLSchema;
  fragment: (name: string) => FragmentDefinitionNode | undefined;
  /** Coerced. */
  variables: Readonly<Record<string, unknown>>;
}

type FieldInfo = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'schema' | 'variableValues'>;

/**
 * The names of the fields that the operation selects below this one, fragments included; of an abstract type's those of `type` only.
 * What `@skip` or `@include` leaves out is not selected.
 */
export function selectedFields(
  { schema, fragments, variableValues: variables, fieldNodes }: FieldInfo,
  type?: string,
): Set<string> {
  const sets = fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const fields = collectFields(sets, { schema, fragment: (name) => fragments[name], variables }, type);
  return new Set([...fields.values()].flat().map(({ name }) => name.value));
}

/**
 * The fields of selection sets that are merged, by their names in the answer, as the execution collects them (GraphQL's
 * specification, 6.3.2). Each fragment is gone into once: those that spread others twice would take for ever.
 */
export function collectFields(
  sets: readonly SelectionSetNode[],
  { schema, fragment, variables }: SelectionContext,
  type?: string,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const collect = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (isSkipped(selection, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [selection]);
        else known.push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (!excludesType(type, selection.typeCondition, schema)) collect(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const spreadHere = fragment(selection.name.value);
        if (!excludesType(type, spreadHere?.typeCondition, schema)) collect(spreadHere?.selectionSet);
      }
    }
  };
  for (const set of sets) collect(set);
  return fields;
}

/** Whether a fragment holds fields of other objects only; what an abstract type's condition holds may be of any. */
function excludesType(type: string | undefined, condition: NamedTypeNode | undefined, schema: GraphQLSchema): boolean {
  const name = condition?.name.value;
  return type !== undefined && name !== undefined && name !== type && isObjectType(schema.getType(name));
}

/** Whether `@skip` or `@include` leaves it out. */
function isSkipped(selection: SelectionNode, variables: Readonly<Record<string, unknown>>): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return false;
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables);
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables);
  return skip?.['if'] === true || include?.['if'] === false;
}
