import { hasEnded } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';
import * as v from 'valibot';

import type { Livestream, LivestreamRef, LivestreamSession, Meeting } from '../domain/models.ts';
import { type AnalyticsReads, createAnalyticsReads } from './analyticsReads.ts';
import type { Cache } from './cache/cache.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { createMutationEffects, type MutationEffects } from './mutationEffects.ts';
import { type Endpoints } from '../realtimekit/endpoints.ts';
import { createListReads, type ListReads } from './listReads.ts';
import { type TtlSettings, sessionTtl } from './cache/ttl.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import type { PendingName, ChangeListener } from './changeFeed.ts';
import type { Operation } from './operation.ts';
import { livestreamRefSchema, livestreamSchema, meetingSchema, livestreamSessionSchema } from '../domain/models.ts';
import { livestreamTag, livestreamTags, meetingTag, ANY_SESSION } from './cache/tags.ts';

/** Names that were sent with a start, remembered for as long as upstream may not tell them. */
const MAX_PENDING_NAMES = 10_000;

/** Every read, from what is kept in common or from upstream. A livestream that stands in any answer serves all that ask for it. */
export interface EntityReads extends MutationEffects, AnalyticsReads, ListReads {
  meeting: CachedQuery<string, Meeting | null>;
  livestream: CachedQuery<string, Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: CachedQuery<string, LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: CachedQuery<string, LivestreamSession | null>;
  session: CachedQuery<string, LivestreamSession | null>;
  /** What is read with it as `since` is not older than this call. */
  now(): HybridTimestamp;
  /** What is read with it as `since` is not older than so many milliseconds. */
  past(milliseconds: number): HybridTimestamp;
  /** Another replica has started this. */
  applyRemoteName(accountId: string, named: PendingName): void;
  /** Another replica has seen this. */
  applyRemoteEntity(accountId: string, livestream: Livestream, moment: HybridTimestamp): void;
}

export function createEntityReads(
  endpoints: Endpoints,
  cache: Cache,
  { freshness, observer }: { freshness: TtlSettings; observer: ChangeListener },
): EntityReads {
  /** By account and livestream. */
  const pendingNames = new LRUCache<string, string>({ max: MAX_PENDING_NAMES });
  const ofStatus = (value: unknown): number => (value === null ? freshness.negativeMs : freshness.statusMs);
  const ofSession = (session: LivestreamSession | null): number => sessionTtl(session, freshness);

  const meeting = cache.createQuery<string, Meeting | null>({
    route: '/meetings/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.meeting(operation, id),
    schema: v.nullable(meetingSchema),
    ttlMs: ofStatus,
    tags: (id) => [meetingTag(id)],
  });
  const livestream = cache.createQuery<string, Livestream | null>({
    route: '/livestreams/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.livestream(operation, id),
    onValue: (operation, _id, value, moment) => ingest(operation, value, moment),
    schema: v.nullable(livestreamSchema),
    ttlMs: ofStatus,
    tags: (id, value) => livestreamTags(id, value?.meetingId),
  });
  const activeLivestream = cache.createQuery<string, LivestreamRef | null>({
    route: '/meetings/{id}/active-livestream',
    keyOf: (meetingId) => meetingId,
    load: async (operation, id, moment) => ingest(operation, await endpoints.activeLivestream(operation, id), moment),
    schema: v.nullable(livestreamRefSchema),
    ttlMs: ofStatus,
    tags: (meetingId, value) => [meetingTag(meetingId), ...(value === null ? [] : [livestreamTag(value.id)])],
    // It may have been seen to have ended by an answer that overtook this one.
    accepts(accountId, value) {
      const newest = value && livestream.getAnyAge(accountId, value.id);
      return !newest || !hasEnded(newest);
    },
  });
  const activeSession = cache.createQuery<string, LivestreamSession | null>({
    route: '/livestreams/{id}/active-livestream-session',
    keyOf: (livestreamId) => livestreamId,
    async load(operation, livestreamId, moment) {
      const answer = await endpoints.activeSession(operation, livestreamId);
      ingest(operation, answer.livestream, moment);
      return answer.session;
    },
    onValue(operation, livestreamId, value, moment) {
      if (value !== null) session.set(operation.account.id, value.id, value, moment);
      observer.onSession(operation.account.id, livestreamId, value?.id ?? null, moment);
      return value;
    },
    schema: v.nullable(livestreamSessionSchema),
    ttlMs: ofSession,
    refreshAhead: true,
    tags: (livestreamId, _session, accountId) => sessionTags(accountId, livestreamId),
  });
  const session = cache.createQuery<string, LivestreamSession | null>({
    route: '/livestreams/sessions/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.session(operation, id),
    schema: v.nullable(livestreamSessionSchema),
    ttlMs: ofSession,
    // One that has ended changes no more.
    tags: (_id, value, accountId) =>
      value !== null && value.stoppedAt === null ? sessionTags(accountId, value.livestreamId) : [],
  });

  /** A running session is its livestream's and its meeting's; where that is not known, it may be any meeting's. */
  function sessionTags(accountId: string, livestreamId: string | null): string[] {
    const meetingId = livestreamId === null ? null : livestream.getAnyAge(accountId, livestreamId)?.meetingId;
    return [
      ...(livestreamId === null ? [] : [livestreamTag(livestreamId)]),
      meetingId ? meetingTag(meetingId) : ANY_SESSION,
    ];
  }

  /** Puts a livestream where all will find it who ask for it, unless it was changed since. */
  function ingest<Seen extends Livestream | null>(
    { account, onLivestream: tell }: Operation,
    answered: Seen,
    moment: HybridTimestamp,
  ): Seen {
    return answered === null ? answered : ingestFrom(account.id, answered, moment, tell);
  }

  function ingestFrom<Seen extends Livestream>(
    accountId: string,
    answered: Seen,
    moment: HybridTimestamp,
    tell: (livestream: Livestream) => void = () => {},
  ): Seen {
    const seen = backfill(accountId, answered);
    const { id, meetingId, status } = seen;
    if (cache.isInvalidated(accountId, livestreamTags(id, meetingId), moment)) return seen;
    tell(seen);
    // Of which not even the status was told: another read may tell more.
    if (status === 'UNKNOWN') return seen;
    livestream.set(accountId, id, seen, moment);
    observer.onLivestream(accountId, seen, moment);
    if (meetingId === null) return seen;
    if (!hasEnded(seen)) activeLivestream.set(accountId, meetingId, seen, moment);
    else if (activeLivestream.getAnyAge(accountId, meetingId)?.id === id)
      activeLivestream.expire(accountId, meetingId, moment);
    return seen;
  }

  /** With what never changes in a livestream's life, where this answer leaves it out and an earlier one told it. */
  function backfill<Answered extends Livestream>(accountId: string, answered: Answered): Answered {
    const { name, meetingId, ingestServer, streamKey, createdAt } = answered;
    const isWhole = [name, meetingId, ingestServer, streamKey, createdAt].every((value) => value !== null);
    if (isWhole) return answered;
    const known = livestream.getAnyAge(accountId, answered.id);
    return {
      ...answered,
      name: name ?? known?.name ?? pendingNames.get(`${accountId} ${answered.id}`) ?? null,
      meetingId: meetingId ?? known?.meetingId ?? null,
      ingestServer: ingestServer ?? known?.ingestServer ?? null,
      streamKey: streamKey ?? known?.streamKey ?? null,
      createdAt: createdAt ?? known?.createdAt ?? null,
    };
  }

  function ingestMeetings<Row extends Meeting | null>(
    { account }: Operation,
    rows: Row[],
    moment: HybridTimestamp,
  ): Row[] {
    for (const row of rows) if (row !== null) meeting.set(account.id, row.id, row, moment);
    return rows;
  }

  function ingestSessions(
    { account }: Operation,
    rows: readonly (LivestreamSession | null)[],
    moment: HybridTimestamp,
  ): void {
    for (const row of rows) if (row !== null) session.set(account.id, row.id, row, moment);
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    now: () => cache.now(),
    past: (milliseconds) => cache.ago(milliseconds),
    applyRemoteName: (accountId, { id, name }) => void pendingNames.set(`${accountId} ${id}`, name),
    applyRemoteEntity: (accountId, seen, moment) => void ingestFrom(accountId, seen, moment),
    ...createListReads(endpoints, cache, freshness, {
      ingestLivestream: ingest,
      ingestMeetings,
      ingestSessions,
      sessionTags,
    }),
    ...createAnalyticsReads(endpoints, cache, freshness),
    ...createMutationEffects({ cache, activeLivestream, pendingNames, observer }),
  };
}
