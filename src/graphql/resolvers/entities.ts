import type { GraphQLResolveInfo } from 'graphql';

import { badUserInput } from '../../domain/errors.ts';
import { assertId } from '../../domain/ids.ts';
import type { Loaders } from '../loaders/operationLoaders.ts';
import type { Entity, MaybeEntity, MeetingRef } from '../../domain/models.ts';
import { selectedFields } from '../selection.ts';

/**
 * The entities that a router refers to, in the same order; null for one that does not exist. A malformed representation fails alone.
 * All begin in the same turn, so that the loaders see those of one type together.
 */
export function resolveEntities(
  representations: readonly unknown[],
  loaders: Loaders,
  info: GraphQLResolveInfo,
): Promise<MaybeEntity>[] {
  const wanted = selectedFields(info, 'Meeting');
  return representations.map(async (representation) => {
    const { __typename, id } = readRepresentation(representation);
    if (__typename === 'Meeting') return withTypename(__typename, await meeting(id, loaders, wanted));
    if (__typename === 'Livestream') return withTypename(__typename, await loaders.livestream.load(id));
    return withTypename(__typename, await loaders.session.load(id));
  });
}

/** Without a request where no field needs one. A meeting that cannot be read leaves it to its fields to fail, each by itself. */
async function meeting(id: string, loaders: Loaders, wanted: ReadonlySet<string>): Promise<MeetingRef | null> {
  if (DETAILS.isDisjointFrom(wanted)) return { id };
  const loaded = Promise.resolve(loaders.meeting.load(id)).catch(() => ({ id }));
  // Begun here, for it would wait for the details otherwise; the field itself meets its failure.
  if (wanted.has('activeLivestream')) Promise.resolve(loaders.activeLivestream.load(id)).catch(() => null);
  return loaded;
}

/** What only a request can tell of a meeting. */
const DETAILS: ReadonlySet<string> = new Set(['title', 'status', 'createdAt', 'updatedAt']);

function withTypename<Name extends string, Value>(__typename: Name, value: Value | null) {
  return value && { __typename, ...value };
}

function readRepresentation(representation: unknown): { __typename: Entity['__typename']; id: string } {
  if (typeof representation !== 'object' || representation === null) throw malformed();
  const { __typename, id }: { __typename?: unknown; id?: unknown } = representation;
  if (__typename !== 'Meeting' && __typename !== 'Livestream' && __typename !== 'LivestreamSession') throw malformed();
  return { __typename, id: readKey(id) };
}

function readKey(id: unknown): string {
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) throw malformed();
  return assertId(String(id));
}

/** Its own words are not repeated: they may be anything. */
function malformed() {
  return badUserInput(
    'A representation is an object with the "__typename" Meeting, Livestream or LivestreamSession and an "id".',
  );
}
