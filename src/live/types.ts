import type { LiveUpdate } from '../data/liveFeed.ts';
import { isSameVisibleState } from '../domain/livestreamState.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import type { LatestValueQueue } from './latestValueQueue.ts';

/** The state that subscribers are notified of: a livestream and its running session. */
export type LiveState = Pick<LiveUpdate, 'livestream' | 'sessionId'>;

/** The events of one subscription: the current state, then every change. */
export interface LiveSubscription extends AsyncIterableIterator<LiveState> {
  /** Reports that the session of a delivered livestream could not be read. The livestream is delivered again once it can be read. */
  nack(livestreamId: string): void;
}

/** The state of a livestream that was last published, and the time at which it was true. */
export type PublishedState = Omit<LiveUpdate, 'arrivedAt'>;

/** The livestreams that a subscription covers: one, those of one meeting, or, if both ids are null, all of the app's. */
export type SubscriptionTarget = ChangedIds;

/** One subscription: the livestreams it covers, and the queue of events for its client. */
export interface Subscriber {
  target: SubscriptionTarget;
  queue: LatestValueQueue<LiveState>;
}

/** Whether two states look the same to a subscriber. An unknown session counts as the same as any other. */
export function isSameState(one: LiveState, other: LiveState): boolean {
  const isSameSession =
    one.sessionId === undefined || other.sessionId === undefined || one.sessionId === other.sessionId;
  return isSameSession && isSameVisibleState(one.livestream, other.livestream);
}

/** Whether a subscription to this target covers the livestream. */
export function matchesTarget({ livestreamId, meetingId }: SubscriptionTarget, livestream: Livestream): boolean {
  if (livestreamId !== null && livestreamId !== livestream.id) return false;
  return meetingId === null || meetingId === livestream.meetingId;
}
