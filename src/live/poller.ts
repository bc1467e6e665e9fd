import { isStarting } from '../domain/livestreamState.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { DataSource } from '../data/dataSource.ts';
import { createPollRound } from './pollRound.ts';
import type { PollIntervals } from './pollIntervals.ts';
import type { Topics } from './subscribers.ts';
import { type PublishedState } from './types.ts';

export interface PollerOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  intervals: PollIntervals;
  minPollIntervalMs: () => number;
  hasWebhooks: () => boolean;
  /** Begins an operation; `see` is told what its own requests were answered. */
  newOperation: (see?: (livestream: Livestream) => void) => Operation;
  /** What readers were told last, by livestream. */
  published: ReadonlyMap<string, PublishedState>;
  topics: () => Topics;
  /** Reads again what readers missed. */
  resendNacked: () => Promise<void>;
  /** The account may read nothing any more. */
  onAccessDenied: (error: GatewayError) => void;
}

/** Looks at what is watched, again and again. What it reads is seen like everybody's answers: it has nobody to tell. */
export interface Poller {
  /** Looks after its time, unless it does already. */
  start(): void;
  stop(): void;
  /** Looks sooner, where what is known by now asks for it. */
  reschedule(): void;
  /** Reads these back at once, not as they were before `moment`. */
  refreshNow(ids: ChangedIds, moment: HybridTimestamp): void;
}

export function createPoller(options: PollerOptions): Poller {
  const { clock, intervals, published } = options;
  const look = createPollRound({
    ...options,
    maxIdleAgeMs: () => (options.hasWebhooks() ? intervals.withWebhooksMs : intervals.steadyMs),
  });
  /** Since when something is about to appear, by livestream and by what. */
  const starting = new Map<string, number>();
  let cancel: (() => void) | null = null;
  /** When the next look is due; infinite while one is under way. */
  let dueAt = Infinity;
  /** Whether something that was to be read could not be: no webhook will tell of it again. */
  let needsCatchUp = false;

  function delay(): number {
    const now = clock.now();
    const keys = [...published].flatMap(([id, { livestream }]) =>
      isStarting(livestream) ? [`${id} ${livestream.status}`] : [],
    );
    const present = new Set(keys);
    for (const key of starting.keys()) if (!present.has(key)) starting.delete(key);
    for (const key of present) starting.set(key, starting.get(key) ?? now);
    const isSoon = [...starting.values()].some((since) => now - since < intervals.startingTimeoutMs);
    const usual = isSoon
      ? intervals.startingMs
      : options.hasWebhooks() && !needsCatchUp
        ? intervals.withWebhooksMs
        : intervals.steadyMs;
    return Math.max(usual, options.minPollIntervalMs());
  }

  function schedule(milliseconds: number): void {
    cancel?.();
    dueAt = clock.now() + milliseconds;
    cancel = clock.after(milliseconds, () => {
      dueAt = Infinity;
      needsCatchUp = false;
      void look
        .pollAll(Math.min(milliseconds, intervals.steadyMs))
        .then(options.resendNacked)
        .then(delay, backOff)
        .then((after) => cancel !== null && after < dueAt - clock.now() && schedule(after));
    });
  }

  /** How long to wait after a failure. */
  function backOff(error: unknown): number {
    needsCatchUp = true;
    if (error instanceof GatewayError && isRefusal(error)) options.onAccessDenied(error);
    const asked = error instanceof GatewayError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(delay(), intervals.steadyMs, asked);
  }

  function reschedule(): void {
    if (cancel === null || dueAt === Infinity) return;
    const after = delay();
    if (clock.now() + after < dueAt) schedule(after);
  }

  return {
    start() {
      if (cancel === null) schedule(delay());
    },
    stop() {
      cancel?.();
      cancel = null;
      needsCatchUp = false;
      starting.clear();
    },
    reschedule,
    refreshNow(ids, moment) {
      look.refresh(ids, moment).catch(() => {
        needsCatchUp = true;
        reschedule();
      });
    },
  };
}

/** Whether it will be refused the next time too. */
function isRefusal({ code }: GatewayError): boolean {
  return code === 'UNAUTHENTICATED' || code === 'FORBIDDEN';
}
