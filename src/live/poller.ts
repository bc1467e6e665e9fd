import { isStarting } from '../domain/livestreamState.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { Upstream } from '../data/dataSource.ts';
import { createLook } from './pollRound.ts';
import type { LivePace } from './pollIntervals.ts';
import type { Watched } from './subscribers.ts';
import { type Told } from './types.ts';

export interface PollerOptions {
  account: Account;
  upstream: Upstream;
  clock: Clock;
  pace: LivePace;
  leastAge: () => number;
  isTold: () => boolean;
  /** Begins an operation; `see` is told what its own requests were answered. */
  begin: (see?: (livestream: Livestream) => void) => Operation;
  /** What readers were told last, by livestream. */
  told: ReadonlyMap<string, Told>;
  watched: () => Watched;
  /** Reads again what readers missed. */
  retry: () => Promise<void>;
  /** The account may read nothing any more. */
  refused: (error: GatewayError) => void;
}

/** Looks at what is watched, again and again. What it reads is seen like everybody's answers: it has nobody to tell. */
export interface Poller {
  /** Looks after its time, unless it does already. */
  start(): void;
  stop(): void;
  /** Looks sooner, where what is known by now asks for it. */
  hurry(): void;
  /** Reads these back at once, not as they were before `moment`. */
  lookAt(ids: ChangedIds, moment: Moment): void;
}

export function createPoller(options: PollerOptions): Poller {
  const { clock, pace, told } = options;
  const look = createLook({ ...options, restAge: () => (options.isTold() ? pace.told : pace.steady) });
  /** Since when something is about to appear, by livestream and by what. */
  const arriving = new Map<string, number>();
  let cancel: (() => void) | null = null;
  /** When the next look is due; infinite while one is under way. */
  let dueAt = Infinity;
  /** Whether something that was to be read could not be: no webhook will tell of it again. */
  let isBehind = false;

  function delay(): number {
    const now = clock.now();
    const keys = [...told].flatMap(([id, { livestream }]) =>
      isStarting(livestream) ? [`${id} ${livestream.status}`] : [],
    );
    const present = new Set(keys);
    for (const key of arriving.keys()) if (!present.has(key)) arriving.delete(key);
    for (const key of present) arriving.set(key, arriving.get(key) ?? now);
    const isSoon = [...arriving.values()].some((since) => now - since < pace.arrivalTakes);
    const usual = isSoon ? pace.arriving : options.isTold() && !isBehind ? pace.told : pace.steady;
    return Math.max(usual, options.leastAge());
  }

  function schedule(milliseconds: number): void {
    cancel?.();
    dueAt = clock.now() + milliseconds;
    cancel = clock.after(milliseconds, () => {
      dueAt = Infinity;
      isBehind = false;
      void look
        .atAll(Math.min(milliseconds, pace.steady))
        .then(options.retry)
        .then(delay, later)
        .then((after) => cancel !== null && after < dueAt - clock.now() && schedule(after));
    });
  }

  /** How long to wait after a failure. */
  function later(error: unknown): number {
    isBehind = true;
    if (error instanceof GatewayError && isRefusal(error)) options.refused(error);
    const asked = error instanceof GatewayError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(delay(), pace.steady, asked);
  }

  function hurry(): void {
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
      isBehind = false;
      arriving.clear();
    },
    hurry,
    lookAt(ids, moment) {
      look.at(ids, moment).catch(() => {
        isBehind = true;
        hurry();
      });
    },
  };
}

/** Whether it will be refused the next time too. */
function isRefusal({ code }: GatewayError): boolean {
  return code === 'UNAUTHENTICATED' || code === 'FORBIDDEN';
}
