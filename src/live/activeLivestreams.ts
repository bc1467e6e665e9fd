import type { Livestream, LivestreamQuery } from '../domain/models.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { DataSource } from '../data/dataSource.ts';

/** Livestreams that are `LIVE` or `INVOKED`. */
export interface ActiveLivestreams {
  livestreams: Livestream[];
  /** Whether these are all. */
  isComplete: boolean;
}

/** What runs in the whole app: the lists as a whole, or where they do not tell how long they are, the newest of each. */
export async function readActiveLivestreams(
  { bulkReads, reads }: DataSource,
  operation: Operation,
  since?: HybridTimestamp,
): Promise<ActiveLivestreams> {
  const whole = await bulkReads?.active(operation, since);
  if (whole) return { livestreams: whole, isComplete: true };
  const pages = await Promise.all(
    (['INVOKED', 'LIVE'] as const).map(async (status) => {
      const query: LivestreamQuery = { status, excludeMeetings: false, from: null, to: null, order: 'DESC' };
      return reads.livestreams.get(operation, { query, range: { offset: 0, count: 100 } }, since);
    }),
  );
  return { livestreams: pages.flatMap(({ rows }) => rows).filter((row) => row !== null), isComplete: false };
}
