import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { GatewayError } from '../domain/errors.ts';
import { ACTIVE_STATUSES, hasEnded, isActive, isSameVisibleState } from '../domain/livestreamState.ts';
import type { ChangedIds, Livestream, LivestreamSession } from '../domain/models.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Account } from './account.ts';
import type { BulkReads } from './bulkReads.ts';
import type { LivestreamRead } from './changeFeed.ts';
import type { EntityReads } from './entityReads.ts';
import { livestreamsInStatus } from './listReads.ts';
import type { NewOperation, Operation } from './operation.ts';

/** A livestream and its running session, in one event. */
export interface LiveUpdate {
  livestream: Livestream;
  /** The id of the running session; null if no session is running, undefined if no read has shown either. */
  sessionId: string | null | undefined;
  /** When this was true: when the response was requested. */
  timestamp: HybridTimestamp;
  arrivedAt: HybridTimestamp;
}

/** Livestreams whose status is `LIVE` or `INVOKED`. */
export interface ActiveLivestreams {
  livestreams: Livestream[];
  /** Whether the app has no other active livestreams. */
  isComplete: boolean;
}

/**
 * The livestreams of one account, as subscriptions need them: everything that is read, by whomever, goes to `onUpdate`. A change of a
 * tracked livestream goes there together with its session, which is read first if the response does not contain it.
 */
export type LiveFeed = ReturnType<typeof createLiveFeed>;
/** What subscriptions read. Whatever is read from upstream also goes to `onUpdate`, before the read returns or soon after. */
export type LiveReader = ReturnType<LiveFeed['reader']>;

interface LiveFeedsOptions {
  reads: EntityReads;
  /** Null if the operator turned bulk reads off. */
  bulkReads: Pick<BulkReads, 'active'> | null;
  newOperation: NewOperation;
  clock: Clock;
}

/** How long an update waits for the session that belongs to it. */
const SESSION_TIMEOUT_MS = 2000;

/** The feeds of all accounts that have subscriptions. */
export function createLiveFeeds(options: LiveFeedsOptions) {
  /** By account id. */
  const feeds = new Map<string, LiveFeed>();
  return {
    /** Opens the account's feed. It ends when `signal` is aborted. An account has one feed at most. */
    open: (account: Account, signal: CancellationSignal, onUpdate: (update: LiveUpdate) => void): LiveFeed => {
      const feed = createLiveFeed(options, account, signal, onUpdate);
      feeds.set(account.id, feed);
      signal.addEventListener('abort', () => feeds.delete(account.id), { once: true });
      return feed;
    },
    onRead: (accountId: string, ...read: Parameters<LiveFeed['onRead']>) => feeds.get(accountId)?.onRead(...read),
  };
}

function createLiveFeed(
  { reads, bulkReads, newOperation, clock }: LiveFeedsOptions,
  account: Account,
  signal: CancellationSignal,
  onUpdate: (update: LiveUpdate) => void,
) {
  /** The last update of each tracked livestream, by id. */
  const tracked = new Map<string, LiveUpdate>();
  /** The newest state of each livestream whose session is being read for the next update, by id. */
  const settling = new Map<string, { newest: LiveUpdate }>();
  // An operation of its own for each read: the number of requests that one operation may send limits none of them.
  const operation = (maxPeerAgeMs = 0, onLivestream: (livestream: Livestream) => void = () => {}): Operation => ({
    ...newOperation(account, signal, onLivestream),
    maxPeerAgeMs,
  });

  /** Without `sessionId`, adds the known session. */
  function updateOf(livestream: Livestream, timestamp: HybridTimestamp, sessionId = knownSessionId(livestream)) {
    return { livestream, sessionId: hasEnded(livestream) ? null : sessionId, timestamp, arrivedAt: reads.now() };
  }

  function knownSessionId(livestream: Livestream): LiveUpdate['sessionId'] {
    const known = reads.activeSession.getAnyAge(account.id, livestream.id);
    if (known) return known.id;
    // A known null proves nothing: it may be newer than this state, and mean that the livestream has ended since.
    const last = tracked.get(livestream.id);
    return last && isSameVisibleState(last.livestream, livestream) ? last.sessionId : undefined;
  }

  function publish(update: LiveUpdate): void {
    const { livestream, timestamp } = update;
    const last = tracked.get(livestream.id);
    settling.delete(livestream.id);
    if (last !== undefined) tracked.set(livestream.id, update);
    // The session ended with the livestream: a subscriber that asks for it now must not get the cached one.
    const isEnd = last !== undefined && !hasEnded(last.livestream) && hasEnded(livestream);
    if (isEnd) reads.activeSession.set(account.id, livestream.id, null, timestamp);
    onUpdate(update);
  }

  /** Publishes a change together with the session that `read` returns, or without it if the read is slow or fails. */
  async function settle(update: LiveUpdate, read: () => Promise<string | null | undefined>): Promise<void> {
    const { id } = update.livestream;
    const state = { newest: update };
    settling.set(id, state);
    const createError = (): Error => new Error('The session could not be read in time.');
    const reading = withTimeout({ timeoutMs: SESSION_TIMEOUT_MS, clock, createError }, read);
    const sessionId = await reading.catch(() => undefined);
    const { livestream, timestamp, arrivedAt } = state.newest;
    if (settling.get(id) === state) publish({ ...updateOf(livestream, timestamp, sessionId), arrivedAt });
  }

  /** Undefined if the livestream has ended meanwhile. */
  async function readSessionId(livestream: Livestream, since: HybridTimestamp): Promise<string | null | undefined> {
    const session = await reads.activeSession.get(operation(), livestream.id, since);
    return session === null ? confirmNoSession(livestream) : session.id;
  }

  /** A livestream, active at last, turned out to have no session: it has ended, or runs without one, or has changed since. */
  async function confirmNoSession(livestream: Livestream): Promise<string | null | undefined> {
    const since = reads.now();
    const current = await reads.livestream.get(operation(), livestream.id, since);
    // Its end is published when it is read, or, if what was read is no longer certain, when it is read again.
    if (current === null || !isActive(current)) return undefined;
    return isSameVisibleState(current, livestream) ? null : readSessionId(current, since);
  }

  /** Reads the app's active livestreams: all of them in bulk, or, where the lists do not report their length, the newest of each status. */
  async function readActive(shared: Operation, since?: HybridTimestamp): Promise<ActiveLivestreams> {
    const all = await bulkReads?.active(shared, since);
    if (all) return { livestreams: all.rows.filter((row) => !hasEnded(row)), isComplete: true };
    const range = { offset: 0, count: 100 };
    const keys = ACTIVE_STATUSES.map((status) => ({ query: livestreamsInStatus(status), range }));
    const pages = await Promise.all(keys.map(async (key) => reads.livestreams.get(shared, key, since)));
    return { livestreams: pages.flatMap(({ rows }) => rows).filter((row) => row !== null), isComplete: false };
  }

  async function readTarget({ livestreamId, meetingId }: ChangedIds): Promise<(Livestream | null)[]> {
    if (livestreamId !== null) return [await reads.livestream.get(operation(), livestreamId)];
    if (meetingId === null) return (await readActive(operation())).livestreams;
    const active = await reads.activeLivestream.get(operation(), meetingId);
    return active === null ? [] : [await reads.livestream.get(operation(), active.id)];
  }

  return {
    /** Handles what a response to any caller, or another replica, shows of a livestream of this account. */
    onRead({ livestreamId: id, sessionId, ...read }: LivestreamRead, timestamp: HybridTimestamp): void {
      const last = tracked.get(id);
      if (read.livestream === undefined && (last === undefined || last.sessionId === sessionId)) return;
      const livestream = read.livestream ?? reads.livestream.getAnyAge(account.id, id) ?? last?.livestream;
      if (livestream === undefined) return;
      const update = updateOf(livestream, timestamp, sessionId ?? undefined);
      if (last === undefined || !isActive(livestream) || sessionId) return publish(update);
      const state = settling.get(id);
      const isSameSession = sessionId === undefined || sessionId === last.sessionId;
      // A session that came in the same response as the livestream is new enough.
      const since = { ...timestamp, logical: timestamp.logical - 1 };
      if (state !== undefined) state.newest = read.livestream === undefined ? state.newest : update;
      else if (isSameSession && isSameVisibleState(last.livestream, livestream)) publish(update);
      else if (sessionId === null) void settle(update, async () => confirmNoSession(livestream));
      else void settle(update, async () => readSessionId(livestream, since));
    },
    /** From now on, changes of this livestream are published together with its session. `update` was the last one. */
    track: (update: LiveUpdate): void => void tracked.set(update.livestream.id, update),
    untrack: (livestreamId: string): void => void tracked.delete(livestreamId),
    /**
     * Returns the current states of a livestream, of a meeting's active livestream, or, if both ids are null, of all active ones. They
     * may come from the cache, so that any state read from upstream replaces them.
     */
    async current(target: ChangedIds): Promise<LiveUpdate[]> {
      const rows = (await readTarget(target)).filter((row) => row !== null);
      // A cached list may be older than what is known of its livestreams.
      const newest = rows.map((row) => reads.livestream.getAnyAge(account.id, row.id) ?? row);
      return newest.map((livestream) => updateOf(livestream, { logical: 0, wallTime: clock.now() }));
    },
    /** `maxPeerAgeMs`: for how long a value that another replica has read counts as current. */
    reader: (maxPeerAgeMs = 0) => {
      const now = (): HybridTimestamp => (maxPeerAgeMs > 0 ? reads.ago(maxPeerAgeMs) : reads.now());
      /** With `since`, a read returns only what was true after that time. */
      const livestream = async (id: string, since?: HybridTimestamp): Promise<Livestream | null> =>
        reads.livestream.get(operation(maxPeerAgeMs), id, since);
      return {
        livestream,
        session: async (id: string) => reads.activeSession.get(operation(maxPeerAgeMs), id, now()),
        activeIn: async (meetingId: string, since?: HybridTimestamp) =>
          reads.activeLivestream.get(operation(maxPeerAgeMs), meetingId, since),
        /** Reads all active livestreams. Not from an older cached list: a livestream that is missing there has not ended. */
        active: async () => readActive(operation(maxPeerAgeMs), now()),
        /** Reads the livestream, and its running session if it was active: mostly one request for both. Rejects if either cannot be read. */
        async livestreamAndSession(id: string): Promise<Livestream | null> {
          const last = tracked.get(id);
          if (last === undefined || !isActive(last.livestream)) return livestream(id);
          const since = now();
          let found: Livestream | null = null;
          const onLivestream = (row: Livestream): void => void (row.id === id && (found = row));
          let session: LivestreamSession | null;
          try {
            session = await reads.activeSession.get(operation(maxPeerAgeMs, onLivestream), id, since);
          } catch (error) {
            // Unless upstream asks to wait, whether the livestream has ended can perhaps be read nevertheless.
            if (error instanceof GatewayError && error.retryAfterSeconds === undefined) await livestream(id, since);
            throw error;
          }
          return (session && found) ?? livestream(id, since);
        },
      };
    },
  };
}
