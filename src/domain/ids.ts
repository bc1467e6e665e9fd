import { badUserInput } from './errors.ts';

/** Ids that callers may send. RealtimeKit's own ids are UUIDs, and match. */
const ID_PATTERN = /^[A-Za-z0-9-]{1,64}$/;

/** Matches the pattern, but would turn a path with an id into another route: `/livestreams/sessions`. */
const RESERVED_WORD = 'sessions';

/** Whether `id` may be put into a path of RealtimeKit's API. */
export function isId(id: string): boolean {
  return ID_PATTERN.test(id) && id !== RESERVED_WORD;
}

/** The error message for an id that is not valid. It does not repeat the id, which may be anything. */
export const ID_RULE = 'An ID is 1 to 64 letters, digits and hyphens. Use an ID that RealtimeKit returned.';

/** Returns the id, or throws `BAD_USER_INPUT` if it is not valid. */
export function assertId(id: string): string {
  if (!isId(id)) throw badUserInput(ID_RULE);
  return id;
}
