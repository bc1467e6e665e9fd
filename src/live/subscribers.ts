import type { Livestream } from '../domain/models.ts';
import type { LatestValueQueue } from './latestValueQueue.ts';
import { matchesTarget, type LiveState, type SubscriptionTarget } from './types.ts';

/** One subscription: the livestreams it covers, and the queue of events for its client. */
export interface Subscriber {
  target: SubscriptionTarget;
  queue: LatestValueQueue<LiveState>;
}

/** Everything that has a subscriber, without duplicates. */
export interface Topics {
  livestreamIds: string[];
  meetingIds: string[];
  /** Whether a subscriber covers all livestreams of the app. */
  isAppWide: boolean;
}

/** The subscribers of one account, indexed by target: each row of each upstream response looks up the subscribers that it concerns. */
export interface Subscribers {
  add(subscriber: Subscriber): void;
  delete(subscriber: Subscriber): void;
  has(subscriber: Subscriber): boolean;
  size(): number;
  /** Removes and returns all subscribers. */
  clear(): Subscriber[];
  /** The subscribers whose target covers this livestream. */
  matching(livestream: Livestream): Subscriber[];
  /** A cheap pre-check: if false, `matching` is empty. */
  hasMatch(livestream: Livestream): boolean;
  /** Whether a subscriber asked for this livestream by its id. */
  isTracked(livestreamId: string): boolean;
  topics(): Topics;
}

type Group = Set<Subscriber>;

/** The only key of the app-wide index. */
const APP = 'app';

export function createSubscribers(): Subscribers {
  const byLivestream = new Map<string, Group>();
  const byMeeting = new Map<string, Group>();
  const appWide = new Map<string, Group>();
  let size = 0;

  /** The index and the key in it that a target belongs to. */
  function locate({ livestreamId, meetingId }: SubscriptionTarget): [index: Map<string, Group>, key: string] {
    if (livestreamId !== null) return [byLivestream, livestreamId];
    return meetingId === null ? [appWide, APP] : [byMeeting, meetingId];
  }

  const groupsFor = ({ id, meetingId }: Livestream): Group[] =>
    [byLivestream.get(id), byMeeting.get(meetingId ?? ''), appWide.get(APP)].filter((group) => group !== undefined);

  return {
    add(subscriber) {
      const [index, key] = locate(subscriber.target);
      index.set(key, (index.get(key) ?? new Set()).add(subscriber));
      size += 1;
    },
    delete(subscriber) {
      const [index, key] = locate(subscriber.target);
      const group = index.get(key);
      if (group?.delete(subscriber)) size -= 1;
      if (group?.size === 0) index.delete(key);
    },
    has(subscriber) {
      const [index, key] = locate(subscriber.target);
      return index.get(key)?.has(subscriber) ?? false;
    },
    size: () => size,
    clear() {
      const all: Subscriber[] = [];
      for (const index of [byLivestream, byMeeting, appWide]) {
        for (const group of index.values()) all.push(...group);
        index.clear();
      }
      size = 0;
      return all;
    },
    matching: (livestream) =>
      groupsFor(livestream).flatMap((group) => [...group].filter(({ target }) => matchesTarget(target, livestream))),
    hasMatch: (livestream) => groupsFor(livestream).length > 0,
    isTracked: (livestreamId) => byLivestream.has(livestreamId),
    topics: () => ({
      livestreamIds: [...byLivestream.keys()],
      meetingIds: [...byMeeting.keys()],
      isAppWide: appWide.size > 0,
    }),
  };
}
