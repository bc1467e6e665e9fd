import { type ASTNode, type DirectiveDefinitionNode, Kind, parse, print, visit } from 'graphql';

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

/**
 * Returns the SDL for tools of clients: `subgraphSdl()`, followed by the definitions of federation's directives, so that it is valid on
 * its own. The definitions need no types of federation, because tools ask what type a scalar such as `federation__Scope` has.
 */
export function clientSdl(): string {
  const definitions = parse(typeDefs)
    .definitions.filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION)
    .filter(isFederationDirective);
  return `${subgraphSdl()}\n${definitions.map((node) => `${print(withStrings(node))}\n`).join('\n')}`;
}

/** Whether a directive is federation's, like all but this one. */
function isFederationDirective({ name }: DirectiveDefinitionNode): boolean {
  return name.value !== 'semanticNonNull';
}

/** Replaces federation's scalars by `String` and omits the argument `for`, which is an enum: composition accepts both. */
function withStrings(definition: DirectiveDefinitionNode): DirectiveDefinitionNode {
  const name = { kind: Kind.NAME, value: 'String' } as const;
  return visit(definition, {
    InputValueDefinition: (node) => (node.name.value === 'for' ? null : undefined),
    NamedType: (node) => (node.name.value.includes('__') ? { ...node, name } : undefined),
  });
}

/** Whether the node defines a directive of federation, or a type whose name starts with `_` or has a namespace (`federation__FieldSet`). */
function isFederationDefinition(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return isFederationDirective(node);
  return node.kind.endsWith('Definition') && 'name' in node && /^_|__/.test(node.name?.value ?? '');
}

/** Whether the node is one of the two directives, or their name in the import list of `@link`. */
function isScopeDirective(node: ASTNode): boolean {
  if (node.kind === Kind.DIRECTIVE) return /^(authenticated|requiresScopes)$/.test(node.name.value);
  return node.kind === Kind.STRING && /^@(authenticated|requiresScopes)$/.test(node.value);
}
