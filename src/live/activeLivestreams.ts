import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { DataSource } from '../data/dataSource.ts';
import { livestreamsInStatus } from '../data/listReads.ts';
import type { Operation } from '../data/operation.ts';
import { ACTIVE_STATUSES } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';

/** Livestreams whose status is `LIVE` or `INVOKED`. */
export interface ActiveLivestreams {
  livestreams: Livestream[];
  /** Whether the app has no other active livestreams. */
  isComplete: boolean;
}

/**
 * Reads the app's active livestreams: all of them in bulk, or, where the lists do not report their length, the newest page for each
 * status. Nothing in the result is older than `since`.
 */
export async function readActiveLivestreams(
  { bulkReads, reads }: DataSource,
  operation: Operation,
  since?: HybridTimestamp,
): Promise<ActiveLivestreams> {
  const allActive = await bulkReads?.active(operation, since);
  if (allActive) return { livestreams: allActive, isComplete: true };
  const pages = await Promise.all(
    ACTIVE_STATUSES.map(async (status) => {
      const query = livestreamsInStatus(status);
      return reads.livestreams.get(operation, { query, range: { offset: 0, count: 100 } }, since);
    }),
  );
  return { livestreams: pages.flatMap(({ rows }) => rows).filter((row) => row !== null), isComplete: false };
}
