import { LRUCache } from 'lru-cache';

import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { hasEnded, isSameVisibleState } from '../domain/livestreamState.ts';
import type { Livestream, LivestreamRef, LivestreamSession, Meeting } from '../domain/models.ts';
import type { Entities } from '../realtimekit/loaded.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import type { Invalidations } from './cache/invalidation.ts';
import { livestreamTags } from './cache/tags.ts';
import type { ChangeListener, LivestreamRead, PendingName } from './changeFeed.ts';
import type { Operation } from './operation.ts';

/** The one way in for entities that were read: caches each of them under its own id, and publishes it. */
export type Ingestion = ReturnType<typeof createIngestion>;

interface IngestionOptions {
  invalidations: Pick<Invalidations, 'isInvalidated'>;
  queries: {
    meeting: CachedQuery<string, Meeting | null>;
    livestream: CachedQuery<string, Livestream | null>;
    activeLivestream: CachedQuery<string, LivestreamRef | null>;
    session: CachedQuery<string, LivestreamSession | null>;
  };
  listener: Pick<ChangeListener, 'onRead'>;
}

const MAX_PENDING_NAMES = 10_000;

export function createIngestion({ invalidations, queries, listener }: IngestionOptions) {
  const { meeting, livestream, activeLivestream, session } = queries;
  const pendingNames = new LRUCache<string, string>({ max: MAX_PENDING_NAMES });
  const pendingNameKey = (accountId: string, livestreamId: string): string => `${accountId} ${livestreamId}`;

  /**
   * Completes and caches a livestream. Returns what to publish, or null if newer data is known. `onCurrent` is called unless
   * the livestream was invalidated after `timestamp`.
   */
  function ingestLivestream(
    accountId: string,
    row: Livestream,
    timestamp: HybridTimestamp,
    onCurrent?: (livestream: Livestream) => void,
  ): LivestreamRead | null {
    const { id, status } = row;
    const known = livestream.getAnyAge(accountId, id);
    // Fields that never change during a livestream's life: a response that lacks them is completed with earlier ones.
    row.name ??= known?.name ?? pendingNames.get(pendingNameKey(accountId, id)) ?? null;
    row.meetingId ??= known?.meetingId ?? null;
    row.ingestServer ??= known?.ingestServer ?? null;
    row.streamKey ??= known?.streamKey ?? null;
    row.createdAt ??= known?.createdAt ?? null;
    const { meetingId } = row;
    if (invalidations.isInvalidated(accountId, livestreamTags(id, meetingId), timestamp)) return null;
    onCurrent?.(row);
    // Without a status, the response is too incomplete to cache: another endpoint may return more.
    if (status === 'UNKNOWN') return null;
    livestream.set(accountId, id, row, timestamp);
    if (meetingId !== null && !hasEnded(row)) activeLivestream.set(accountId, meetingId, row, timestamp);
    else if (meetingId !== null && activeLivestream.getAnyAge(accountId, meetingId)?.id === id)
      activeLivestream.expire(accountId, meetingId, timestamp);
    const newest = livestream.getAnyAge(accountId, id) ?? row;
    const isChanged = !known || !isSameVisibleState(known, row);
    return newest === row ? { livestreamId: id, livestream: row, isChanged, previous: known } : null;
  }

  return {
    /**
     * Ingests the entities of a response to this operation, which was read at `timestamp`. Completes the livestreams with values from
     * earlier responses that never change, and passes them to the operation.
     */
    ingest(operation: Operation, entities: Entities, timestamp: HybridTimestamp): void {
      const { id } = operation.account;
      const { livestreams = [], meetings = [], sessions = [], activeSession } = entities;
      // Livestreams first: the tags of a session contain its livestream's meeting.
      const reads = new Map<string, LivestreamRead>();
      for (const row of livestreams) {
        const read = row && ingestLivestream(id, row, timestamp, operation.onLivestream);
        if (read !== null) reads.set(read.livestreamId, read);
      }
      for (const row of meetings) if (row !== null) meeting.set(id, row.id, row, timestamp);
      for (const row of sessions) if (row !== null) session.set(id, row.id, row, timestamp);
      if (activeSession !== undefined) {
        const { session: active, livestreamId } = activeSession;
        if (active !== null) session.set(id, active.id, active, timestamp);
        reads.set(livestreamId, { ...reads.get(livestreamId), livestreamId, sessionId: active?.id ?? null });
      }
      for (const read of reads.values()) listener.onRead(id, read, timestamp);
    },
    /** Ingests a livestream that another replica read at `timestamp`. */
    ingestRemote(accountId: string, row: Livestream, timestamp: HybridTimestamp): void {
      const read = ingestLivestream(accountId, row, timestamp);
      if (read !== null) listener.onRead(accountId, read, timestamp);
    },
    /** Remembers the name that a start sent, for livestreams that upstream returns without a name. */
    rememberName: (accountId: string, { id, name }: PendingName) =>
      void pendingNames.set(pendingNameKey(accountId, id), name),
  };
}
