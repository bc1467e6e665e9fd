import type { Account } from '../data/account.ts';
import { type TtlSettings, stretchedTtl } from '../data/cache/ttl.ts';
import type { DataSource } from '../data/dataSource.ts';
import { GatewayError } from '../domain/errors.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { type AccountSubscriptions, createAccountSubscriptions } from './accountSubscriptions.ts';
import type { LiveSubscription, SubscriptionTarget } from './types.ts';
import { createEventCollector, createWebhookEvidence } from './webhookEvents.ts';

/*
 * The entry to live subscriptions. This file routes invalidations to the subscriptions of each account, and limits how many
 * subscriptions are open. Which webhooks are read back, and whether they can be relied on, is up to `webhookEvents.ts`, what
 * subscribers are notified of to `watchedLivestream.ts`, and when upstream is polled to `poller.ts`.
 */

/** How many subscriptions can be open at a time. */
export interface LiveLimits {
  perCaller: number;
  total: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = { perCaller: 1000, total: 10_000 };

/**
 * Subscriptions to livestreams. Changes come from four sources: responses to any caller's reads, the gateway's own starts and stops,
 * webhooks, and polling.
 */
export type LiveSubscriptions = ReturnType<typeof createLiveSubscriptions>;

interface LiveSubscriptionsOptions {
  dataSource: DataSource;
  clock: Clock;
  ttl: TtlSettings;
  limits: LiveLimits;
}

/** The longest delay that budget pressure can impose on polling while more than a quarter of the budget remains. */
const MAX_STRETCHED_INTERVAL_MS = 15_000;
/** How long before a status change is observed its webhook may have arrived. */
const MAX_WEBHOOK_LEAD_MS = 60_000;

export function createLiveSubscriptions({ dataSource, clock, ttl, limits }: LiveSubscriptionsOptions) {
  /** By account id. An account without subscribers has no entry. */
  const accounts = new Map<string, AccountSubscriptions>();
  /** The number of subscriptions by caller id. */
  const counts = new Map<string, number>();
  let total = 0;
  const webhooks = createWebhookEvidence(clock);
  const events = createEventCollector(clock, (ids) => dataSource.invalidateExternal(ids));
  let isClosed = false;

  dataSource.subscribe({
    onMeeting: (accountId, meetingId, timestamp) =>
      accounts.get(accountId)?.refresh({ livestreamId: null, meetingId }, timestamp),
    onRead(_accountId, { livestream }) {
      if (livestream !== undefined) webhooks.onRead(livestream);
    },
    onWebhook(ids, timestamp) {
      // A webhook that this replica or another one received.
      webhooks.onEvent(ids);
      for (const subscriptions of accounts.values()) subscriptions.onWebhook(ids, timestamp);
    },
    onGap() {
      for (const subscriptions of accounts.values()) subscriptions.catchUp();
    },
  });

  function subscriptionsOf(account: Account): AccountSubscriptions {
    const existing = accounts.get(account.id);
    if (existing !== undefined) return existing;
    const created = createAccountSubscriptions({
      account,
      dataSource,
      clock,
      minPollIntervalMs: () => minPollIntervalMs(account),
      // Another replica that receives a webhook cannot pass it on while they are disconnected.
      hasWebhooks: () => webhooks.areArriving() && dataSource.isConnected(),
      isBudgetShort: () => stretchedMs(account) > 0,
      onStatusChange,
      onEmpty: () => accounts.delete(account.id),
    });
    accounts.set(account.id, created);
    return created;
  }

  /**
   * A poll round sends few requests for all subscribers together, so budget pressure may delay it beyond the promised notification time
   * only when little of the budget remains.
   */
  function minPollIntervalMs(account: Account): number {
    const intervalMs = stretchedMs(account);
    const { remaining, limit } = account.budget.snapshot();
    return remaining > limit / 4 ? Math.min(intervalMs, MAX_STRETCHED_INTERVAL_MS) : intervalMs;
  }

  function stretchedMs({ budget }: Account): number {
    return stretchedTtl(budget.pressure(), ttl);
  }

  /** A status change that should have caused a webhook, but did not, shows that webhooks no longer arrive. */
  function onStatusChange({ status }: Livestream, webhookAt: number): void {
    const causesWebhook = status === 'LIVE' || status === 'IDLE' || status === 'OFFLINE';
    if (causesWebhook && clock.now() - webhookAt > MAX_WEBHOOK_LEAD_MS) webhooks.onMissing();
  }

  /** Counts a new subscription. Returns the function that releases its slot. */
  function acquireSlot(callerId: string): () => void {
    const count = counts.get(callerId) ?? 0;
    if (count >= limits.perCaller)
      throw new GatewayError('RATE_LIMITED', `You have ${count} subscriptions, the maximum. End one first.`);
    if (total >= limits.total)
      throw new GatewayError('RATE_LIMITED', `The gateway has ${total} subscriptions, its maximum. Try again later.`);
    counts.set(callerId, count + 1);
    total += 1;
    return () => {
      total -= 1;
      const remaining = (counts.get(callerId) ?? 1) - 1;
      if (remaining > 0) counts.set(callerId, remaining);
      else counts.delete(callerId);
    };
  }

  return {
    /**
     * Returns the current state of the target, then every change. Rejects with `RATE_LIMITED` if `callerId` or the gateway has too many
     * subscriptions, and with `BAD_USER_INPUT` if the livestream does not exist. Aborting `signal` ends the subscription, even one that
     * is still being set up.
     */
    async subscribe(
      account: Account,
      callerId: string,
      target: SubscriptionTarget,
      signal: CancellationSignal,
    ): Promise<LiveSubscription> {
      if (isClosed) return closedSubscription();
      const releaseSlot = acquireSlot(callerId);
      return subscriptionsOf(account).subscribe(target, signal, releaseSlot);
    },
    /** Reads back the entities that a webhook event affects. */
    onWebhook: (ids: ChangedIds): void => events.collect(ids),
    /** The number of open subscriptions. */
    size: (): number => total,
    /**
     * Ends all subscriptions, including future ones, with an `AbortError`. The error breaks the connection instead of reaching the
     * client as a result, so that the client reconnects to another replica.
     */
    closeAll(): void {
      isClosed = true;
      events.close();
      for (const subscriptions of accounts.values()) subscriptions.closeAll(shutdownError());
    },
  };
}

/** A subscription that fails at its first read. If `subscribe` itself rejected, the client would get the error as a result. */
function closedSubscription(): LiveSubscription {
  return {
    nack: () => {},
    next: async () => Promise.reject(shutdownError()),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** An `AbortError` breaks the connection; any other error would reach the client as a result. */
function shutdownError(): Error {
  return new DOMException('The gateway is shutting down.', 'AbortError');
}
