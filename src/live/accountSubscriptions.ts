import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { badUserInput } from '../domain/errors.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { DataSource } from '../data/dataSource.ts';
import { readActiveLivestreams } from './activeLivestreams.ts';
import { createLatestValueQueue, type LatestValueQueue } from './latestValueQueue.ts';
import type { PollIntervals } from './pollIntervals.ts';
import { createPublisher } from './publisher.ts';
import { createPoller } from './poller.ts';
import { createSubscribers, type Subscriber } from './subscribers.ts';
import { matchesTarget, isSameState, type LiveSubscription, type LiveState, type SubscriptionTarget } from './types.ts';

/** All who watch livestreams on one account's expense. */
export interface AccountSubscriptions {
  /** The present state, then each change. Rejects with `BAD_USER_INPUT` when there is no such livestream. `onEnd` is called once. */
  subscribe(target: SubscriptionTarget, signal: AbortSignal, onEnd: () => void): Promise<LiveSubscription>;
  /** An answer to anybody told this. */
  onLivestream(livestream: Livestream, moment: HybridTimestamp): void;
  onSession(livestreamId: string, sessionId: string | null, moment: HybridTimestamp): void;
  /** Somebody changed something of these: where they are watched, they are read back. */
  refresh(ids: ChangedIds, moment: HybridTimestamp): void;
  hasSubscribers(): boolean;
  /** All readers get this error. */
  closeAll(error: Error): void;
}

export interface AccountSubscriptionsOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  intervals: PollIntervals;
  /** How old answers may get under the budget's pressure, in milliseconds: nothing is looked at more often. */
  minPollIntervalMs: () => number;
  /** Whether webhooks tell of changes. */
  hasWebhooks: () => boolean;
  /** A livestream's status was seen to have changed. */
  onStatusChange: (livestream: Livestream) => void;
}

export function createAccountSubscriptions(options: AccountSubscriptionsOptions): AccountSubscriptions {
  const { account, dataSource } = options;
  const { reads } = dataSource;
  const subscribers = createSubscribers();
  let leaving = new AbortController();

  const newOperation = (see: (livestream: Livestream) => void = () => {}): Operation =>
    dataSource.operation(account, leaving.signal, see);

  function onPublished(livestream: Livestream, before: Livestream | undefined): void {
    if (before !== undefined && before.status !== livestream.status) options.onStatusChange(livestream);
    poller.reschedule();
  }

  const news = createPublisher({ ...options, subscribers, newOperation, onPublished });
  const poller = createPoller({
    ...options,
    newOperation,
    published: news.published,
    topics: () => subscribers.topics(),
    onAccessDenied: (error) => closeAll(error),
    resendNacked: async () => news.resendNacked(),
  });

  function asReader(mailbox: LatestValueQueue<LiveState>): LiveSubscription {
    const nack = (livestreamId: string): void => {
      mailbox.allowResend(livestreamId);
      news.requeue(livestreamId);
    };
    return Object.assign(mailbox, { nack });
  }

  function closeAll(error: Error): void {
    for (const { queue } of subscribers.clear()) queue.fail(error);
    stop(error);
  }

  function stop(reason: Error): void {
    poller.stop();
    news.prune();
    leaving.abort(reason);
    leaving = new AbortController();
  }

  function leave(reader: Subscriber): void {
    subscribers.delete(reader);
    if (subscribers.size() === 0) stop(new Error('Nobody watches any more.'));
    else news.prune();
  }

  /** Whatever is true for `target` now. */
  async function snapshot(target: SubscriptionTarget): Promise<Livestream[]> {
    const operation = newOperation();
    const { livestreamId, meetingId } = target;
    if (livestreamId !== null) {
      const livestream = await reads.livestream.get(operation, livestreamId);
      if (livestream === null || !matchesTarget(target, livestream)) throw badUserInput('There is no such livestream.');
      return [livestream];
    }
    if (meetingId !== null) {
      const active = await reads.activeLivestream.get(operation, meetingId);
      const livestream = active && (await reads.livestream.get(operation, active.id));
      return livestream === null ? [] : [livestream];
    }
    return (await readActiveLivestreams(dataSource, operation)).livestreams;
  }

  return {
    async subscribe(target, signal, onEnd) {
      // While the first states are read nobody holds what could be ended.
      const hangUp = (): void => void queue.return();
      const queue = createLatestValueQueue<LiveState>({
        isSame: isSameState,
        onEnd() {
          signal.removeEventListener('abort', hangUp);
          leave(reader);
          onEnd();
        },
      });
      const reader: Subscriber = { target, queue };
      // Before it is read: nothing that happens meanwhile is missed.
      subscribers.add(reader);
      signal.addEventListener('abort', hangUp, { once: true });
      try {
        signal.throwIfAborted();
        for (const livestream of await snapshot(target)) news.sendInitialState(reader, livestream);
      } catch (error) {
        // All readers were sent away meanwhile: this one gets the same error as they, in the same way.
        if (!subscribers.has(reader)) return asReader(queue);
        await queue.return();
        throw error;
      }
      if (subscribers.size() > 0) poller.start();
      return asReader(queue);
    },
    onLivestream: (...seen) => news.onLivestream(...seen),
    onSession: (...seen) => news.onSession(...seen),
    refresh(ids, moment) {
      if (isConcerned(ids)) poller.refreshNow(ids, moment);
    },
    hasSubscribers: () => subscribers.size() > 0,
    closeAll,
  };

  /** Whether somebody watches one of these, as far as it is known which meeting a livestream is of. */
  function isConcerned({
    livestreamId,
    meetingId,
  }: {
    livestreamId: string | null;
    meetingId: string | null;
  }): boolean {
    const { meetingIds, isAppWide } = subscribers.topics();
    if (isAppWide || (livestreamId !== null && subscribers.isTracked(livestreamId))) return true;
    if (meetingId === null ? meetingIds.length > 0 : meetingIds.includes(meetingId)) return true;
    return [...news.published.values()].some(
      ({ livestream }) => livestreamId === null && livestream.meetingId === meetingId,
    );
  }
}
