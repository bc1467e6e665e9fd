import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import { badUserInput } from '../domain/errors.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import { Cancellation, type CancellationSignal } from '../lib/cancellation.ts';
import { createLatestValueQueue } from './latestValueQueue.ts';
import { createPoller, type PollerOptions } from './poller.ts';
import { matchesTarget, isSameState, type LiveState, type SubscriptionTarget } from './types.ts';
import { WatchedLivestream } from './watchedLivestream.ts';
import { createWatchIndex } from './watchIndex.ts';

/** The subscriptions whose upstream requests are paid from one account's budget, until the last one ends. They share a poller. */
export type AccountSubscriptions = ReturnType<typeof createAccountSubscriptions>;

interface AccountSubscriptionsOptions extends Pick<PollerOptions, 'clock' | 'minPollIntervalMs' | 'hasWebhooks'> {
  account: Account;
  dataSource: DataSource;
  /** Whether requests are sent faster than the budget lasts. */
  isBudgetShort: () => boolean;
  /** Called when the published status of a livestream has changed, with the time of the last webhook about it. */
  onStatusChange: (livestream: Livestream, webhookAt: number) => void;
  /** Called once, when there are no subscriptions any more. */
  onEmpty: () => void;
}

export function createAccountSubscriptions(options: AccountSubscriptionsOptions) {
  const { account, clock, dataSource } = options;
  /** Aborted when the last subscriber leaves: ends polling and all reads. */
  const signal = new Cancellation();
  const feed = dataSource.openLiveFeed(account, signal, (update) =>
    index.handlerOf(update.livestream)?.onUpdate(update),
  );
  const index = createWatchIndex((id) => new WatchedLivestream(id, context));
  const context = { feed, reader: feed.reader(), clock, index, onPublished };
  const poller = createPoller({
    ...options,
    index,
    createReader: feed.reader,
    signal,
    replicaCount: dataSource.replicaCount,
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

  /** Reads the entities back if they have subscribers. The state read is not older than `timestamp`. */
  function refresh(ids: ChangedIds, timestamp: HybridTimestamp): void {
    if (index.mayCover(ids)) poller.refreshNow(ids, timestamp);
  }

  return {
    /**
     * Returns the current state of the target, then every change. Rejects with `BAD_USER_INPUT` if the livestream does not exist.
     * `onEnd` is called once, when the subscription ends or could not be set up.
     */
    async subscribe(target: SubscriptionTarget, signal: CancellationSignal, onEnd: () => void) {
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
        const initial = await feed.current(target);
        if (target.livestreamId !== null && !initial.some(({ livestream }) => matchesTarget(target, livestream)))
          throw badUserInput('No livestream matches these IDs. Check "livestreamId" and "meetingId".');
        for (const update of initial) index.watch(update.livestream.id).sendInitialState(subscriber, update);
      } catch (error) {
        // All subscriptions were closed during the read: the queue already fails with the reason.
        if (!index.subscribers().has(subscriber)) return subscription;
        await queue.return();
        throw error;
      }
      poller.start();
      return subscription;
    },
    refresh,
    /** `refresh`, because of a webhook. While the budget is short, the next poll reads the entities, since anybody can cause webhooks. */
    onWebhook(ids: ChangedIds, timestamp: HybridTimestamp): void {
      if (!index.mayCover(ids)) return;
      if (ids.livestreamId !== null) index.watch(ids.livestreamId).webhookAt = clock.now();
      if (options.isBudgetShort()) poller.catchUp();
      else poller.refreshNow(ids, timestamp);
    },
    /** Polls soon: changes may have been missed. */
    catchUp: poller.catchUp,
    closeAll,
  };
}
