import type { Livestream } from '../domain/models.ts';
import { isSameLook } from '../realtimekit/endpoints.ts';
import type { Moment } from '../data/cache/invalidation.ts';

/** What those who watch a livestream are told of. */
export interface LiveState {
  livestream: Livestream;
  /** The running session's id; null: none runs; undefined: nobody has looked. */
  sessionId: string | null | undefined;
}

/** What one reader is told. */
export interface LiveReader extends AsyncIterableIterator<LiveState> {
  /** The session that belongs to what it was told could not be read: it is told again once it can be. */
  missed(livestreamId: string): void;
}

/** What readers were told last, and when that was so. */
export interface Told extends LiveState {
  moment: Moment;
}

/** Which livestreams a reader watches; both null: all of the app's. */
export interface Target {
  livestreamId: string | null;
  meetingId: string | null;
}

/** What a change is about; of what a webhook tells nothing else is believed: events carry no time, and may come late. */
export interface LiveEvent {
  livestreamId: string | null;
  meetingId: string | null;
}

/** Whether nothing that readers are told of differs. A session that nobody has looked for is no other one. */
export function isSameState(one: LiveState, other: LiveState): boolean {
  const isSession = one.sessionId === undefined || other.sessionId === undefined || one.sessionId === other.sessionId;
  return isSession && isSameLook(one.livestream, other.livestream);
}

/** Whether it runs, or is about to. */
export function isActive({ status }: Livestream): boolean {
  return status === 'LIVE' || status === 'INVOKED';
}

/** Whether more of it is about to appear: frames, or the address at which they can be watched. */
export function isArriving({ status, playbackUrl }: Livestream): boolean {
  return status === 'INVOKED' || (status === 'LIVE' && playbackUrl === null);
}

export function isAbout({ livestreamId, meetingId }: Target, livestream: Livestream): boolean {
  if (livestreamId !== null && livestreamId !== livestream.id) return false;
  return meetingId === null || meetingId === livestream.meetingId;
}
