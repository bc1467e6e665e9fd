import { badUserInput } from './errors.ts';

/** The ids that callers may use; the API's own are UUIDs. */
const ALLOWED = /^[A-Za-z0-9-]{1,64}$/;

/** Words that match, but name another of the API's routes where an id is expected. */
const ROUTES = new Set(['sessions']);

/** Whether `id` can be an id of the API, and nothing else. */
export function isId(id: string): boolean {
  return ALLOWED.test(id) && !ROUTES.has(id);
}

/** What to tell the caller about an id that is refused. It does not repeat the id: that may be anything. */
export const ID_RULE = 'An id is 1 to 64 letters, digits and hyphens, as RealtimeKit gives it.';

/** Gives the id back, or throws `BAD_USER_INPUT`. */
export function assertId(id: string): string {
  if (!isId(id)) throw badUserInput(ID_RULE);
  return id;
}
