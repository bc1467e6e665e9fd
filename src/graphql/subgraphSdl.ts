import { type ASTNode, Kind, parse, print, visit } from 'graphql';

import { typeDefs } from '../generated/typeDefs.ts';

/**
 * Returns the SDL for a schema registry: with federation's directives on types and fields, but without the definitions that
 * federation adds to every subgraph (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec).
 * `scopes: false` omits `@authenticated` and `@requiresScopes`, for routers such as `@apollo/gateway` that reject them. The
 * subgraph enforces the scopes in either case.
 */
export function subgraphSdl({ scopes = true }: { scopes?: boolean } = {}): string {
  const isOmitted = (node: ASTNode): boolean => isFederationDefinition(node) || (!scopes && isScopeDirective(node));
  return `${print(visit(parse(typeDefs), { enter: (node) => (isOmitted(node) ? null : undefined) }))}\n`;
}

/** Whether the node defines a directive, or a type whose name starts with `_` or has a namespace (`federation__FieldSet`). */
function isFederationDefinition(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return true;
  return node.kind.endsWith('Definition') && 'name' in node && /^_|__/.test(node.name?.value ?? '');
}

/** Whether the node is one of the two directives, or their name in the import list of `@link`. */
function isScopeDirective(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE) return /^(authenticated|requiresScopes)$/.test(node.name.value);
  return node.kind === Kind.STRING && /^@(authenticated|requiresScopes)$/.test(node.value);
}
