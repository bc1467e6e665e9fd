import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import { badUserInput } from '../domain/errors.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import { Cancellation, type CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { createLatestValueQueue } from './latestValueQueue.ts';
import { createLiveReader } from './liveReader.ts';
import { createPoller, type PollIntervals } from './poller.ts';
import { matchesTarget, isSameState, type LiveSubscription, type LiveState, type SubscriptionTarget } from './types.ts';
import { WatchedLivestream } from './watchedLivestream.ts';
import { createWatchIndex } from './watchIndex.ts';

/** The subscriptions whose upstream requests are paid from one account's budget, until the last one ends. They share a poller. */
export interface AccountSubscriptions {
  /**
   * Returns the current state of the target, then every change. Rejects with `BAD_USER_INPUT` if the livestream does not exist.
   * `onEnd` is called once, when the subscription ends or could not be set up.
   */
  subscribe(target: SubscriptionTarget, signal: CancellationSignal, onEnd: () => void): Promise<LiveSubscription>;
  /** Handles a livestream from an upstream response to any caller, or from another replica. */
  onLivestream(livestream: Livestream, timestamp: HybridTimestamp): void;
  /** Handles the id of a livestream's running session; null if no session is running. */
  onSession(livestreamId: string, sessionId: string | null, timestamp: HybridTimestamp): void;
  /** Reads the entities back if they have subscribers. The state read is not older than `timestamp`. */
  refresh(ids: ChangedIds, timestamp: HybridTimestamp): void;
  /** `refresh`, because of a webhook. */
  onWebhook(ids: ChangedIds, timestamp: HybridTimestamp): void;
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
  /** Called when the published status of a livestream has changed, with the time of the last webhook about it. */
  onStatusChange: (livestream: Livestream, webhookAt: number) => void;
  /** Called once, when there are no subscriptions any more. */
  onEmpty: () => void;
}

export function createAccountSubscriptions(options: AccountSubscriptionsOptions): AccountSubscriptions {
  const { account, clock, dataSource } = options;
  /** Aborted when the last subscriber leaves: ends polling and all reads. */
  const signal = new Cancellation();
  const createReader = (maxPeerAgeMs?: number) => createLiveReader({ dataSource, account, signal }, maxPeerAgeMs);
  const reader = createReader();
  const index = createWatchIndex((id) => new WatchedLivestream(id, context));
  const context = { reader, clock, index, onPublished };
  const poller = createPoller({
    ...options,
    index,
    createReader,
    signal,
    replicaCount: () => dataSource.replicaCount(),
    onAccessDenied: closeAll,
  });

  function onPublished(watched: WatchedLivestream, livestream: Livestream, previous: Livestream | undefined): void {
    if (previous !== undefined && previous.status !== livestream.status)
      options.onStatusChange(livestream, watched.webhookAt);
    poller.reschedule();
  }

  function end(reason: Error): void {
    signal.abort(reason);
    options.onEmpty();
  }

  function closeAll(error: Error): void {
    for (const subscriber of index.subscribers()) {
      index.delete(subscriber);
      subscriber.queue.fail(error);
    }
    end(error);
  }

  /** Reads the livestreams that a new subscriber gets first. */
  async function readInitial(target: SubscriptionTarget): Promise<Livestream[]> {
    const { livestreamId, meetingId } = target;
    if (livestreamId !== null) {
      const livestream = await reader.livestream(livestreamId);
      if (livestream === null || !matchesTarget(target, livestream))
        throw badUserInput('No livestream matches these ids. Check "livestreamId" and "meetingId".');
      return [livestream];
    }
    if (meetingId === null) return (await reader.active()).livestreams;
    const active = await reader.activeIn(meetingId);
    const livestream = active && (await reader.livestream(active.id));
    return livestream === null ? [] : [livestream];
  }

  return {
    async subscribe(target, signal, onEnd) {
      // The caller can end the queue only once it has it; until then, this listener does.
      const onAbort = (): void => void queue.return();
      const queue = createLatestValueQueue<LiveState>({
        isSame: isSameState,
        onEnd() {
          signal.removeEventListener('abort', onAbort);
          const wasIncluded = index.delete(subscriber);
          onEnd();
          if (!wasIncluded) return;
          if (index.subscribers().size === 0) end(new Error('The last subscriber has left.'));
          else for (const watched of index.published()) watched.prune();
        },
      });
      const subscriber = { target, queue };
      const subscription = Object.assign(queue, {
        nack(livestreamId: string): void {
          queue.allowResend(livestreamId);
          index.find(livestreamId)?.requestResend();
        },
      });
      // Subscribes before the initial read, so that no change during the read is missed.
      index.add(subscriber);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        signal.throwIfAborted();
        for (const livestream of await readInitial(target))
          index.watch(livestream.id).sendInitialState(subscriber, livestream);
      } catch (error) {
        // All subscriptions were closed during the read: the queue already fails with the reason.
        if (!index.subscribers().has(subscriber)) return subscription;
        await queue.return();
        throw error;
      }
      poller.start();
      return subscription;
    },
    onLivestream: (livestream, timestamp) => index.handlerOf(livestream)?.onLivestream(livestream, timestamp),
    onSession: (id, ...change) => index.find(id)?.onSession(...change),
    refresh(ids, timestamp) {
      if (index.mayCover(ids)) poller.refreshNow(ids, timestamp);
    },
    onWebhook(ids, timestamp) {
      if (ids.livestreamId !== null && index.mayCover(ids)) index.watch(ids.livestreamId).webhookAt = clock.now();
      this.refresh(ids, timestamp);
    },
    closeAll,
  };
}
