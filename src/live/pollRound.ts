import { isActive } from '../domain/livestreamState.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import type { Account } from '../data/account.ts';
import type { Livestream } from '../domain/models.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { DataSource } from '../data/dataSource.ts';
import { type ActiveLivestreams, readActiveLivestreams } from './activeLivestreams.ts';
import type { Topics } from './subscribers.ts';
import { type PublishedState } from './types.ts';

/** From how many watched livestreams and meetings on the lists of what is live are read in place of each of them. */
const LIST_THRESHOLD = 3;
/** Of those that do not run, how many all replicas together look at in one look where the lists tell the rest. */
const MAX_IDLE_PER_ROUND = 3;
/** The part of the time between two looks for which what another replica has read is as good as a look. */
const PEER_READ_FRACTION = 0.8;
/** How many are looked at side by side, each with a few requests: an operation may send a hundred. */
const BATCH_SIZE = 16;

export interface PollRoundOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  newOperation: (see?: (livestream: Livestream) => void) => Operation;
  published: ReadonlyMap<string, PublishedState>;
  topics: () => Topics;
  /** How old, in milliseconds, what is known of one that does not run may get where the lists do not tell of it. */
  maxIdleAgeMs: () => number;
}

/** One look serves all who watch the same; many are the lists of what is live, and what these do not tell. */
export interface PollRound {
  /** `every`: how often that is done, in milliseconds; what another replica has seen since the last time counts. */
  pollAll(every: number): Promise<void>;
  /** Not as it was before `moment`. */
  refresh(ids: ChangedIds, moment: HybridTimestamp): Promise<void>;
}

type Step = (operation: Operation) => Promise<void>;

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
  const running = (): PublishedState[] => [...published.values()].filter(({ livestream }) => isActive(livestream));

  async function pollAll(every: number): Promise<void> {
    const { livestreamIds, meetingIds, isAppWide } = topics();
    const maxPeerAgeMs = dataSource.replicaCount() > 1 ? every * PEER_READ_FRACTION : 0;
    const tolerant = (): Operation => ({ ...newOperation(), maxPeerAgeMs });
    const { signal } = newOperation();
    const isMany = isAppWide || livestreamIds.length + meetingIds.length >= LIST_THRESHOLD;
    const [active, failure] = isMany ? await readLists(tolerant()) : [null, null];
    signal?.throwIfAborted();
    const activeIds = new Set(active?.livestreams.map(({ id }) => id));
    const isUnseen = (id: string): boolean => !activeIds.has(id);
    const gone = isMany && (active?.isComplete || isAppWide) ? running().map(({ livestream }) => livestream.id) : [];
    const named = active?.isComplete ? dueIdle(livestreamIds) : livestreamIds;
    const ids = [...new Set([...gone, ...named])].filter(isUnseen);
    // What the lists have missed is suspicious: it is to be seen as it is now.
    await inPieces(signal, isMany ? newOperation : tolerant, [
      ...oldestFirst(ids).map((id) => async (operation: Operation) => atLivestream(operation, id)),
      ...(active?.isComplete ? [] : meetingIds).map((id) => async (operation: Operation) => atMeeting(operation, id)),
    ]);
    if (failure !== null) throw failure.error;
  }

  /** As they are now: what is missing in an older one has not ended. Lists that fail keep nobody from being looked at. */
  async function readLists(operation: Operation): Promise<[ActiveLivestreams | null, { error: unknown } | null]> {
    try {
      return [await readActiveLivestreams(dataSource, operation, nowFor(operation)), null];
    } catch (error) {
      return [null, { error }];
    }
  }

  /** What another replica has read lately is as good as new. */
  const nowFor = ({ maxPeerAgeMs = 0 }: Operation): HybridTimestamp =>
    maxPeerAgeMs > 0 ? reads.ago(maxPeerAgeMs) : reads.now();

  const orderOf = (id: string): number => published.get(id)?.timestamp.logical ?? 0;
  const oldestFirst = (ids: string[]): string[] => ids.toSorted((one, other) => orderOf(one) - orderOf(other));

  /** Some of those that are not believed to run, whose turn it is. */
  function dueIdle(ids: string[]): string[] {
    const isDue = (id: string): boolean => {
      const known = published.get(id);
      return (
        known === undefined || (!isActive(known.livestream) && clock.now() - known.timestamp.wallTime >= maxIdleAgeMs())
      );
    };
    const own = Math.max(1, Math.round(MAX_IDLE_PER_ROUND / dataSource.replicaCount()));
    return oldestFirst(ids.filter(isDue)).slice(0, own);
  }

  /** One that fails keeps nobody else from being looked at; where all of a piece fail, upstream is spared the rest. */
  async function inPieces(signal: AbortSignal | undefined, beginPiece: () => Operation, steps: Step[]): Promise<void> {
    for (let from = 0; from < steps.length; from += BATCH_SIZE) {
      signal?.throwIfAborted();
      const operation = beginPiece();
      const outcomes = await Promise.allSettled(
        steps.slice(from, from + BATCH_SIZE).map(async (step) => step(operation)),
      );
      const [first] = outcomes;
      if (first?.status === 'rejected' && outcomes.every(({ status }) => status === 'rejected')) throw first.reason;
    }
  }

  async function atLivestream(operation: Operation, id: string, since?: HybridTimestamp): Promise<void> {
    const known = published.get(id);
    const isLive = known !== undefined && (known.sessionId || known.livestream.status === 'LIVE');
    const moment = since ?? nowFor(operation);
    // The answer about the session of one that runs tells the livestream too, as a rule.
    if (isLive && (await isToldBySession(operation, id, moment))) return;
    await reads.livestream.get(operation, id, isLive ? moment : since);
  }

  async function isToldBySession(operation: Operation, id: string, moment: HybridTimestamp): Promise<boolean> {
    let isTold = false;
    const onLivestream = (seen: Livestream): void => {
      isTold ||= seen.id === id && seen.status !== 'UNKNOWN';
    };
    const session = await reads.activeSession.get({ ...operation, onLivestream }, id, moment);
    return session !== null && isTold;
  }

  async function atMeeting(operation: Operation, meetingId: string, since?: HybridTimestamp): Promise<void> {
    const known = running().find(({ livestream }) => livestream.meetingId === meetingId);
    // While one runs, no other can: only its end makes room.
    if (known !== undefined && since === undefined) {
      const { id } = known.livestream;
      await atLivestream(operation, id);
      const held = reads.livestream.getAnyAge(account.id, id);
      if (held && isActive(held)) return;
    }
    const active = await reads.activeLivestream.get(operation, meetingId, since);
    const gone = running().filter(({ livestream: { id, meetingId: of } }) => of === meetingId && id !== active?.id);
    if (since !== undefined)
      await Promise.all(gone.map(async ({ livestream }) => reads.livestream.get(operation, livestream.id, since)));
  }

  return {
    pollAll,
    async refresh({ livestreamId, meetingId }, moment) {
      const operation = newOperation();
      const livestream = livestreamId && (await reads.livestream.get(operation, livestreamId, moment));
      const isWhole = livestream && (livestream.meetingId !== null || meetingId === null);
      if (meetingId !== null && !isWhole) await atMeeting(operation, meetingId, moment);
    },
  };
}
