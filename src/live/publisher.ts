import { LRUCache } from 'lru-cache';

import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Operation } from '../data/operation.ts';
import { hasEnded, isActive, isSameVisibleState } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { sleep } from '../lib/timeout.ts';
import type { Subscriber, Subscribers } from './subscribers.ts';
import { type LiveState, type PublishedState } from './types.ts';

/*
 * Turns states that were read into events for subscribers. The publisher puts the states of each livestream in order, adds the running
 * session, and delivers only what changed. It does not decide when to read: states come in from upstream responses to any caller. It
 * only reads a livestream or its session again where a state is incomplete or contradicts another one.
 */

export interface PublisherOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  subscribers: Subscribers;
  newOperation: () => Operation;
  /** Called after a changed state was published; `previous` is undefined if it is the livestream's first. */
  onPublished: (livestream: Livestream, previous: Livestream | undefined) => void;
}

export interface Publisher {
  /** The last published state by livestream id. Only livestreams whose next change concerns a subscriber have an entry. */
  published: ReadonlyMap<string, PublishedState>;
  /** Delivers the current state of a livestream to a new subscriber. */
  sendInitialState(subscriber: Subscriber, livestream: Livestream): void;
  /** Handles a livestream as it was at `timestamp`. */
  onLivestream(livestream: Livestream, timestamp: HybridTimestamp): void;
  /** Handles the id of the session that was running at `timestamp`; null if no session was running. */
  onSession(livestreamId: string, sessionId: string | null, timestamp: HybridTimestamp): void;
  /** Marks a livestream whose session a subscriber could not read, for `resendNacked`. */
  requeue(livestreamId: string): void;
  /** Reads the sessions of all marked livestreams, and delivers the livestreams again. Rejects with the first error. */
  resendNacked(): Promise<void>;
  /** Removes the states whose next change no longer concerns a subscriber. */
  prune(): void;
}

/** How long the publication of a change waits for the session that belongs to it. */
const SESSION_TIMEOUT_MS = 2000;
const MAX_REMEMBERED_ARRIVALS = 10_000;

export function createPublisher(options: PublisherOptions): Publisher {
  const { account, dataSource, clock, subscribers, newOperation } = options;
  const { reads } = dataSource;
  const published = new Map<string, PublishedState>();
  /** The logical time at which the last published state arrived, by livestream id; also of ended livestreams. */
  const arrivals = new LRUCache<string, number>({ max: MAX_REMEMBERED_ARRIVALS });
  /** Ids of livestreams whose session a subscriber could not read. */
  const nacked = new Set<string>();
  /** The last task of `serialize`, by livestream id. */
  const tasks = new Map<string, Promise<void>>();
  /** The newest known state of a livestream; undefined if there is none, null if the livestream does not exist. */
  const latest = (id: string): Livestream | null | undefined => reads.livestream.getAnyAge(account.id, id);

  /** Delivers a state to all subscribers that it concerns, unless a newer one was published. Without `sessionId`, adds the known one. */
  function publish(livestream: Livestream, timestamp: HybridTimestamp, sessionId?: string | null): void {
    const { id } = livestream;
    const last = published.get(id);
    if (last !== undefined && last.timestamp.logical > timestamp.logical) return;
    // A livestream that was not active before and is not now concerns only the subscribers to its id.
    const isOrWasActive = isActive(livestream) || (last !== undefined && isActive(last.livestream));
    const recipients = subscribers
      .matching(livestream)
      .filter(({ target }) => isOrWasActive || target.livestreamId === id);
    if (recipients.length === 0) return;
    const state: LiveState = {
      livestream,
      sessionId: sessionId === undefined ? knownSessionId(livestream, last) : sessionId,
    };
    published.set(id, { ...state, timestamp });
    arrivals.set(id, reads.now().logical);
    // The session ended with the livestream: a subscriber that asks for it now must not get the cached one.
    if (hasEnded(livestream)) reads.activeSession.set(account.id, id, null, timestamp);
    const isUnchanged =
      last !== undefined && isSameVisibleState(last.livestream, livestream) && last.sessionId === state.sessionId;
    if (!isUnchanged) for (const { queue } of recipients) queue.push(id, state);
    if (!isStillRelevant(livestream)) published.delete(id);
    if (!isUnchanged) options.onPublished(livestream, last?.livestream);
  }

  function knownSessionId(livestream: Livestream, last: LiveState | undefined): string | null | undefined {
    if (hasEnded(livestream)) return null;
    const cached = reads.activeSession.getAnyAge(account.id, livestream.id);
    if (cached) return cached.id;
    // A cached null proves nothing: it may be newer than this state, and mean that the livestream has ended since.
    return last !== undefined && isSameVisibleState(last.livestream, livestream) ? last.sessionId : undefined;
  }

  /** Whether the livestream's next change concerns a subscriber. */
  function isStillRelevant(livestream: Livestream): boolean {
    return subscribers.isTracked(livestream.id) || (isActive(livestream) && subscribers.hasMatch(livestream));
  }

  /**
   * Whether a state differs from the published one, and was requested before that one arrived. Nobody knows which of two responses is
   * newer if their requests were in flight at the same time, so the livestream must be read again.
   */
  function isAmbiguous(livestream: Livestream, { logical }: HybridTimestamp): boolean {
    const last = published.get(livestream.id)?.livestream;
    const isDifferent = last === undefined ? isActive(livestream) : !isSameVisibleState(last, livestream);
    return isDifferent && logical < (arrivals.get(livestream.id) ?? 0);
  }

  /** Reads the current state, which the data source also passes to `onLivestream`. */
  const readCurrent = async (id: string): Promise<Livestream | null> =>
    reads.livestream.get(newOperation(), id, reads.now());

  /** Reads the session of a changed livestream, so that both are published in one event. */
  async function publishWithSession(livestream: Livestream, timestamp: HybridTimestamp): Promise<void> {
    const { id } = livestream;
    const last = published.get(id);
    if (last !== undefined && last.timestamp.logical >= timestamp.logical) return;
    if (isAmbiguous(livestream, timestamp)) return void (await readCurrent(id));
    const hasChanged = last !== undefined && !isSameVisibleState(last.livestream, latest(id) ?? livestream);
    // A session that came in the same response as the livestream is new enough.
    const since = { ...timestamp, logical: timestamp.logical - 1 };
    if (hasChanged && isActive(livestream)) await readSession(id, since);
    const current = latest(id) ?? livestream;
    if (!isActive(current) || reads.activeSession.getAnyAge(account.id, id) !== null)
      return publish(current, timestamp);
    // There is no session. If the livestream has ended, this read publishes its end; otherwise it runs without a session.
    const again = await readCurrent(id);
    if (again !== null && isSameVisibleState(again, current)) publish(again, timestamp, null);
  }

  /** Reads the session into the cache. Gives up after `SESSION_TIMEOUT_MS` or on an error: the change is published without it. */
  async function readSession(id: string, since: HybridTimestamp): Promise<void> {
    const timer = new AbortController();
    const read = async (): Promise<void> => {
      try {
        await reads.activeSession.get(newOperation(), id, since);
      } finally {
        timer.abort();
      }
    };
    await Promise.race([read(), sleep(SESSION_TIMEOUT_MS, clock, timer.signal)]).catch(() => {});
  }

  /** An active livestream turned out to have no session. Publishes its end, or that it runs without a session. */
  async function confirmNoSession(id: string): Promise<void> {
    if (!published.has(id)) return;
    const livestream = await readCurrent(id);
    const last = published.get(id);
    if (livestream === null || last === undefined) return;
    const hasNoSession = reads.activeSession.getAnyAge(account.id, id) === null;
    if (hasNoSession && isSameVisibleState(livestream, last.livestream)) publish(livestream, last.timestamp, null);
  }

  /** Runs the tasks of a livestream one after another. A task that fails is dropped: the next poll finds the change. */
  function serialize(id: string, task: () => Promise<void>): void {
    const previous = tasks.get(id);
    const run = async (): Promise<void> => {
      await previous;
      await task();
    };
    const settled = run()
      .catch(() => {})
      .finally(() => {
        if (tasks.get(id) === settled) tasks.delete(id);
      });
    tasks.set(id, settled);
  }

  return {
    published,
    sendInitialState({ target, queue }, livestream) {
      const { id } = livestream;
      // The state may come from the cache, so that any state read from upstream must be able to replace it. It reaches all
      // subscribers, so it must not be older than what they have received, as the state in a cached list can be.
      if (!published.has(id)) publish(latest(id) ?? livestream, { logical: 0, wallTime: clock.now() });
      const last = published.get(id);
      const current = latest(id) ?? last?.livestream ?? livestream;
      if (!isActive(current) && target.livestreamId === null) return;
      const isPublished = last !== undefined && isSameVisibleState(last.livestream, current);
      queue.push(id, { livestream: current, sessionId: isPublished ? last.sessionId : knownSessionId(current, last) });
    },
    onLivestream(livestream, timestamp) {
      const { id } = livestream;
      if (!subscribers.hasMatch(livestream)) return;
      const last = published.get(id);
      const newest = latest(id);
      // The response arrived after a newer one.
      if (newest !== undefined && newest !== livestream) return;
      if (last !== undefined && last.timestamp.logical >= timestamp.logical) return;
      if (last !== undefined && isSameVisibleState(last.livestream, livestream)) {
        published.set(id, { ...last, livestream, timestamp });
        arrivals.set(id, reads.now().logical);
      } else if (last !== undefined || isAmbiguous(livestream, timestamp))
        serialize(id, async () => publishWithSession(livestream, timestamp));
      else publish(livestream, timestamp);
    },
    onSession(id, sessionId, timestamp) {
      const last = published.get(id);
      if (last === undefined || last.timestamp.logical > timestamp.logical || last.sessionId === sessionId) return;
      if (sessionId === null && isActive(last.livestream)) serialize(id, async () => confirmNoSession(id));
      else publish(latest(id) ?? last.livestream, timestamp, sessionId);
    },
    requeue: (id) => void nacked.add(id),
    async resendNacked() {
      const operation = newOperation();
      for (const id of nacked) {
        if (published.has(id)) await reads.activeSession.get(operation, id, reads.now());
        nacked.delete(id);
        const state = published.get(id);
        if (state !== undefined) for (const { queue } of subscribers.matching(state.livestream)) queue.push(id, state);
      }
    },
    prune() {
      for (const [id, { livestream }] of published) if (!isStillRelevant(livestream)) published.delete(id);
    },
  };
}
