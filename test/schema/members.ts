import { type ASTNode, Kind, parse, print, visit } from 'graphql';

/** Prints each field with arguments and type, each enum value and each input field, without descriptions and directives. */
export function membersOf(sdl: string): string[] {
  const bare = visit(parse(sdl), {
    enter: (node, key) => (key === 'description' || node.kind === Kind.DIRECTIVE ? null : undefined),
  });
  return bare.definitions.flatMap((type) => {
    const members: readonly ASTNode[] =
      'fields' in type ? (type.fields ?? []) : 'values' in type ? (type.values ?? []) : [];
    return members.map((member) => `${'name' in type ? type.name?.value : ''}.${print(member)}`);
  });
}
