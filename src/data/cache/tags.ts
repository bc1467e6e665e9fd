/** What a start or a stop changes: every list of livestreams, and whatever speaks of the meeting or of its livestream. */
export const LISTS = 'lists';
export const ANY_SESSION = 'any session';
/** Upstream did not accept the token. */
export const REFUSED = 'refused';
export const aboutMeeting = (id: string): string => `meeting ${id}`;
export const aboutLivestream = (id: string): string => `livestream ${id}`;

/** A livestream, and its meeting where that is known. */
export function aboutLivestreamOf(id: string, meetingId: string | null | undefined): string[] {
  return meetingId ? [aboutLivestream(id), aboutMeeting(meetingId)] : [aboutLivestream(id)];
}
