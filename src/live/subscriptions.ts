import type { ChangedIds } from '../domain/models.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import { type TtlSettings, stretchedTtl } from '../data/cache/ttl.ts';
import type { DataSource } from '../data/dataSource.ts';
import { type AccountSubscriptions, createAccountSubscriptions } from './accountSubscriptions.ts';
import { DEFAULT_POLL_INTERVALS, type PollIntervals } from './pollIntervals.ts';
import type { LiveSubscription, SubscriptionTarget } from './types.ts';

/** How many may watch at a time. */
export interface LiveLimits {
  perCaller: number;
  total: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = { perCaller: 1000, total: 10_000 };

/** All sources of changes, merged: what anybody's answers tell, this gateway's own starts and stops, webhooks, and looking. */
export interface LiveSubscriptions {
  /**
   * The present state of what is watched, then each change. `callerId` tells callers apart. Rejects with `RATE_LIMITED` when too many
   * watch already, with `BAD_USER_INPUT` when there is no such livestream. It ends when `signal` is aborted, also before it has begun.
   */
  subscribe(
    account: Account,
    callerId: string,
    target: SubscriptionTarget,
    signal: AbortSignal,
  ): Promise<LiveSubscription>;
  /** A webhook came: what it is about is read back. */
  onWebhook(event: ChangedIds): void;
  /** How many watch now. */
  size(): number;
  /** Nobody is told anything any more: each reader gets an `AbortError`, by which its connection breaks, and comes back elsewhere. */
  closeAll(): void;
}

export interface LiveSubscriptionsOptions {
  dataSource: DataSource;
  clock: Clock;
  ttl: TtlSettings;
  limits: LiveLimits;
  intervals?: PollIntervals;
}

/** Webhooks of a minute that are heeded; what the others told is found by looking. */
const MOST_EVENTS = 600;
/** What a look waits at most under the budget's pressure while there is enough of it, in milliseconds. */
const LONGEST_REST = 15_000;
/** How much earlier than a change is seen its webhook may have come, in milliseconds. */
const WEBHOOK_TAKES = 60_000;
/** For how long webhooks are taken to be coming after the last, in milliseconds. */
const WEBHOOKS_LAST = 3_600_000;

export function createLiveSubscriptions({
  dataSource,
  clock,
  ttl,
  limits,
  intervals = DEFAULT_POLL_INTERVALS,
}: LiveSubscriptionsOptions): LiveSubscriptions {
  const accounts = new Map<string, AccountSubscriptions>();
  /** How many each caller watches. */
  const counts = new Map<string, number>();
  let total = 0;
  let toldAt = -Infinity;
  /** When which livestream was told of. */
  const events = new LRUCache<string, number>({ max: 10_000 });
  let minute = { began: -Infinity, events: 0 };
  let isOver = false;

  dataSource.subscribe({
    onLivestream: (accountId, ...seen) => accounts.get(accountId)?.onLivestream(...seen),
    onSession: (accountId, ...seen) => accounts.get(accountId)?.onSession(...seen),
    onMeeting: (accountId, meetingId, moment) =>
      accounts.get(accountId)?.refresh({ livestreamId: null, meetingId }, moment),
    onWebhook({ livestreamId, meetingId }, moment) {
      remember(livestreamId);
      for (const watch of accounts.values()) watch.refresh({ livestreamId, meetingId }, moment);
    },
  });

  /** A webhook came, here or to another replica. */
  function remember(livestreamId: string | null): void {
    toldAt = clock.now();
    if (livestreamId !== null) events.set(livestreamId, toldAt);
  }

  function watchOf(account: Account): AccountSubscriptions {
    const known = accounts.get(account.id);
    if (known !== undefined) return known;
    const made = createAccountSubscriptions({
      account,
      dataSource: dataSource,
      clock,
      intervals,
      minPollIntervalMs: () => minPollInterval(account),
      hasWebhooks: () => clock.now() - toldAt < WEBHOOKS_LAST,
      onStatusChange,
    });
    accounts.set(account.id, made);
    return made;
  }

  /** One look is a few requests for all who watch: it may wait longer than a change may take to be told only where few are left. */
  function minPollInterval({ budget }: Account): number {
    const least = stretchedTtl(budget.pressure(), ttl);
    const { remaining, limit } = budget.snapshot();
    return remaining > limit / 4 ? Math.min(least, LONGEST_REST) : least;
  }

  /** What webhooks should have told, and did not, shows that they do not come any more. */
  function onStatusChange({ id, status }: Livestream): void {
    const isTheirs = status === 'LIVE' || status === 'IDLE' || status === 'OFFLINE';
    if (isTheirs && clock.now() - (events.get(id) ?? -Infinity) > WEBHOOK_TAKES) toldAt = -Infinity;
  }

  /** Others' events cannot be told from the app's own: too many of them are not to cost too much. */
  function isHeeded(): boolean {
    const now = clock.now();
    if (now - minute.began >= 60_000) minute = { began: now, events: 0 };
    minute.events += 1;
    return minute.events <= MOST_EVENTS;
  }

  function acquireSlot(callerId: string): () => void {
    const count = counts.get(callerId) ?? 0;
    if (count >= limits.perCaller) throw tooMany(`You have ${count} subscriptions, as many as one caller may have.`);
    if (total >= limits.total) throw tooMany(`The gateway has ${total} subscriptions, as many as it may have.`);
    counts.set(callerId, count + 1);
    total += 1;
    return () => {
      total -= 1;
      const left = (counts.get(callerId) ?? 1) - 1;
      if (left > 0) counts.set(callerId, left);
      else counts.delete(callerId);
    };
  }

  return {
    async subscribe(account, callerId, target, signal) {
      if (isOver) return endingAtOnce();
      const leave = acquireSlot(callerId);
      const watch = watchOf(account);
      return watch.subscribe(target, signal, () => {
        leave();
        if (!watch.hasSubscribers() && accounts.get(account.id) === watch) accounts.delete(account.id);
      });
    },
    onWebhook({ livestreamId, meetingId }) {
      if (isHeeded()) dataSource.invalidateExternal({ livestreamId, meetingId });
      else remember(livestreamId);
    },
    size: () => total,
    closeAll() {
      isOver = true;
      for (const watch of accounts.values()) watch.closeAll(ending());
    },
  };
}

function tooMany(words: string): GatewayError {
  return new GatewayError('RATE_LIMITED', `${words} End one first.`);
}

/** Whoever comes now: an error of `subscribe` itself would be an answer. */
function endingAtOnce(): LiveSubscription {
  return {
    nack: () => {},
    next: async () => Promise.reject(ending()),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The connection is broken on it, where any other error would be an answer. */
function ending(): Error {
  return new DOMException('The gateway is ending.', 'AbortError');
}
