import type { Livestream } from './models.ts';

/** Whether the livestream is running or about to. */
export function isActive({ status }: Pick<Livestream, 'status'>): boolean {
  return status === 'LIVE' || status === 'INVOKED';
}

/** Whether the livestream has ended. Neither active nor ended: its status is `UNKNOWN`. */
export function hasEnded({ status }: Pick<Livestream, 'status'>): boolean {
  return status === 'IDLE' || status === 'OFFLINE' || status === 'ERRORED';
}

/** Whether the livestream is still starting: waiting for frames, or for its playback URL. */
export function isStarting({ status, playbackUrl }: Pick<Livestream, 'status' | 'playbackUrl'>): boolean {
  return status === 'INVOKED' || (status === 'LIVE' && playbackUrl === null);
}

/** The fields whose change subscribers are notified of. */
export type VisibleState = Pick<Livestream, 'status' | 'playbackUrl' | 'name'>;

/** Whether two states of a livestream look the same to a subscriber. */
export function isSameVisibleState(one: VisibleState, other: VisibleState): boolean {
  return one.status === other.status && one.playbackUrl === other.playbackUrl && one.name === other.name;
}
