import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Account } from '../data/account.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Operation } from '../data/operation.ts';
import { GatewayError } from '../domain/errors.ts';
import { isStarting } from '../domain/livestreamState.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import type { PollIntervals } from './pollIntervals.ts';
import { createPollRound } from './pollRound.ts';
import type { Topics } from './subscribers.ts';
import type { PublishedState } from './types.ts';

/*
 * Decides when upstream is polled for an account's subscribers: how long to wait between two rounds, how to back off after a failure,
 * and when to give up. What a round reads is up to `pollRound.ts`. The poller does not handle results: like every other upstream
 * response, they reach the publisher through the data source.
 */

export interface PollerOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  intervals: PollIntervals;
  /** The interval below which budget pressure does not allow polling. */
  minPollIntervalMs: () => number;
  /** Whether webhooks report changes at present. */
  hasWebhooks: () => boolean;
  newOperation: () => Operation;
  /** The last published state by livestream id. */
  published: ReadonlyMap<string, PublishedState>;
  topics: () => Topics;
  /** Called after each round, to deliver again what subscribers could not read. */
  resendNacked: () => Promise<void>;
  /** Called when upstream rejects the account's token: polling again would fail in the same way. */
  onAccessDenied: (error: GatewayError) => void;
}

export interface Poller {
  /** Starts polling after the current interval. Does nothing if the poller is running. */
  start(): void;
  stop(): void;
  /** Moves the next round forward if what was published since asks for a shorter interval. */
  reschedule(): void;
  /** Reads these entities at once, not as they were before `since`. A failure makes the next round come sooner. */
  refreshNow(ids: ChangedIds, since: HybridTimestamp): void;
}

export function createPoller(options: PollerOptions): Poller {
  const { clock, intervals, published } = options;
  const round = createPollRound({
    ...options,
    maxIdleAgeMs: () => (options.hasWebhooks() ? intervals.withWebhooksMs : intervals.steadyMs),
  });
  /** Since when each livestream has been starting, by livestream id and status. */
  const startingSince = new Map<string, number>();
  /** Null while the poller is stopped. */
  let cancelTimer: (() => void) | null = null;
  /** When the next round is due; infinite while a round is in flight. */
  let dueAt = Infinity;
  /** Whether a read has failed since the last round began. No webhook will report that change again, so only polling finds it. */
  let needsCatchUp = false;

  function trackStarting(now: number): void {
    const starting = new Set(
      [...published]
        .filter(([, { livestream }]) => isStarting(livestream))
        .map(([id, { livestream }]) => `${id} ${livestream.status}`),
    );
    for (const key of startingSince.keys()) if (!starting.has(key)) startingSince.delete(key);
    for (const key of starting) startingSince.set(key, startingSince.get(key) ?? now);
  }

  function nextDelayMs(): number {
    const now = clock.now();
    trackStarting(now);
    return Math.max(intervalMs(now), options.minPollIntervalMs());
  }

  function intervalMs(now: number): number {
    const isAnyStarting = [...startingSince.values()].some((since) => now - since < intervals.startingTimeoutMs);
    if (isAnyStarting) return intervals.startingMs;
    return options.hasWebhooks() && !needsCatchUp ? intervals.withWebhooksMs : intervals.steadyMs;
  }

  function schedule(delayMs: number): void {
    cancelTimer?.();
    dueAt = clock.now() + delayMs;
    cancelTimer = clock.after(delayMs, () => {
      dueAt = Infinity;
      needsCatchUp = false;
      void round
        .pollAll(Math.min(delayMs, intervals.steadyMs))
        .then(options.resendNacked)
        .then(nextDelayMs, delayAfterFailureMs)
        .then(scheduleIfSooner);
    });
  }

  /** Does nothing if the poller is stopped: it may have been stopped, or even restarted, during a round. */
  function scheduleIfSooner(delayMs: number): void {
    if (cancelTimer !== null && clock.now() + delayMs < dueAt) schedule(delayMs);
  }

  function delayAfterFailureMs(error: unknown): number {
    needsCatchUp = true;
    if (!(error instanceof GatewayError)) return Math.max(nextDelayMs(), intervals.steadyMs);
    if (isAccessDenied(error)) options.onAccessDenied(error);
    const retryAfterMs = (error.retryAfterSeconds ?? 0) * 1000;
    return Math.max(nextDelayMs(), intervals.steadyMs, retryAfterMs);
  }

  function reschedule(): void {
    const isRoundScheduled = cancelTimer !== null && dueAt !== Infinity;
    if (isRoundScheduled) scheduleIfSooner(nextDelayMs());
  }

  return {
    start() {
      if (cancelTimer === null) schedule(nextDelayMs());
    },
    stop() {
      cancelTimer?.();
      cancelTimer = null;
      needsCatchUp = false;
      startingSince.clear();
    },
    reschedule,
    refreshNow(ids, since) {
      round.refresh(ids, since).catch(() => {
        needsCatchUp = true;
        reschedule();
      });
    },
  };
}

/** Whether upstream rejected the token itself. */
function isAccessDenied({ code }: GatewayError): boolean {
  return code === 'UNAUTHENTICATED' || code === 'FORBIDDEN';
}
