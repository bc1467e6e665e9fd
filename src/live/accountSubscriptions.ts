import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Operation } from '../data/operation.ts';
import { badUserInput } from '../domain/errors.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { readActiveLivestreams } from './activeLivestreams.ts';
import { createLatestValueQueue, type LatestValueQueue } from './latestValueQueue.ts';
import { createPoller } from './poller.ts';
import type { PollIntervals } from './pollIntervals.ts';
import { createPublisher } from './publisher.ts';
import { createSubscribers, type Subscriber } from './subscribers.ts';
import { matchesTarget, isSameState, type LiveSubscription, type LiveState, type SubscriptionTarget } from './types.ts';

/** The subscriptions whose upstream requests are paid from one account's budget. They share a publisher and a poller. */
export interface AccountSubscriptions {
  /**
   * Returns the current state of the target, then every change. Rejects with `BAD_USER_INPUT` if the livestream does not exist.
   * `onEnd` is called once, when the subscription ends or could not be set up.
   */
  subscribe(target: SubscriptionTarget, signal: AbortSignal, onEnd: () => void): Promise<LiveSubscription>;
  /** Handles a livestream from an upstream response to any caller, or from another replica. */
  onLivestream(livestream: Livestream, timestamp: HybridTimestamp): void;
  /** Handles the id of a livestream's running session; null if no session is running. */
  onSession(livestreamId: string, sessionId: string | null, timestamp: HybridTimestamp): void;
  /** Reads the entities back if they have subscribers. The state read is not older than `timestamp`. */
  refresh(ids: ChangedIds, timestamp: HybridTimestamp): void;
  hasSubscribers(): boolean;
  /** Ends all subscriptions with this error. */
  closeAll(error: Error): void;
}

export interface AccountSubscriptionsOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  intervals: PollIntervals;
  /** The interval below which budget pressure does not allow polling. */
  minPollIntervalMs: () => number;
  /** Whether webhooks report changes at present. */
  hasWebhooks: () => boolean;
  /** Called when the published status of a livestream has changed. */
  onStatusChange: (livestream: Livestream) => void;
}

export function createAccountSubscriptions(options: AccountSubscriptionsOptions): AccountSubscriptions {
  const { account, dataSource } = options;
  const { reads } = dataSource;
  const subscribers = createSubscribers();
  /** Aborts all reads when the last subscriber leaves. */
  let controller = new AbortController();

  const newOperation = (): Operation => dataSource.operation(account, controller.signal, () => {});

  function onPublished(livestream: Livestream, previous: Livestream | undefined): void {
    if (previous !== undefined && previous.status !== livestream.status) options.onStatusChange(livestream);
    poller.reschedule();
  }

  const publisher = createPublisher({ ...options, subscribers, newOperation, onPublished });
  const poller = createPoller({
    ...options,
    newOperation,
    published: publisher.published,
    topics: () => subscribers.topics(),
    onAccessDenied: (error) => closeAll(error),
    resendNacked: async () => publisher.resendNacked(),
  });

  function asSubscription(queue: LatestValueQueue<LiveState>): LiveSubscription {
    const nack = (livestreamId: string): void => {
      queue.allowResend(livestreamId);
      publisher.requeue(livestreamId);
    };
    return Object.assign(queue, { nack });
  }

  function closeAll(error: Error): void {
    for (const { queue } of subscribers.clear()) queue.fail(error);
    stop(error);
  }

  function stop(reason: Error): void {
    poller.stop();
    publisher.prune();
    controller.abort(reason);
    controller = new AbortController();
  }

  function remove(subscriber: Subscriber): void {
    subscribers.delete(subscriber);
    if (subscribers.size() === 0) stop(new Error('The last subscriber has left.'));
    else publisher.prune();
  }

  /** Reads the livestreams that a new subscriber gets first. */
  async function readInitial(target: SubscriptionTarget): Promise<Livestream[]> {
    const operation = newOperation();
    const { livestreamId, meetingId } = target;
    if (livestreamId !== null) {
      const livestream = await reads.livestream.get(operation, livestreamId);
      if (livestream === null || !matchesTarget(target, livestream))
        throw badUserInput('No livestream matches these ids. Check "livestreamId" and "meetingId".');
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
      // The caller can end the queue only once it has it; until then, this listener does.
      const onAbort = (): void => void queue.return();
      const queue = createLatestValueQueue<LiveState>({
        isSame: isSameState,
        onEnd() {
          signal.removeEventListener('abort', onAbort);
          remove(subscriber);
          onEnd();
        },
      });
      const subscriber: Subscriber = { target, queue };
      // Subscribes before the initial read, so that no change during the read is missed.
      subscribers.add(subscriber);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        signal.throwIfAborted();
        for (const livestream of await readInitial(target)) publisher.sendInitialState(subscriber, livestream);
      } catch (error) {
        // All subscriptions were closed during the read: the queue already fails with the reason.
        if (!subscribers.has(subscriber)) return asSubscription(queue);
        await queue.return();
        throw error;
      }
      if (subscribers.size() > 0) poller.start();
      return asSubscription(queue);
    },
    onLivestream: (...change) => publisher.onLivestream(...change),
    onSession: (...change) => publisher.onSession(...change),
    refresh(ids, timestamp) {
      if (mayHaveSubscribers(ids)) poller.refreshNow(ids, timestamp);
    },
    hasSubscribers: () => subscribers.size() > 0,
    closeAll,
  };

  /** Whether a subscriber may cover one of these. The meeting of a livestream is not always known. */
  function mayHaveSubscribers({ livestreamId, meetingId }: ChangedIds): boolean {
    const { meetingIds, isAppWide } = subscribers.topics();
    if (isAppWide || (livestreamId !== null && subscribers.isTracked(livestreamId))) return true;
    if (meetingId === null ? meetingIds.length > 0 : meetingIds.includes(meetingId)) return true;
    return [...publisher.published.values()].some(
      ({ livestream }) => livestreamId === null && livestream.meetingId === meetingId,
    );
  }
}
