/** What a start or a stop changes: every list of livestreams, and whatever speaks of the meeting or of its livestream. */
export const ALL_LISTS = 'lists';
export const ANY_SESSION = 'any session';
/** Upstream did not accept the token. */
export const TOKEN_REVOKED = 'refused';
export const meetingTag = (id: string): string => `meeting ${id}`;
export const livestreamTag = (id: string): string => `livestream ${id}`;

/** A livestream, and its meeting where that is known. */
export function livestreamTags(id: string, meetingId: string | null | undefined): string[] {
  return meetingId ? [livestreamTag(id), meetingTag(meetingId)] : [livestreamTag(id)];
}
