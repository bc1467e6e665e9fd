import { type ASTNode, Kind, parse, print, visit } from 'graphql';

import { typeDefs } from '../generated/typeDefs.ts';

/**
 * The schema as a registry takes it: with federation's directives on its types and fields, without what federation adds to every
 * subgraph (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec). Without `scopes`
 * it does not tell who may do what, for routers that refuse a supergraph which does, as `@apollo/gateway`: the subgraph itself
 * enforces it all the same.
 */
export function subgraphSdl({ scopes = true }: { scopes?: boolean } = {}): string {
  const isLeftOut = (node: ASTNode): boolean => isFederationDefinition(node) || (!scopes && isScopeDirective(node));
  return `${print(visit(parse(typeDefs), { enter: (node) => (isLeftOut(node) ? null : undefined) }))}\n`;
}

/** Definitions of directives, and of what starts with an underscore or stands in another specification's namespace. */
function isFederationDefinition(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return true;
  return node.kind.endsWith('Definition') && 'name' in node && /^_|__/.test(node.name?.value ?? '');
}

/** The directives, and their names where they are imported. */
function isScopeDirective(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE) return /^(authenticated|requiresScopes)$/.test(node.name.value);
  return node.kind === Kind.STRING && /^@(authenticated|requiresScopes)$/.test(node.value);
}
