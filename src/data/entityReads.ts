import { hasEnded } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';
import * as v from 'valibot';

import type { Livestream, LivestreamRef, LivestreamSession, Meeting } from '../domain/models.ts';
import { type AnalyticsReads, createAnalyticsReads } from './analyticsReads.ts';
import type { Cache } from './cache/cache.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import { createEffects, type Effects } from './mutationEffects.ts';
import { type Endpoints } from '../realtimekit/endpoints.ts';
import { createListReads, type ListReads } from './listReads.ts';
import { type FreshnessSettings, sessionFreshness } from './cache/ttl.ts';
import type { Kind } from './cache/cachedQuery.ts';
import type { Named, Observer } from './changeFeed.ts';
import type { Operation } from './operation.ts';
import { livestreamRefSchema, livestreamSchema, meetingSchema, sessionSchema } from '../domain/schemas.ts';
import { aboutLivestream, aboutLivestreamOf, aboutMeeting, ANY_SESSION } from './cache/tags.ts';

/** Names that were sent with a start, remembered for as long as upstream may not tell them. */
const MOST_NAMES = 10_000;

/** Every read, from what is kept in common or from upstream. A livestream that stands in any answer serves all that ask for it. */
export interface Reads extends Effects, AnalyticsReads, ListReads {
  meeting: Kind<string, Meeting | null>;
  livestream: Kind<string, Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: Kind<string, LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: Kind<string, LivestreamSession | null>;
  session: Kind<string, LivestreamSession | null>;
  /** What is read with it as `since` is not older than this call. */
  now(): Moment;
  /** What is read with it as `since` is not older than so many milliseconds. */
  past(milliseconds: number): Moment;
  /** Another replica has started this. */
  namedElsewhere(accountId: string, named: Named): void;
  /** Another replica has seen this. */
  seenElsewhere(accountId: string, livestream: Livestream, moment: Moment): void;
}

export function createReads(
  endpoints: Endpoints,
  cache: Cache,
  { freshness, observer }: { freshness: FreshnessSettings; observer: Observer },
): Reads {
  /** By account and livestream. */
  const sentNames = new LRUCache<string, string>({ max: MOST_NAMES });
  const ofStatus = (value: unknown): number => (value === null ? freshness.nothing : freshness.status);
  const ofSession = (session: LivestreamSession | null): number => sessionFreshness(session, freshness);

  const meeting = cache.kind<string, Meeting | null>({
    route: '/meetings/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.meeting(operation, id),
    schema: v.nullable(meetingSchema),
    freshness: ofStatus,
    tags: (id) => [aboutMeeting(id)],
  });
  const livestream = cache.kind<string, Livestream | null>({
    route: '/livestreams/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.livestream(operation, id),
    take: (operation, _id, value, moment) => see(operation, value, moment),
    schema: v.nullable(livestreamSchema),
    freshness: ofStatus,
    tags: (id, value) => aboutLivestreamOf(id, value?.meetingId),
  });
  const activeLivestream = cache.kind<string, LivestreamRef | null>({
    route: '/meetings/{id}/active-livestream',
    keyOf: (meetingId) => meetingId,
    load: async (operation, id, moment) => see(operation, await endpoints.activeLivestream(operation, id), moment),
    schema: v.nullable(livestreamRefSchema),
    freshness: ofStatus,
    tags: (meetingId, value) => [aboutMeeting(meetingId), ...(value === null ? [] : [aboutLivestream(value.id)])],
    // It may have been seen to have ended by an answer that overtook this one.
    isCurrent(accountId, value) {
      const newest = value && livestream.held(accountId, value.id);
      return !newest || !hasEnded(newest);
    },
  });
  const activeSession = cache.kind<string, LivestreamSession | null>({
    route: '/livestreams/{id}/active-livestream-session',
    keyOf: (livestreamId) => livestreamId,
    async load(operation, livestreamId, moment) {
      const answer = await endpoints.activeSession(operation, livestreamId);
      see(operation, answer.livestream, moment);
      return answer.session;
    },
    take(operation, livestreamId, value, moment) {
      if (value !== null) session.put(operation.account.id, value.id, value, moment);
      observer.session(operation.account.id, livestreamId, value?.id ?? null, moment);
      return value;
    },
    schema: v.nullable(sessionSchema),
    freshness: ofSession,
    readsAhead: true,
    tags: (livestreamId, _session, accountId) => aboutSession(accountId, livestreamId),
  });
  const session = cache.kind<string, LivestreamSession | null>({
    route: '/livestreams/sessions/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.session(operation, id),
    schema: v.nullable(sessionSchema),
    freshness: ofSession,
    // One that has ended changes no more.
    tags: (_id, value, accountId) =>
      value !== null && value.stoppedAt === null ? aboutSession(accountId, value.livestreamId) : [],
  });

  /** A running session is its livestream's and its meeting's; where that is not known, it may be any meeting's. */
  function aboutSession(accountId: string, livestreamId: string | null): string[] {
    const meetingId = livestreamId === null ? null : livestream.held(accountId, livestreamId)?.meetingId;
    return [
      ...(livestreamId === null ? [] : [aboutLivestream(livestreamId)]),
      meetingId ? aboutMeeting(meetingId) : ANY_SESSION,
    ];
  }

  /** Puts a livestream where all will find it who ask for it, unless it was changed since. */
  function see<Seen extends Livestream | null>(
    { account, onLivestream: tell }: Operation,
    answered: Seen,
    moment: Moment,
  ): Seen {
    return answered === null ? answered : seeIn(account.id, answered, moment, tell);
  }

  function seeIn<Seen extends Livestream>(
    accountId: string,
    answered: Seen,
    moment: Moment,
    tell: (livestream: Livestream) => void = () => {},
  ): Seen {
    const seen = completed(accountId, answered);
    const { id, meetingId, status } = seen;
    if (cache.isVoid(accountId, aboutLivestreamOf(id, meetingId), moment)) return seen;
    tell(seen);
    // Of which not even the status was told: another read may tell more.
    if (status === 'UNKNOWN') return seen;
    livestream.put(accountId, id, seen, moment);
    observer.livestream(accountId, seen, moment);
    if (meetingId === null) return seen;
    if (!hasEnded(seen)) activeLivestream.put(accountId, meetingId, seen, moment);
    else if (activeLivestream.held(accountId, meetingId)?.id === id)
      activeLivestream.drop(accountId, meetingId, moment);
    return seen;
  }

  /** With what never changes in a livestream's life, where this answer leaves it out and an earlier one told it. */
  function completed<Answered extends Livestream>(accountId: string, answered: Answered): Answered {
    const { name, meetingId, ingestServer, streamKey, createdAt } = answered;
    const isWhole = [name, meetingId, ingestServer, streamKey, createdAt].every((value) => value !== null);
    if (isWhole) return answered;
    const known = livestream.held(accountId, answered.id);
    return {
      ...answered,
      name: name ?? known?.name ?? sentNames.get(`${accountId} ${answered.id}`) ?? null,
      meetingId: meetingId ?? known?.meetingId ?? null,
      ingestServer: ingestServer ?? known?.ingestServer ?? null,
      streamKey: streamKey ?? known?.streamKey ?? null,
      createdAt: createdAt ?? known?.createdAt ?? null,
    };
  }

  function seeMeetings<Row extends Meeting | null>({ account }: Operation, rows: Row[], moment: Moment): Row[] {
    for (const row of rows) if (row !== null) meeting.put(account.id, row.id, row, moment);
    return rows;
  }

  function seeSessions({ account }: Operation, rows: readonly (LivestreamSession | null)[], moment: Moment): void {
    for (const row of rows) if (row !== null) session.put(account.id, row.id, row, moment);
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    now: () => cache.now(),
    past: (milliseconds) => cache.past(milliseconds),
    namedElsewhere: (accountId, { id, name }) => void sentNames.set(`${accountId} ${id}`, name),
    seenElsewhere: (accountId, seen, moment) => void seeIn(accountId, seen, moment),
    ...createListReads(endpoints, cache, freshness, { see, seeMeetings, seeSessions, aboutSession }),
    ...createAnalyticsReads(endpoints, cache, freshness),
    ...createEffects({ cache, activeLivestream, sentNames, observer }),
  };
}
