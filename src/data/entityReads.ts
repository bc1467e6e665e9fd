import * as v from 'valibot';

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
import { createAnalyticsReads } from './analyticsReads.ts';
import type { Cache } from './cache/cache.ts';
import type { CreateQuery } from './cache/cachedQuery.ts';
import type { ReadTogether } from './cache/inFlightReads.ts';
import { ANY_SESSION, livestreamTag, livestreamTags, meetingTag } from './cache/tags.ts';
import { sessionTtl, type TtlSettings } from './cache/ttl.ts';
import type { ChangeListener } from './changeFeed.ts';
import { createIngestion, type Ingestion } from './ingestion.ts';
import { createListReads, type LivestreamsKey } from './listReads.ts';

/** The reads that can be answered from the lists of active livestreams. */
export interface ReadsTogether {
  livestream: ReadTogether<string>;
  activeLivestream: ReadTogether<string>;
  livestreams: ReadTogether<LivestreamsKey>;
}

interface EntityReadsOptions {
  ttl: TtlSettings;
  listener: Pick<ChangeListener, 'onRead'>;
  /** Null if the operator turned bulk reads off. */
  readsTogether: () => ReadsTogether | null;
}

/** Every read, served from the cache or from upstream. Null means that upstream found nothing. */
export type EntityReads = ReturnType<typeof createEntityReads>['reads'];

export function createEntityReads(
  endpoints: Endpoints,
  cache: Cache,
  { ttl, listener, readsTogether }: EntityReadsOptions,
) {
  const statusTtl = (value: unknown): number => (value === null ? ttl.negativeMs : ttl.statusMs);
  const createQuery: CreateQuery = (options) =>
    cache.createQuery({ ingest: (...read) => ingestion.ingest(...read), ...options });

  const meeting = createQuery<string, Meeting | null>({
    route: '/meetings/{id}',
    keyOf: (id) => id,
    load: endpoints.meeting,
    schema: v.nullable(meetingSchema),
    ttlMs: statusTtl,
    tags: (id) => [meetingTag(id)],
  });
  const livestream = createQuery<string, Livestream | null>({
    route: '/livestreams/{id}',
    keyOf: (id) => id,
    load: endpoints.livestream,
    readTogether: (...lookup) => readsTogether()?.livestream(...lookup),
    entitiesIn: (value) => ({ livestreams: [value] }),
    schema: v.nullable(livestreamSchema),
    ttlMs: statusTtl,
    tags: (id, value) => livestreamTags(id, value?.meetingId),
  });
  /** By the meeting's id. */
  const activeLivestream = createQuery<string, LivestreamRef | null>({
    route: '/meetings/{id}/active-livestream',
    keyOf: (meetingId) => meetingId,
    load: endpoints.activeLivestream,
    readTogether: (...lookup) => readsTogether()?.activeLivestream(...lookup),
    schema: v.nullable(livestreamRefSchema),
    ttlMs: statusTtl,
    tags: (meetingId, value) => [meetingTag(meetingId), ...(value === null ? [] : [livestreamTag(value.id)])],
    // A response that overtook this one may have shown that the livestream has ended.
    accepts(accountId, value) {
      const newest = value && livestream.getAnyAge(accountId, value.id);
      return !newest || !hasEnded(newest);
    },
  });
  /** By the livestream's id. */
  const activeSession = createQuery<string, LivestreamSession | null>({
    route: '/livestreams/{id}/active-livestream-session',
    keyOf: (livestreamId) => livestreamId,
    load: endpoints.activeSession,
    entitiesIn: (value, livestreamId) => ({ activeSession: { livestreamId, session: value } }),
    schema: v.nullable(livestreamSessionSchema),
    // Also for one that has stopped: another one may be active by now.
    ttlMs: (value) => (value === null ? ttl.negativeMs : ttl.metersMs),
    refreshAhead: true,
    tags: (livestreamId, _session, accountId) => sessionTags(accountId, livestreamId),
  });
  const session = createQuery<string, LivestreamSession | null>({
    route: '/livestreams/sessions/{id}',
    keyOf: (id) => id,
    load: endpoints.session,
    schema: v.nullable(livestreamSessionSchema),
    ttlMs: (value) => sessionTtl(value, ttl),
    entityTags: (value) => (value?.livestreamId ? [livestreamTag(value.livestreamId)] : []),
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

  const queries = { meeting, livestream, activeLivestream, activeSession, session };
  const ingestion: Ingestion = createIngestion({ invalidations: cache, queries, listener });
  return {
    reads: {
      ...queries,
      ...createListReads(endpoints, createQuery, {
        meeting,
        statusMs: ttl.statusMs,
        sessionTags,
        readTogether: (...lookup) => readsTogether()?.livestreams(...lookup),
      }),
      ...createAnalyticsReads(endpoints, createQuery, ttl),
      /** The current time. As a read's `since`: only values read after this call. */
      now: cache.now,
      /** The time `ms` milliseconds ago. As a read's `since`: only values read after that. */
      ago: cache.ago,
    },
    ingestion,
  };
}
