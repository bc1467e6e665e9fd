/** Tags say what a cached value depends on: invalidating a tag makes every value with that tag stale, in all caches. */

/** Every list of livestreams. */
export const ALL_LISTS = 'lists';
/** Sessions whose meeting is not known. */
export const ANY_SESSION = 'any session';
/** Everything that was read with a token, once RealtimeKit has rejected that token. */
export const TOKEN_REVOKED = 'refused';

export const meetingTag = (id: string): string => `meeting ${id}`;
export const livestreamTag = (id: string): string => `livestream ${id}`;

/** The tags of a livestream and, if known, of its meeting. */
export function livestreamTags(id: string, meetingId: string | null | undefined): string[] {
  return meetingId ? [livestreamTag(id), meetingTag(meetingId)] : [livestreamTag(id)];
}
