import { type GraphQLResolveInfo, Kind, type NamedTypeNode, type SelectionSetNode } from 'graphql';

/**
 * The names of the fields that the operation selects below this one, fragments included; of an abstract type's those of `type` only.
 * A field under `@skip` or `@include` counts as selected: what is read for it in vain is harmless, what is not read would be missed.
 */
export function selectedFields({ fieldNodes, fragments }: Selecting, type?: string): Set<string> {
  const names = new Set<string>();
  const isOther = (condition: NamedTypeNode | undefined): boolean =>
    type !== undefined && condition !== undefined && condition.name.value !== type;
  const collect = (selectionSet: SelectionSetNode | undefined): void => {
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        names.add(selection.name.value);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
      if (!isOther(fragment?.typeCondition)) collect(fragment?.selectionSet);
    }
  };
  for (const field of fieldNodes) collect(field.selectionSet);
  return names;
}

type Selecting = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;
