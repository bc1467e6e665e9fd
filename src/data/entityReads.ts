import { LRUCache } from 'lru-cache';
import * as v from 'valibot';

import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { hasEnded } from '../domain/livestreamState.ts';
import {
  type Livestream,
  type LivestreamRef,
  type LivestreamSession,
  type Meeting,
  livestreamRefSchema,
  livestreamSchema,
  livestreamSessionSchema,
  meetingSchema,
} from '../domain/models.ts';
import type { Endpoints } from '../realtimekit/endpoints.ts';
import { type AnalyticsReads, createAnalyticsReads } from './analyticsReads.ts';
import type { Cache } from './cache/cache.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import { livestreamTag, livestreamTags, meetingTag, ANY_SESSION } from './cache/tags.ts';
import { type TtlSettings, sessionTtl } from './cache/ttl.ts';
import type { ChangeListener, PendingName } from './changeFeed.ts';
import { createListReads, type ListReads } from './listReads.ts';
import type { Operation } from './operation.ts';

/** How many pending names to remember. */
const MAX_PENDING_NAMES = 10_000;

/**
 * Every read, served from the cache or from upstream. A livestream found in any response, such as a row of a list, also updates the
 * cached reads of that livestream and of its meeting's active livestream. Null means that upstream found nothing.
 */
export interface EntityReads extends AnalyticsReads, ListReads {
  meeting: CachedQuery<string, Meeting | null>;
  livestream: CachedQuery<string, Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: CachedQuery<string, LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: CachedQuery<string, LivestreamSession | null>;
  session: CachedQuery<string, LivestreamSession | null>;
  /** The current time. As a read's `since`: only values read after this call. */
  now(): HybridTimestamp;
  /** The time `ms` milliseconds ago. As a read's `since`: only values read after that. */
  ago(ms: number): HybridTimestamp;
  /** Remembers the name that a start sent, for livestreams that upstream returns without a name. */
  rememberName(accountId: string, pendingName: PendingName): void;
  /** Caches a livestream that another replica read at `timestamp`. */
  applyRemoteEntity(accountId: string, livestream: Livestream, timestamp: HybridTimestamp): void;
}

export function createEntityReads(
  endpoints: Endpoints,
  cache: Cache,
  { ttl, listener }: { ttl: TtlSettings; listener: Pick<ChangeListener, 'onLivestream' | 'onSession'> },
): EntityReads {
  const pendingNames = new LRUCache<string, string>({ max: MAX_PENDING_NAMES });
  const pendingNameKey = (accountId: string, livestreamId: string): string => `${accountId} ${livestreamId}`;
  const statusTtl = (value: unknown): number => (value === null ? ttl.negativeMs : ttl.statusMs);

  const meeting = cache.createQuery<string, Meeting | null>({
    route: '/meetings/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.meeting(operation, id),
    schema: v.nullable(meetingSchema),
    ttlMs: statusTtl,
    tags: (id) => [meetingTag(id)],
  });
  const livestream = cache.createQuery<string, Livestream | null>({
    route: '/livestreams/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.livestream(operation, id),
    onValue: (operation, _id, value, timestamp) => ingestLivestream(operation, value, timestamp),
    schema: v.nullable(livestreamSchema),
    ttlMs: statusTtl,
    tags: (id, value) => livestreamTags(id, value?.meetingId),
  });
  const activeLivestream = cache.createQuery<string, LivestreamRef | null>({
    route: '/meetings/{id}/active-livestream',
    keyOf: (meetingId) => meetingId,
    load: async (operation, meetingId, timestamp) =>
      ingestLivestream(operation, await endpoints.activeLivestream(operation, meetingId), timestamp),
    schema: v.nullable(livestreamRefSchema),
    ttlMs: statusTtl,
    tags: (meetingId, value) => [meetingTag(meetingId), ...(value === null ? [] : [livestreamTag(value.id)])],
    // A response that overtook this one may have shown that the livestream has ended.
    accepts(accountId, value) {
      const newest = value && livestream.getAnyAge(accountId, value.id);
      return !newest || !hasEnded(newest);
    },
  });
  const activeSession = cache.createQuery<string, LivestreamSession | null>({
    route: '/livestreams/{id}/active-livestream-session',
    keyOf: (livestreamId) => livestreamId,
    async load(operation, livestreamId, timestamp) {
      const response = await endpoints.activeSession(operation, livestreamId);
      ingestLivestream(operation, response.livestream, timestamp);
      return response.session;
    },
    onValue(operation, livestreamId, value, timestamp) {
      if (value !== null) session.set(operation.account.id, value.id, value, timestamp);
      listener.onSession(operation.account.id, livestreamId, value?.id ?? null, timestamp);
      return value;
    },
    schema: v.nullable(livestreamSessionSchema),
    ttlMs: (value) => sessionTtl(value, ttl),
    refreshAhead: true,
    tags: (livestreamId, _session, accountId) => sessionTags(accountId, livestreamId),
  });
  const session = cache.createQuery<string, LivestreamSession | null>({
    route: '/livestreams/sessions/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.session(operation, id),
    schema: v.nullable(livestreamSessionSchema),
    ttlMs: (value) => sessionTtl(value, ttl),
    // A session that has ended no longer changes, so nothing invalidates it.
    tags: (_id, value, accountId) =>
      value !== null && value.stoppedAt === null ? sessionTags(accountId, value.livestreamId) : [],
  });

  /** The tags of a livestream's running session. If its meeting is unknown, a change of any meeting invalidates it. */
  function sessionTags(accountId: string, livestreamId: string | null): string[] {
    const meetingId = livestreamId === null ? null : livestream.getAnyAge(accountId, livestreamId)?.meetingId;
    return [
      ...(livestreamId === null ? [] : [livestreamTag(livestreamId)]),
      meetingId ? meetingTag(meetingId) : ANY_SESSION,
    ];
  }

  /** Caches a livestream from a response to this operation, and returns it backfilled. */
  function ingestLivestream<Row extends Livestream | null>(
    { account, onLivestream }: Operation,
    row: Row,
    timestamp: HybridTimestamp,
  ): Row {
    return row === null ? row : ingestFor(account.id, row, timestamp, onLivestream);
  }

  /** `onCurrent` is called unless the livestream was invalidated after `timestamp`. */
  function ingestFor<Row extends Livestream>(
    accountId: string,
    row: Row,
    timestamp: HybridTimestamp,
    onCurrent: (livestream: Livestream) => void = () => {},
  ): Row {
    const current = backfill(accountId, row);
    const { id, meetingId, status } = current;
    if (cache.isInvalidated(accountId, livestreamTags(id, meetingId), timestamp)) return current;
    onCurrent(current);
    // Without a status, the response is too incomplete to cache: another endpoint may return more.
    if (status === 'UNKNOWN') return current;
    livestream.set(accountId, id, current, timestamp);
    listener.onLivestream(accountId, current, timestamp);
    if (meetingId === null) return current;
    if (!hasEnded(current)) activeLivestream.set(accountId, meetingId, current, timestamp);
    else if (activeLivestream.getAnyAge(accountId, meetingId)?.id === id)
      activeLivestream.expire(accountId, meetingId, timestamp);
    return current;
  }

  /** Fills in missing fields that never change during a livestream's life with their values from earlier responses. */
  function backfill<Row extends Livestream>(accountId: string, row: Row): Row {
    const { name, meetingId, ingestServer, streamKey, createdAt } = row;
    const isComplete = [name, meetingId, ingestServer, streamKey, createdAt].every((value) => value !== null);
    if (isComplete) return row;
    const known = livestream.getAnyAge(accountId, row.id);
    return {
      ...row,
      name: name ?? known?.name ?? pendingNames.get(pendingNameKey(accountId, row.id)) ?? null,
      meetingId: meetingId ?? known?.meetingId ?? null,
      ingestServer: ingestServer ?? known?.ingestServer ?? null,
      streamKey: streamKey ?? known?.streamKey ?? null,
      createdAt: createdAt ?? known?.createdAt ?? null,
    };
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    now: () => cache.now(),
    ago: (ms) => cache.ago(ms),
    rememberName: (accountId, { id, name }) => void pendingNames.set(pendingNameKey(accountId, id), name),
    applyRemoteEntity: (accountId, row, timestamp) => void ingestFor(accountId, row, timestamp),
    ...createListReads(endpoints, cache, ttl, { meeting, session, ingestLivestream, sessionTags }),
    ...createAnalyticsReads(endpoints, cache, ttl),
  };
}
