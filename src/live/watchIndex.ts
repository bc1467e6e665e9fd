import { LRUCache } from 'lru-cache';

import { isActive } from '../domain/livestreamState.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import { matchesTarget, type Subscriber } from './types.ts';
import type { WatchedLivestream } from './watchedLivestream.ts';

/** Everything that has a subscriber, without duplicates. */
export interface Topics {
  livestreamIds: string[];
  meetingIds: string[];
  /** Whether a subscriber covers all livestreams of the app. */
  isAppWide: boolean;
}

/** The subscribers and the watched livestreams of one account: each row of each upstream response looks up those that it concerns. */
export type WatchIndex = ReturnType<typeof createWatchIndex>;

/** How many livestreams without a published state to remember: a late response may show one as active that has ended. */
const MAX_RETIRED = 10_000;

type Groups = Map<string, Set<Subscriber>>;

/** `create` is called with the id of a livestream that is not being watched. */
export function createWatchIndex(create: (id: string) => WatchedLivestream) {
  const subscribers = new Set<Subscriber>();
  const byLivestream: Groups = new Map();
  const byMeeting: Groups = new Map();
  /** The subscribers to all livestreams, under the empty id. */
  const appWide: Groups = new Map();
  const published = new Map<string, WatchedLivestream>();
  const retired = new LRUCache<string, WatchedLivestream>({ max: MAX_RETIRED });

  function locate({ target: { livestreamId, meetingId } }: Subscriber): [groups: Groups, id: string] {
    if (livestreamId !== null) return [byLivestream, livestreamId];
    return meetingId === null ? [appWide, ''] : [byMeeting, meetingId];
  }

  const groupsFor = ({ id, meetingId }: Livestream): Set<Subscriber>[] =>
    [byLivestream.get(id), byMeeting.get(meetingId ?? ''), appWide.get('')].filter((group) => group !== undefined);
  const hasSubscribers = (livestream: Livestream): boolean => groupsFor(livestream).length > 0;
  const isOfConcern = (livestream: Livestream): boolean =>
    byLivestream.has(livestream.id) || (isActive(livestream) && hasSubscribers(livestream));
  const find = (id: string): WatchedLivestream | undefined => published.get(id) ?? retired.get(id);

  function watch(id: string): WatchedLivestream {
    const known = find(id);
    if (known !== undefined) return known;
    const created = create(id);
    retired.set(id, created);
    return created;
  }

  return {
    add(subscriber: Subscriber): void {
      const [groups, id] = locate(subscriber);
      groups.set(id, (groups.get(id) ?? new Set()).add(subscriber));
      subscribers.add(subscriber);
    },
    /** Returns whether the index contained the subscriber. */
    delete(subscriber: Subscriber): boolean {
      const [groups, id] = locate(subscriber);
      const group = groups.get(id);
      group?.delete(subscriber);
      if (group?.size === 0) groups.delete(id);
      return subscribers.delete(subscriber);
    },
    subscribers: (): ReadonlySet<Subscriber> => subscribers,
    topics: (): Topics => ({
      livestreamIds: [...byLivestream.keys()],
      meetingIds: [...byMeeting.keys()],
      isAppWide: appWide.size > 0,
    }),
    /** The subscribers whose target covers this livestream. */
    subscribersOf: (livestream: Livestream): Subscriber[] =>
      groupsFor(livestream).flatMap((group) => [...group].filter(({ target }) => matchesTarget(target, livestream))),
    /** Whether a subscriber may cover one of these. The meeting of a livestream is not always known. */
    mayCover({ livestreamId, meetingId }: ChangedIds): boolean {
      if (appWide.size > 0 || (livestreamId !== null && byLivestream.has(livestreamId))) return true;
      if (meetingId === null ? byMeeting.size > 0 : byMeeting.has(meetingId)) return true;
      const isInMeeting = (watched: WatchedLivestream): boolean =>
        watched.published?.livestream.meetingId === meetingId;
      return livestreamId === null && published.values().some(isInMeeting);
    },
    /** Whether the next change of this livestream concerns a subscriber. */
    isOfConcern,
    /** The livestream with this id, watched from now on. */
    watch,
    /** The livestream that must handle this state; undefined if the state concerns no subscriber. */
    handlerOf(livestream: Livestream): WatchedLivestream | undefined {
      if (!hasSubscribers(livestream)) return undefined;
      return isOfConcern(livestream) ? watch(livestream.id) : find(livestream.id);
    },
    find,
    /** The livestreams that have a published state. */
    published: (): WatchedLivestream[] => [...published.values()],
    /** Must be called when a livestream has gained or lost its published state. */
    update(watched: WatchedLivestream): void {
      const [from, to] = watched.published === null ? [published, retired] : [retired, published];
      from.delete(watched.id);
      to.set(watched.id, watched);
    },
  };
}
