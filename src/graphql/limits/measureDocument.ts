import {
  type DirectiveNode,
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

import { fragmentsIn } from '../selection.ts';

/** The size of an operation with all fragment spreads expanded. */
export interface DocumentSize {
  /** Nested levels of fields, without introspection. */
  depth: number;
  /** Nested levels of fields within `__schema` and `__type`. */
  introspectionDepth: number;
  /** Aliases within `__schema` and `__type`. */
  introspectionAliases: number;
  /** Fields `__schema`. */
  schemaFields: number;
  /** Fields `__type`. */
  typeFields: number;
  aliases: number;
  /** Fields on the first level. */
  rootFields: number;
  directives: number;
}

/**
 * Measures each operation of a document, which need not be valid. Measures each fragment once, however often it is spread,
 * so that the time is linear in the length of the document.
 */
export function measureDocument(document: DocumentNode): DocumentSize[] {
  const fragments = fragmentsIn(document);
  const fragmentSizes = new Map<string, DocumentSize>();

  function fragmentSize(name: string): DocumentSize {
    const measured = fragmentSizes.get(name);
    if (measured !== undefined) return measured;
    // Ends the recursion of a fragment that spreads itself. Validation rejects such a document.
    fragmentSizes.set(name, EMPTY_SIZE);
    const fragment = fragments.get(name);
    const size = fragment === undefined ? EMPTY_SIZE : addDirectives(fragment, selectionSetSize(fragment.selectionSet));
    fragmentSizes.set(name, size);
    return size;
  }

  function selectionSetSize(set: SelectionSetNode | undefined): DocumentSize {
    return (set?.selections ?? []).map(selectionSize).reduce(combineSizes, EMPTY_SIZE);
  }

  function selectionSize(selection: SelectionNode): DocumentSize {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return addDirectives(selection, fragmentSize(selection.name.value));
    const inner = selectionSetSize(selection.selectionSet);
    if (selection.kind === Kind.INLINE_FRAGMENT) return addDirectives(selection, inner);
    const aliases = inner.aliases + (selection.alias === undefined ? 0 : 1);
    const size = { ...inner, aliases, rootFields: 1, ...ownSize(selection.name.value, inner) };
    return addDirectives(selection, size);
  }

  return document.definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .map((operation: OperationDefinitionNode) => addDirectives(operation, selectionSetSize(operation.selectionSet)));
}

const EMPTY_SIZE: DocumentSize = {
  depth: 0,
  introspectionDepth: 0,
  introspectionAliases: 0,
  schemaFields: 0,
  typeFields: 0,
  aliases: 0,
  rootFields: 0,
  directives: 0,
};

/** What the name of a field and the size of its selections say about the field. */
function ownSize(name: string, inner: DocumentSize): Partial<DocumentSize> {
  if (name !== '__schema' && name !== '__type') return { depth: inner.depth + 1 };
  return {
    depth: 0,
    introspectionDepth: Math.max(inner.depth, inner.introspectionDepth) + 1,
    introspectionAliases: inner.aliases,
    schemaFields: inner.schemaFields + (name === '__schema' ? 1 : 0),
    typeFields: inner.typeFields + (name === '__type' ? 1 : 0),
  };
}

function addDirectives(
  node: { readonly directives?: readonly DirectiveNode[] | undefined },
  size: DocumentSize,
): DocumentSize {
  return { ...size, directives: size.directives + (node.directives?.length ?? 0) };
}

function combineSizes(left: DocumentSize, right: DocumentSize): DocumentSize {
  return {
    depth: Math.max(left.depth, right.depth),
    introspectionDepth: Math.max(left.introspectionDepth, right.introspectionDepth),
    introspectionAliases: left.introspectionAliases + right.introspectionAliases,
    schemaFields: left.schemaFields + right.schemaFields,
    typeFields: left.typeFields + right.typeFields,
    aliases: left.aliases + right.aliases,
    rootFields: left.rootFields + right.rootFields,
    directives: left.directives + right.directives,
  };
}
