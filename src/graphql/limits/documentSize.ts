import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** How large an operation is once each fragment is put where it is spread. */
export interface DocumentSize {
  /** Fields within each other, introspection apart. */
  depth: number;
  /** The same within `__schema` and `__type`. */
  introspectionDepth: number;
  aliases: number;
  /** Of the first level. */
  rootFields: number;
  directives: number;
}

/**
 * Measures each operation of a document, of which nothing else is known: it may not be valid. A fragment is measured once, however
 * often it is spread, so that it takes no longer than reading the document. Names of fragments mean nothing.
 */
export function measureDocument({ definitions }: DocumentNode): DocumentSize[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, DocumentSize>();

  function fragmentSize(name: string): DocumentSize {
    const measured = known.get(name);
    if (measured !== undefined) return measured;
    // What it is taken for while it is measured: one that spreads itself is refused by validation.
    known.set(name, NOTHING);
    const fragment = fragments.get(name);
    const size = fragment === undefined ? NOTHING : addDirectives(fragment, setSize(fragment.selectionSet));
    known.set(name, size);
    return size;
  }

  function setSize(set: SelectionSetNode | undefined): DocumentSize {
    return (set?.selections ?? []).map(selectionSize).reduce(addSizes, NOTHING);
  }

  function selectionSize(selection: SelectionNode): DocumentSize {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return addDirectives(selection, fragmentSize(selection.name.value));
    const inner = setSize(selection.selectionSet);
    if (selection.kind === Kind.INLINE_FRAGMENT) return addDirectives(selection, inner);
    const isIntrospection = /^__(schema|type)$/.test(selection.name.value);
    const depth = isIntrospection ? 0 : inner.depth + 1;
    const introspectionDepth = isIntrospection
      ? Math.max(inner.depth, inner.introspectionDepth) + 1
      : inner.introspectionDepth;
    const aliases = inner.aliases + (selection.alias === undefined ? 0 : 1);
    return addDirectives(selection, {
      depth,
      introspectionDepth,
      aliases,
      rootFields: 1,
      directives: inner.directives,
    });
  }

  return definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .map((operation: OperationDefinitionNode) => addDirectives(operation, setSize(operation.selectionSet)));
}

const NOTHING: DocumentSize = { depth: 0, introspectionDepth: 0, aliases: 0, rootFields: 0, directives: 0 };

function addDirectives(
  node: { readonly directives?: readonly DirectiveNode[] | undefined },
  size: DocumentSize,
): DocumentSize {
  return { ...size, directives: size.directives + (node.directives?.length ?? 0) };
}

function addSizes(one: DocumentSize, other: DocumentSize): DocumentSize {
  return {
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
    aliases: one.aliases + other.aliases,
    rootFields: one.rootFields + other.rootFields,
    directives: one.directives + other.directives,
  };
}
