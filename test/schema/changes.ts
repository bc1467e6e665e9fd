import { fileURLToPath } from 'node:url';

import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { type ASTNode, buildSchema, type DirectiveNode, Kind, parse, print, visit } from 'graphql';

/** The SDL of the subgraph that was last published to registries. */
export const PUBLISHED = fileURLToPath(new URL('published.graphql', import.meta.url));
/** The intended breaking changes, and their reasons. */
export const ACKNOWLEDGED = fileURLToPath(new URL('acknowledged.json', import.meta.url));

export interface Acknowledgement {
  /** The change, as `breakingChanges` describes it. */
  change: string;
  reason: string;
  /** Whether the change is published already. The entry is then only a record, and another change needs a new one. */
  published?: boolean;
}

/** Describes each change that could break a client, a contract or the supergraph. */
export async function breakingChanges(published: string, present: string): Promise<string[]> {
  const changes = await diff(schemaOf(published), schemaOf(present));
  const breaking = changes.filter(({ criticality: { level } }) => level === CriticalityLevel.Breaking);
  return breaking.map(({ message }) => message).concat(directiveChanges(published, present));
}

/** Returns the breaking changes that are not acknowledged. */
export async function unacknowledged(
  published: string,
  present: string,
  acknowledged: readonly Acknowledgement[],
): Promise<string[]> {
  const accepted = new Set(acknowledged.filter((entry) => entry.published !== true).map(({ change }) => change));
  return (await breakingChanges(published, present)).filter((change) => !accepted.has(change));
}

/** Says what to do about unacknowledged changes; empty if there are none. */
export function explainUnacknowledged(changes: readonly string[]): string {
  if (changes.length === 0) return '';
  const entries = changes.map((change) => JSON.stringify({ change, reason: '...' }));
  return `The schema has breaking changes. Undo them, or add them with a reason to test/schema/acknowledged.json:\n${entries.join(',\n')}`;
}

export function readAcknowledged(json: string): Acknowledgement[] {
  const value: unknown = JSON.parse(json);
  if (Array.isArray(value) && value.every(isAcknowledgement)) return value;
  throw new Error(
    'test/schema/acknowledged.json must be a list of { "change": "...", "reason": "..." }, each with a reason.',
  );
}

function isAcknowledgement(value: unknown): value is Acknowledgement {
  if (typeof value !== 'object' || value === null) return false;
  const { change, reason }: { change?: unknown; reason?: unknown } = value;
  return typeof change === 'string' && typeof reason === 'string' && reason.trim().length > 3;
}

/** Builds the schema without validation, because the SDL of a subgraph does not define federation's directives. */
const schemaOf = (sdl: string) => buildSchema(sdl, { assumeValid: true, assumeValidSDL: true });

/** Changes of these directives break neither a query nor a composition. */
const HARMLESS = ['cost', 'listSize', 'deprecated', 'specifiedBy'];
/** Adding these directives is harmless, because they only allow more, or promise more to clients. */
const HARMLESS_TO_ADD = new Set([...HARMLESS, 'key', 'shareable', 'semanticNonNull']);

/** Describes the directives that were added or removed at coordinates of both schemas, which graphql-inspector does not report as breaking. */
function directiveChanges(published: string, present: string): string[] {
  const presentDirectives = directivesByCoordinate(present);
  return [...directivesByCoordinate(published)].flatMap(([coordinate, before]) => {
    const now = presentDirectives.get(coordinate) ?? before;
    const removed = [...before].filter(([text, name]) => !now.has(text) && !HARMLESS.includes(name));
    const added = [...now].filter(([text, name]) => !before.has(text) && !HARMLESS_TO_ADD.has(name));
    const removals = removed.map(([text]) => `Directive '${text}' was removed from '${coordinate}'`);
    return removals.concat(added.map(([text]) => `Directive '${text}' was added to '${coordinate}'`));
  });
}

/** Maps each schema coordinate to its directives, as a map from the text to the name of a directive. */
function directivesByCoordinate(sdl: string): Map<string, Map<string, string>> {
  const directives = new Map<string, Map<string, string>>();
  const path: string[] = [];
  const hasCoordinate = ({ kind }: ASTNode): boolean => /(Definition|Extension)$/.test(kind);
  visit(parse(sdl), {
    enter(node) {
      if (hasCoordinate(node)) path.push(('name' in node && node.name?.value) || 'schema');
      const own = directives.get(path.join('.')) ?? new Map<string, string>();
      directives.set(path.join('.'), own);
      if (node.kind === Kind.DIRECTIVE) own.set(printDirective(node), node.name.value);
    },
    leave(node) {
      if (hasCoordinate(node)) path.pop();
    },
  });
  return directives;
}

/** Prints a directive without the argument `import` of `@link`, because imports show in the directives themselves. */
function printDirective(node: DirectiveNode): string {
  return print({ ...node, arguments: (node.arguments ?? []).filter(({ name }) => name.value !== 'import') });
}
