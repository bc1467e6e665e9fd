import {
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

/**
 * The names of the fields that the operation selects below this one, fragments included; of an abstract type's those of `type` only.
 * What `@skip` or `@include` leaves out is not selected.
 */
export function selectedFields(info: Selecting, type?: string): Set<string> {
  const { fieldNodes, fragments, schema, variableValues } = info;
  const names = new Set<string>();
  const collect = (selectionSet: SelectionSetNode | undefined): void => {
    for (const selection of selectionSet?.selections ?? []) {
      if (isLeftOut(selection, variableValues)) continue;
      if (selection.kind === Kind.FIELD) {
        names.add(selection.name.value);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
      const isOther = type !== undefined && isOfAnother(type, fragment?.typeCondition, schema);
      if (!isOther) collect(fragment?.selectionSet);
    }
  };
  for (const field of fieldNodes) collect(field.selectionSet);
  return names;
}

/** Whether a fragment holds fields of other objects only; what an abstract type's condition holds may be of any. */
export function isOfAnother(type: string, condition: NamedTypeNode | undefined, schema: GraphQLSchema): boolean {
  const name = condition?.name.value;
  return name !== undefined && name !== type && isObjectType(schema.getType(name));
}

/** Whether `@skip` or `@include` leaves it out. */
export function isLeftOut(selection: SelectionNode, variables: Readonly<Record<string, unknown>>): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return false;
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables);
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables);
  return skip?.['if'] === true || include?.['if'] === false;
}

type Selecting = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'schema' | 'variableValues'>;
