import type { Livestream } from '../domain/models.ts';
import type { LatestValueQueue } from './latestValueQueue.ts';
import { matchesTarget, type LiveState, type SubscriptionTarget } from './types.ts';

export interface Subscriber {
  target: SubscriptionTarget;
  queue: LatestValueQueue<LiveState>;
}

/** What is watched, each once. */
export interface Topics {
  livestreamIds: string[];
  meetingIds: string[];
  /** Whether anybody watches all of the app's. */
  isAppWide: boolean;
}

/** All who watch, found by what they watch: every row of every answer to anybody asks who is to be told of it. */
export interface Subscribers {
  add(reader: Subscriber): void;
  delete(reader: Subscriber): void;
  has(reader: Subscriber): boolean;
  size(): number;
  /** Removes and gives all. */
  clear(): Subscriber[];
  matching(livestream: Livestream): Subscriber[];
  hasMatch(livestream: Livestream): boolean;
  /** Whether anybody asked for it by name. */
  isTracked(livestreamId: string): boolean;
  topics(): Topics;
}

export function createSubscribers(): Subscribers {
  const byLivestream = new Map<string, Set<Subscriber>>();
  const byMeeting = new Map<string, Set<Subscriber>>();
  const ofAll = new Map<'all', Set<Subscriber>>();
  let size = 0;

  /** Calls `change` with the group that a reader belongs to. */
  function inGroup({ livestreamId, meetingId }: SubscriptionTarget, change: (group: Set<Subscriber>) => void): void {
    if (livestreamId !== null) changeGroup(byLivestream, livestreamId, change);
    else if (meetingId !== null) changeGroup(byMeeting, meetingId, change);
    else changeGroup(ofAll, 'all', change);
  }

  const groupsAbout = ({ id, meetingId }: Livestream): Set<Subscriber>[] =>
    [byLivestream.get(id), byMeeting.get(meetingId ?? ''), ofAll.get('all')].filter((group) => group !== undefined);

  return {
    add(reader) {
      inGroup(reader.target, (group) => group.add(reader));
      size += 1;
    },
    delete(reader) {
      inGroup(reader.target, (group) => {
        if (group.delete(reader)) size -= 1;
      });
    },
    has(reader) {
      let isThere = false;
      inGroup(reader.target, (group) => {
        isThere = group.has(reader);
      });
      return isThere;
    },
    size: () => size,
    clear() {
      const all: Subscriber[] = [];
      for (const groups of [byLivestream, byMeeting, ofAll]) {
        for (const group of groups.values()) all.push(...group);
        groups.clear();
      }
      size = 0;
      return all;
    },
    matching: (livestream) =>
      groupsAbout(livestream).flatMap((group) => [...group].filter(({ target }) => matchesTarget(target, livestream))),
    hasMatch: (livestream) => groupsAbout(livestream).length > 0,
    isTracked: (livestreamId) => byLivestream.has(livestreamId),
    topics: () => ({
      livestreamIds: [...byLivestream.keys()],
      meetingIds: [...byMeeting.keys()],
      isAppWide: ofAll.size > 0,
    }),
  };
}

/** A group that is empty is none. */
function changeGroup<Key>(groups: Map<Key, Set<Subscriber>>, key: Key, change: (group: Set<Subscriber>) => void): void {
  const group = groups.get(key) ?? new Set();
  change(group);
  if (group.size > 0) groups.set(key, group);
  else groups.delete(key);
}
