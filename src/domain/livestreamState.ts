import type { Livestream, LivestreamStatus } from './models.ts';

/**
 * The statuses of an active livestream, in the order in which a livestream passes through them: `INVOKED` until RealtimeKit receives
 * its first frame, then `LIVE`, and never back.
 */
export const ACTIVE_STATUSES: readonly LivestreamStatus[] = ['INVOKED', 'LIVE'];

/** Whether the livestream is running, or was started and is about to run. */
export function isActive({ status }: Pick<Livestream, 'status'>): boolean {
  return ACTIVE_STATUSES.includes(status);
}

/** Whether the livestream has ended. A livestream whose status is `UNKNOWN` is neither active nor ended. */
export function hasEnded({ status }: Pick<Livestream, 'status'>): boolean {
  return status === 'IDLE' || status === 'OFFLINE' || status === 'ERRORED';
}

/** Whether an active livestream is still waiting for its first frame, or for its playback URL. */
export function isStarting({ status, playbackUrl }: Pick<Livestream, 'status' | 'playbackUrl'>): boolean {
  return status === 'INVOKED' || (status === 'LIVE' && playbackUrl === null);
}

/** The fields whose changes subscribers are notified of. */
export type VisibleState = Pick<Livestream, 'status' | 'playbackUrl' | 'name'>;

/** Whether two states of a livestream are the same to a subscriber. */
export function isSameVisibleState(left: VisibleState, right: VisibleState): boolean {
  return left.status === right.status && left.playbackUrl === right.playbackUrl && left.name === right.name;
}

/**
 * Whether the rows of the lists of active livestreams prove that a meeting without a row has none. If no row has a meeting, upstream
 * probably leaves meetings out; if a row has ended, upstream ignored the status filter.
 */
export function provesInactivity(rows: readonly Pick<Livestream, 'status' | 'meetingId'>[]): boolean {
  return rows.length === 0 || (rows.some(({ meetingId }) => meetingId !== null) && !rows.some((row) => hasEnded(row)));
}
