import type { GraphQLResolveInfo } from 'graphql';

import { badUserInput } from '../../domain/errors.ts';
import { assertId } from '../../domain/ids.ts';
import type { OperationLoaders } from '../loaders/operationLoaders.ts';
import type { Entity, MaybeEntity, MeetingRef } from '../../domain/models.ts';
import { fieldsBelow, selectedFields } from '../selection.ts';

/**
 * Resolves the representations of a router, in the same order; null for an entity that does not exist. A malformed
 * representation rejects only its own promise. All loads start in the same tick, so that the loaders batch them by type.
 */
export function resolveEntities(
  representations: readonly unknown[],
  loaders: OperationLoaders,
  info: GraphQLResolveInfo,
): Promise<MaybeEntity>[] {
  const meetingFields = selectedFields(info, 'Meeting');
  const tags = loaders.startEntityTags(representations.length);
  const partialTypes = tags === null ? [] : ENTITY_TYPES.filter((type) => !areCoveredByTags(type, info));
  return representations.map(async (representation, index) => {
    const { __typename, id } = parseRepresentation(representation);
    const entity = await loadEntity(__typename, id, loaders, meetingFields);
    tags?.add(index, __typename, id, entity);
    if (partialTypes.includes(__typename)) tags?.addAll(index);
    // The field joins this load, and resolves after it.
    if (tags !== null && __typename === 'Meeting' && meetingFields.has('activeLivestream'))
      Promise.resolve(loaders.activeLivestream.load(id)).then(
        (livestream) => tags.addActiveLivestream(index, livestream),
        () => {},
      );
    return entity;
  });
}

const ENTITY_TYPES = ['Meeting', 'Livestream', 'LivestreamSession'] as const;

/** The fields that the tags of their entity cover, unless other objects are selected below them. */
const COVERED_FIELDS: ReadonlySet<string> = new Set([
  'Meeting.activeLivestream',
  'Livestream.activeSession',
  'Livestream.meeting',
]);

/** Whether an entity's own tags are those of everything that is selected of it. */
function areCoveredByTags(type: Entity['__typename'], info: GraphQLResolveInfo): boolean {
  return fieldsBelow(info.fieldNodes, info, type).every((field) => {
    const below = fieldsBelow([field], info);
    const isCovered = COVERED_FIELDS.has(`${type}.${field.name.value}`);
    return below.every(({ name, selectionSet }) => (isCovered ? selectionSet === undefined : name.value === 'id'));
  });
}

async function loadEntity(
  type: Entity['__typename'],
  id: string,
  loaders: OperationLoaders,
  meetingFields: ReadonlySet<string>,
): Promise<MaybeEntity> {
  if (type === 'Meeting') return withTypename(type, await loadMeeting(id, loaders, meetingFields));
  if (type === 'Livestream') return withTypename(type, await loaders.livestream.load(id));
  return withTypename(type, await loaders.session.load(id));
}

/** Sends no request unless a selected field needs one. If the request fails, each of those fields reports the error itself. */
async function loadMeeting(
  id: string,
  loaders: OperationLoaders,
  selected: ReadonlySet<string>,
): Promise<MeetingRef | null> {
  if (MEETING_DETAILS.isDisjointFrom(selected)) return { id };
  const meeting = Promise.resolve(loaders.meeting.load(id)).catch(() => ({ id }));
  // Starts both requests together. The field's resolver joins this request and reports its error.
  if (selected.has('activeLivestream')) Promise.resolve(loaders.activeLivestream.load(id)).catch(() => null);
  return meeting;
}

/** The fields of a meeting that need its details. */
const MEETING_DETAILS: ReadonlySet<string> = new Set(['title', 'status', 'createdAt', 'updatedAt']);

function withTypename<Name extends string, Value>(__typename: Name, value: Value | null) {
  return value && { __typename, ...value };
}

function parseRepresentation(representation: unknown): { __typename: Entity['__typename']; id: string } {
  if (typeof representation !== 'object' || representation === null) throw malformed();
  const { __typename, id }: { __typename?: unknown; id?: unknown } = representation;
  if (__typename !== 'Meeting' && __typename !== 'Livestream' && __typename !== 'LivestreamSession') throw malformed();
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) throw malformed();
  return { __typename, id: assertId(String(id)) };
}

/** The message does not repeat the representation, whose content is arbitrary. */
function malformed() {
  return badUserInput(
    'A representation must be an object with an "id" and the "__typename" Meeting, Livestream or LivestreamSession.',
  );
}
