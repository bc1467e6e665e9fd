import { fileURLToPath } from 'node:url';

import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { type ASTNode, buildSchema, type DirectiveNode, Kind, parse, print, visit } from 'graphql';

/** The subgraph's schema as registries last got it. */
export const PUBLISHED = fileURLToPath(new URL('published.graphql', import.meta.url));
/** Which breaking changes are meant, and why. */
export const ACKNOWLEDGED = fileURLToPath(new URL('acknowledged.json', import.meta.url));

export interface Acknowledgement {
  /** In the words of `breakingChanges`. */
  change: string;
  reason: string;
  /** It has served, and stands there as a record: the same change needs a new one. */
  published?: boolean;
}

/** What could break a client, a contract or the supergraph, a sentence each. */
export async function breakingChanges(published: string, present: string): Promise<string[]> {
  const changes = await diff(schemaOf(published), schemaOf(present));
  const breaking = changes.filter(({ criticality: { level } }) => level === CriticalityLevel.Breaking);
  return breaking.map(({ message }) => message).concat(directiveChanges(published, present));
}

/** The breaking changes that nobody acknowledged. */
export async function unacknowledged(
  published: string,
  present: string,
  acknowledged: readonly Acknowledgement[],
): Promise<string[]> {
  const meant = new Set(acknowledged.filter((entry) => entry.published !== true).map(({ change }) => change));
  return (await breakingChanges(published, present)).filter((change) => !meant.has(change));
}

/** What to do about unacknowledged changes; empty where there are none. */
export function complaintAbout(changes: readonly string[]): string {
  if (changes.length === 0) return '';
  const entries = changes.map((change) => JSON.stringify({ change, reason: '...' }));
  return `The schema breaks what is published. Undo it, or say in test/schema/acknowledged.json why it has to be:\n${entries.join(',\n')}`;
}

export function readAcknowledged(json: string): Acknowledgement[] {
  const value: unknown = JSON.parse(json);
  if (Array.isArray(value) && value.every(isAcknowledgement)) return value;
  throw new Error(
    'test/schema/acknowledged.json is a list of { "change": "...", "reason": "..." }, all with a reason.',
  );
}

function isAcknowledgement(value: unknown): value is Acknowledgement {
  if (typeof value !== 'object' || value === null) return false;
  const { change, reason }: { change?: unknown; reason?: unknown } = value;
  return typeof change === 'string' && typeof reason === 'string' && reason.trim().length > 3;
}

/** The definitions of federation's directives are not part of a subgraph's SDL. */
const schemaOf = (sdl: string) => buildSchema(sdl, { assumeValid: true, assumeValidSDL: true });

/** What a place costs and what is said of it: neither a query nor a composition breaks by it. */
const FREE = ['cost', 'listSize', 'deprecated', 'specifiedBy'];
/** These only allow more when they are added. */
const FREE_TO_ADD = new Set([...FREE, 'key', 'shareable']);

/** The directives that came or went where both schemas have the same place: graphql-inspector calls none of them breaking. */
function directiveChanges(published: string, present: string): string[] {
  const after = directivesOf(present);
  return [...directivesOf(published)].flatMap(([place, before]) => {
    const now = after.get(place) ?? before;
    const removed = [...before].filter(([text, name]) => !now.has(text) && !FREE.includes(name));
    const added = [...now].filter(([text, name]) => !before.has(text) && !FREE_TO_ADD.has(name));
    const lost = removed.map(([text]) => `Directive '${text}' was removed from '${place}'`);
    return lost.concat(added.map(([text]) => `Directive '${text}' was added to '${place}'`));
  });
}

/** By schema coordinate, the text and the name of each directive that stands there. */
function directivesOf(sdl: string): Map<string, Map<string, string>> {
  const places = new Map<string, Map<string, string>>();
  const path: string[] = [];
  const isPlace = ({ kind }: ASTNode): boolean => /(Definition|Extension)$/.test(kind);
  visit(parse(sdl), {
    enter(node) {
      if (isPlace(node)) path.push(('name' in node && node.name?.value) || 'schema');
      const found = places.get(path.join('.')) ?? new Map<string, string>();
      places.set(path.join('.'), found);
      if (node.kind === Kind.DIRECTIVE) found.set(textOf(node), node.name.value);
    },
    leave(node) {
      if (isPlace(node)) path.pop();
    },
  });
  return places;
}

/** Of a link its specification and version alone: what is imported shows where it is used. */
function textOf(node: DirectiveNode): string {
  return print({ ...node, arguments: (node.arguments ?? []).filter(({ name }) => name.value !== 'import') });
}
