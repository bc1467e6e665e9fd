import { LRUCache } from 'lru-cache';

import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { hasEnded } from '../domain/livestreamState.ts';
import type { Livestream, LivestreamRef, LivestreamSession, Meeting } from '../domain/models.ts';
import type { Entities } from '../realtimekit/loaded.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import type { Invalidations } from './cache/invalidation.ts';
import { livestreamTags } from './cache/tags.ts';
import type { ChangeListener, PendingName } from './changeFeed.ts';
import type { Operation } from './operation.ts';

/** The one way in for entities that were read: caches each of them under its own id, and publishes it. */
export interface Ingestion {
  /**
   * Ingests the entities of a response to this operation, which was read at `timestamp`. Completes the livestreams with values from
   * earlier responses that never change, and passes them to the operation.
   */
  ingest(operation: Operation, entities: Entities, timestamp: HybridTimestamp): void;
  /** Ingests a livestream that another replica read at `timestamp`. */
  ingestRemote(accountId: string, livestream: Livestream, timestamp: HybridTimestamp): void;
  /** Remembers the name that a start sent, for livestreams that upstream returns without a name. */
  rememberName(accountId: string, pendingName: PendingName): void;
}

export interface IngestionOptions {
  invalidations: Pick<Invalidations, 'isInvalidated'>;
  /** Where to cache the entities. */
  queries: {
    meeting: CachedQuery<string, Meeting | null>;
    livestream: CachedQuery<string, Livestream | null>;
    activeLivestream: CachedQuery<string, LivestreamRef | null>;
    session: CachedQuery<string, LivestreamSession | null>;
  };
  listener: Pick<ChangeListener, 'onLivestream' | 'onSession'>;
}

/** How many pending names to remember. */
const MAX_PENDING_NAMES = 10_000;

export function createIngestion({ invalidations, queries, listener }: IngestionOptions): Ingestion {
  const { meeting, livestream, activeLivestream, session } = queries;
  const pendingNames = new LRUCache<string, string>({ max: MAX_PENDING_NAMES });
  const pendingNameKey = (accountId: string, livestreamId: string): string => `${accountId} ${livestreamId}`;

  /** `onCurrent` is called unless the livestream was invalidated after `timestamp`. */
  function ingestLivestream(
    accountId: string,
    row: Livestream,
    timestamp: HybridTimestamp,
    onCurrent?: (livestream: Livestream) => void,
  ): void {
    complete(accountId, row);
    const { id, meetingId, status } = row;
    if (invalidations.isInvalidated(accountId, livestreamTags(id, meetingId), timestamp)) return;
    onCurrent?.(row);
    // Without a status, the response is too incomplete to cache: another endpoint may return more.
    if (status === 'UNKNOWN') return;
    livestream.set(accountId, id, row, timestamp);
    listener.onLivestream(accountId, row, timestamp);
    if (meetingId === null) return;
    if (!hasEnded(row)) activeLivestream.set(accountId, meetingId, row, timestamp);
    else if (activeLivestream.getAnyAge(accountId, meetingId)?.id === id)
      activeLivestream.expire(accountId, meetingId, timestamp);
  }

  /** Fills in missing fields that never change during a livestream's life with their values from earlier responses. */
  function complete(accountId: string, row: Livestream): void {
    const { name, meetingId, ingestServer, streamKey, createdAt } = row;
    const isComplete =
      name !== null && meetingId !== null && ingestServer !== null && streamKey !== null && createdAt !== null;
    if (isComplete) return;
    const known = livestream.getAnyAge(accountId, row.id);
    row.name = name ?? known?.name ?? pendingNames.get(pendingNameKey(accountId, row.id)) ?? null;
    row.meetingId = meetingId ?? known?.meetingId ?? null;
    row.ingestServer = ingestServer ?? known?.ingestServer ?? null;
    row.streamKey = streamKey ?? known?.streamKey ?? null;
    row.createdAt = createdAt ?? known?.createdAt ?? null;
  }

  return {
    ingest({ account: { id }, onLivestream }, { livestreams = [], meetings = [], sessions = [], activeSession }, at) {
      // Livestreams first: the tags of a session contain its livestream's meeting.
      for (const row of livestreams) if (row !== null) ingestLivestream(id, row, at, onLivestream);
      for (const row of meetings) if (row !== null) meeting.set(id, row.id, row, at);
      for (const row of sessions) if (row !== null) session.set(id, row.id, row, at);
      if (activeSession === undefined) return;
      const { session: active, livestreamId } = activeSession;
      if (active !== null) session.set(id, active.id, active, at);
      listener.onSession(id, livestreamId, active?.id ?? null, at);
    },
    ingestRemote: (accountId, row, timestamp) => ingestLivestream(accountId, row, timestamp),
    rememberName: (accountId, { id, name }) => void pendingNames.set(pendingNameKey(accountId, id), name),
  };
}
