import type { Livestream } from '../domain/models.ts';
import { isSameVisibleState } from '../domain/livestreamState.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';

/** What those who watch a livestream are told of. */
export interface LiveState {
  livestream: Livestream;
  /** The running session's id; null: none runs; undefined: nobody has looked. */
  sessionId: string | null | undefined;
}

/** What one reader is told. */
export interface LiveSubscription extends AsyncIterableIterator<LiveState> {
  /** The session that belongs to what it was told could not be read: it is told again once it can be. */
  nack(livestreamId: string): void;
}

/** What readers were told last, and when that was so. */
export interface PublishedState extends LiveState {
  timestamp: HybridTimestamp;
}

/** Which livestreams a reader watches; both null: all of the app's. */
export interface SubscriptionTarget {
  livestreamId: string | null;
  meetingId: string | null;
}

/** Whether nothing that readers are told of differs. A session that nobody has looked for is no other one. */
export function isSameState(one: LiveState, other: LiveState): boolean {
  const isSession = one.sessionId === undefined || other.sessionId === undefined || one.sessionId === other.sessionId;
  return isSession && isSameVisibleState(one.livestream, other.livestream);
}

export function matchesTarget({ livestreamId, meetingId }: SubscriptionTarget, livestream: Livestream): boolean {
  if (livestreamId !== null && livestreamId !== livestream.id) return false;
  return meetingId === null || meetingId === livestream.meetingId;
}
