import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import { livestreamsInStatus } from '../data/listReads.ts';
import { ACTIVE_STATUSES } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';

/** Livestreams whose status is `LIVE` or `INVOKED`. */
export interface ActiveLivestreams {
  livestreams: Livestream[];
  /** Whether the app has no other active livestreams. */
  isComplete: boolean;
}

/**
 * What subscriptions read, on behalf of one account. With `since`, a read returns only what was true after that time. Whatever is
 * read from upstream also reaches the watched livestreams through the data source's listeners, before the read returns.
 */
export type LiveReader = ReturnType<typeof createLiveReader>;

export interface LiveReaderOptions {
  dataSource: Pick<DataSource, 'bulkReads' | 'operation' | 'reads'>;
  account: Account;
  /** Ends all reads. */
  signal: CancellationSignal;
}

/** `maxPeerAgeMs`: for how long a value that another replica has read counts as current. */
export function createLiveReader({ dataSource, account, signal }: LiveReaderOptions, maxPeerAgeMs = 0) {
  const { bulkReads, reads } = dataSource;
  // An operation of its own for each read: the number of requests that one operation may send limits none of them.
  const operation = () => ({ ...dataSource.operation(account, signal, () => {}), maxPeerAgeMs });
  return {
    /** As `since`: what is read from now on, or what another replica has read within `maxPeerAgeMs`. */
    current: (): HybridTimestamp => (maxPeerAgeMs > 0 ? reads.ago(maxPeerAgeMs) : reads.now()),
    /** The newest known state, without a read: undefined if there is none, null if the livestream does not exist. */
    latest: (id: string) => reads.livestream.getAnyAge(account.id, id),
    /** The last known running session, without a read: undefined if unknown, null if no session is running. */
    latestSession: (id: string) => reads.activeSession.getAnyAge(account.id, id),
    livestream: (id: string, since?: HybridTimestamp) => reads.livestream.get(operation(), id, since),
    /** Reads the running session. The response usually contains the livestream too. */
    session: (id: string, since: HybridTimestamp) => reads.activeSession.get(operation(), id, since),
    /** Reads the active livestream of a meeting. */
    activeIn: (meetingId: string, since?: HybridTimestamp) => reads.activeLivestream.get(operation(), meetingId, since),
    /** Reads the app's active livestreams: all of them in bulk, or, where the lists do not report their length, the newest of each status. */
    async active(since?: HybridTimestamp): Promise<ActiveLivestreams> {
      const shared = operation();
      const all = await bulkReads?.active(shared, since);
      if (all) return { livestreams: all, isComplete: true };
      const pages = await Promise.all(
        ACTIVE_STATUSES.map(async (status) => {
          const query = livestreamsInStatus(status);
          return reads.livestreams.get(shared, { query, range: { offset: 0, count: 100 } }, since);
        }),
      );
      return { livestreams: pages.flatMap(({ rows }) => rows).filter((row) => row !== null), isComplete: false };
    },
    /** From `timestamp` on, no session of this livestream is running. */
    endSession: (id: string, timestamp: HybridTimestamp) => reads.activeSession.set(account.id, id, null, timestamp),
  };
}
