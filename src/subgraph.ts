import { type ASTNode, Kind, parse, print, visit } from 'graphql';

import { typeDefs } from './generated/typeDefs.ts';

/**
 * The schema as a registry takes it: with federation's directives on its types and fields, without what federation adds to every
 * subgraph (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec).
 */
export function subgraphSdl(): string {
  return `${print(visit(parse(typeDefs), { enter: (node) => (isFederations(node) ? null : undefined) }))}\n`;
}

/** Definitions of directives, and of what starts with an underscore or stands in another specification's namespace. */
function isFederations(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return true;
  return node.kind.endsWith('Definition') && 'name' in node && /^_|__/.test(node.name?.value ?? '');
}
