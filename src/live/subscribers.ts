import type { Livestream } from '../domain/models.ts';
import type { Mailbox } from './latestValueQueue.ts';
import { isAbout, type LiveState, type Target } from './types.ts';

export interface Reader {
  target: Target;
  mailbox: Mailbox<LiveState>;
}

/** What is watched, each once. */
export interface Watched {
  livestreamIds: string[];
  meetingIds: string[];
  /** Whether anybody watches all of the app's. */
  isAll: boolean;
}

/** All who watch, found by what they watch: every row of every answer to anybody asks who is to be told of it. */
export interface Readers {
  add(reader: Reader): void;
  delete(reader: Reader): void;
  has(reader: Reader): boolean;
  size(): number;
  /** Removes and gives all. */
  clear(): Reader[];
  about(livestream: Livestream): Reader[];
  isAny(livestream: Livestream): boolean;
  /** Whether anybody asked for it by name. */
  isNamed(livestreamId: string): boolean;
  watched(): Watched;
}

export function createReaders(): Readers {
  const byLivestream = new Map<string, Set<Reader>>();
  const byMeeting = new Map<string, Set<Reader>>();
  const ofAll = new Map<'all', Set<Reader>>();
  let size = 0;

  /** Calls `change` with the group that a reader belongs to. */
  function inGroup({ livestreamId, meetingId }: Target, change: (group: Set<Reader>) => void): void {
    if (livestreamId !== null) changeGroup(byLivestream, livestreamId, change);
    else if (meetingId !== null) changeGroup(byMeeting, meetingId, change);
    else changeGroup(ofAll, 'all', change);
  }

  const groupsAbout = ({ id, meetingId }: Livestream): Set<Reader>[] =>
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
      const all: Reader[] = [];
      for (const groups of [byLivestream, byMeeting, ofAll]) {
        for (const group of groups.values()) all.push(...group);
        groups.clear();
      }
      size = 0;
      return all;
    },
    about: (livestream) =>
      groupsAbout(livestream).flatMap((group) => [...group].filter(({ target }) => isAbout(target, livestream))),
    isAny: (livestream) => groupsAbout(livestream).length > 0,
    isNamed: (livestreamId) => byLivestream.has(livestreamId),
    watched: () => ({
      livestreamIds: [...byLivestream.keys()],
      meetingIds: [...byMeeting.keys()],
      isAll: ofAll.size > 0,
    }),
  };
}

/** A group that is empty is none. */
function changeGroup<Key>(groups: Map<Key, Set<Reader>>, key: Key, change: (group: Set<Reader>) => void): void {
  const group = groups.get(key) ?? new Set();
  change(group);
  if (group.size > 0) groups.set(key, group);
  else groups.delete(key);
}
