import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Operation } from '../data/operation.ts';
import { isActive } from '../domain/livestreamState.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { type ActiveLivestreams, readActiveLivestreams } from './activeLivestreams.ts';
import type { Topics } from './subscribers.ts';
import type { PublishedState } from './types.ts';

/*
 * Chooses and sends the reads of one poll round, with as few requests as possible: each livestream once however many subscribers it
 * has, and the lists of active livestreams in place of many single reads. When a round runs is up to `poller.ts`. The results go to
 * the publisher like every other upstream response, through the data source.
 */

/** From this number of subscribed livestreams and meetings on, the lists of active livestreams are read instead of each one. */
const LIST_THRESHOLD = 3;
/** How many inactive livestreams all replicas together poll in one round where the lists cover the active ones. */
const MAX_IDLE_PER_ROUND = 3;
/** The part of the poll interval during which a value that another replica read counts as a poll. */
const PEER_READ_FRACTION = 0.8;
/** How many livestreams and meetings are polled at a time. One operation may send 100 requests, and each of them takes a few. */
const BATCH_SIZE = 16;

export interface PollRoundOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  newOperation: () => Operation;
  /** The last published state by livestream id. */
  published: ReadonlyMap<string, PublishedState>;
  topics: () => Topics;
  /** How old the state of an inactive livestream may become before it is polled, where the lists cover the active ones. */
  maxIdleAgeMs: () => number;
}

export interface PollRound {
  /**
   * Polls everything that has a subscriber. `intervalMs` is the time between rounds: what another replica read within most of it is
   * not read again. Rejects if the lists fail, or all reads of a batch.
   */
  pollAll(intervalMs: number): Promise<void>;
  /** Reads these entities, not as they were before `since`. */
  refresh(ids: ChangedIds, since: HybridTimestamp): Promise<void>;
}

type PollStep = (operation: Operation) => Promise<void>;

export function createPollRound({
  account,
  dataSource,
  clock,
  newOperation,
  published,
  topics,
  maxIdleAgeMs,
}: PollRoundOptions): PollRound {
  const { reads } = dataSource;
  const publishedAsActive = (): Livestream[] =>
    [...published.values()].map(({ livestream }) => livestream).filter(isActive);

  async function pollAll(intervalMs: number): Promise<void> {
    const { livestreamIds, meetingIds, isAppWide } = topics();
    const maxPeerAgeMs = dataSource.replicaCount() > 1 ? intervalMs * PEER_READ_FRACTION : 0;
    const newPeerTolerantOperation = (): Operation => ({ ...newOperation(), maxPeerAgeMs });
    const { signal } = newOperation();
    const usesLists = isAppWide || livestreamIds.length + meetingIds.length >= LIST_THRESHOLD;
    const [active, failure] = usesLists ? await tryReadLists(newPeerTolerantOperation()) : [null, null];
    signal?.throwIfAborted();
    const listedIds = new Set(active?.livestreams.map(({ id }) => id));
    // Livestreams that were active, and must be in the lists unless they have ended.
    const expectedIds = usesLists && (active?.isComplete || isAppWide) ? publishedAsActive().map(({ id }) => id) : [];
    const subscribedIds = active?.isComplete ? dueIdle(livestreamIds) : livestreamIds;
    const unlistedIds = [...new Set([...expectedIds, ...subscribedIds])].filter((id) => !listedIds.has(id));
    const unlistedMeetingIds = active?.isComplete ? [] : meetingIds;
    // A livestream that the lists lack has probably changed, so that another replica's older read is not good enough.
    await runInBatches(signal, usesLists ? newOperation : newPeerTolerantOperation, [
      ...oldestFirst(unlistedIds).map((id) => async (operation: Operation) => pollLivestream(operation, id)),
      ...unlistedMeetingIds.map((id) => async (operation: Operation) => pollMeeting(operation, id)),
    ]);
    if (failure !== null) throw failure.error;
  }

  /** Returns the error of a failed read instead of throwing it: the single reads must go on without the lists. */
  async function tryReadLists(operation: Operation): Promise<[ActiveLivestreams | null, { error: unknown } | null]> {
    try {
      // Not from an older cached list: a livestream that is missing there has not ended.
      return [await readActiveLivestreams(dataSource, operation, currentFor(operation)), null];
    } catch (error) {
      return [null, { error }];
    }
  }

  /** The `since` of a read that must be current, where what another replica has read recently counts as current. */
  const currentFor = ({ maxPeerAgeMs = 0 }: Operation): HybridTimestamp =>
    maxPeerAgeMs > 0 ? reads.ago(maxPeerAgeMs) : reads.now();

  const logicalTimeOf = (id: string): number => published.get(id)?.timestamp.logical ?? 0;
  const oldestFirst = (ids: string[]): string[] =>
    ids.toSorted((one, other) => logicalTimeOf(one) - logicalTimeOf(other));

  /** This replica's share of the livestreams that are inactive, or unknown, and due for a poll. */
  function dueIdle(ids: string[]): string[] {
    const isDue = (id: string): boolean => {
      const last = published.get(id);
      if (last === undefined) return true;
      return !isActive(last.livestream) && clock.now() - last.timestamp.wallTime >= maxIdleAgeMs();
    };
    const share = Math.max(1, Math.round(MAX_IDLE_PER_ROUND / dataSource.replicaCount()));
    return oldestFirst(ids.filter(isDue)).slice(0, share);
  }

  /**
   * Runs the steps, a new operation for each batch. A step that fails does not stop the others. If all steps of a batch fail, the
   * remaining batches are not run, to spare upstream.
   */
  async function runInBatches(
    signal: CancellationSignal | undefined,
    newBatchOperation: () => Operation,
    steps: PollStep[],
  ): Promise<void> {
    for (let start = 0; start < steps.length; start += BATCH_SIZE) {
      signal?.throwIfAborted();
      const operation = newBatchOperation();
      const batch = steps.slice(start, start + BATCH_SIZE);
      const outcomes = await Promise.allSettled(batch.map(async (step) => step(operation)));
      const [first] = outcomes;
      if (first?.status === 'rejected' && outcomes.every(({ status }) => status === 'rejected')) throw first.reason;
    }
  }

  async function pollLivestream(operation: Operation, id: string): Promise<void> {
    const last = published.get(id);
    const isLive = last !== undefined && (last.sessionId || last.livestream.status === 'LIVE');
    const since = currentFor(operation);
    if (isLive && (await readWithSession(operation, id, since))) return;
    await reads.livestream.get(operation, id, isLive ? since : undefined);
  }

  /** Reads the livestream's session. Returns whether the response contained the livestream too, as it usually does. */
  async function readWithSession(operation: Operation, id: string, since: HybridTimestamp): Promise<boolean> {
    let hasLivestream = false;
    const onLivestream = (livestream: Livestream): void => {
      hasLivestream ||= livestream.id === id && livestream.status !== 'UNKNOWN';
    };
    const session = await reads.activeSession.get({ ...operation, onLivestream }, id, since);
    return session !== null && hasLivestream;
  }

  async function pollMeeting(operation: Operation, meetingId: string, since?: HybridTimestamp): Promise<void> {
    const last = publishedAsActive().find((livestream) => livestream.meetingId === meetingId);
    // A meeting has at most one active livestream: while it goes on, no other one can start.
    if (last !== undefined && since === undefined) {
      await pollLivestream(operation, last.id);
      const current = reads.livestream.getAnyAge(account.id, last.id);
      if (current && isActive(current)) return;
    }
    const active = await reads.activeLivestream.get(operation, meetingId, since);
    if (since === undefined) return;
    const replaced = publishedAsActive().filter(
      (livestream) => livestream.meetingId === meetingId && livestream.id !== active?.id,
    );
    await Promise.all(replaced.map(async ({ id }) => reads.livestream.get(operation, id, since)));
  }

  return {
    pollAll,
    async refresh({ livestreamId, meetingId }, since) {
      const operation = newOperation();
      const livestream = livestreamId && (await reads.livestream.get(operation, livestreamId, since));
      const isMeetingCovered = livestream && (livestream.meetingId !== null || meetingId === null);
      if (meetingId !== null && !isMeetingCovered) await pollMeeting(operation, meetingId, since);
    },
  };
}
