import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Account } from '../upstream/account.ts';
import type { Moment } from '../upstream/changes.ts';
import type { Operation } from '../upstream/operation.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { readActive } from './active.ts';
import type { LivePace } from './pace.ts';
import { isActive, isArriving, type LiveState, type Target } from './state.ts';

/** From how many watched livestreams and meetings on the lists of what is live are read in place of each of them. */
const MANY = 3;

export interface PollerOptions {
  account: Account;
  upstream: Upstream;
  clock: Clock;
  pace: LivePace;
  leastAge: () => number;
  isTold: () => boolean;
  begin: () => Operation;
  /** What readers were told last. */
  told: () => LiveState[];
  targets: () => Target[];
  /** The account may read nothing any more. */
  refused: (error: unknown) => void;
}

/**
 * Looks at what is watched, again and again. What it reads is seen like everybody's answers: it has nobody to tell. One look serves
 * all who watch the same; many looks are the lists of what is live.
 */
export interface Poller {
  /** Looks after its time, unless it does already. */
  start(): void;
  stop(): void;
  /** Looks sooner, where what is known by now asks for it. */
  hurry(): void;
  /** Reads these back at once, not as they were before `moment`. */
  lookAt(ids: { livestreamId: string | null; meetingId: string | null }, moment: Moment): void;
}

export function createPoller(options: PollerOptions): Poller {
  const { upstream, clock, pace, begin } = options;
  const { reads } = upstream;
  /** Since when something is about to appear, by livestream. */
  const arriving = new Map<string, number>();
  let cancel: (() => void) | null = null;
  /** When the next look is due; infinite while one is under way. */
  let dueAt = Infinity;

  function delay(): number {
    const now = clock.now();
    const ids = options.told().flatMap(({ livestream }) => (isArriving(livestream) ? [livestream.id] : []));
    for (const id of arriving.keys()) if (!ids.includes(id)) arriving.delete(id);
    for (const id of ids) arriving.set(id, arriving.get(id) ?? now);
    const isSoon = [...arriving.values()].some((since) => now - since < pace.arrivalTakes);
    const usual = isSoon ? pace.arriving : options.isTold() ? pace.told : pace.steady;
    return Math.max(usual, options.leastAge());
  }

  function schedule(milliseconds: number): void {
    cancel?.();
    dueAt = clock.now() + milliseconds;
    cancel = clock.after(milliseconds, () => {
      dueAt = Infinity;
      void look()
        .then(delay, later)
        .then((after) => cancel !== null && after < dueAt - clock.now() && schedule(after));
    });
  }

  /** How long to wait after a failure. */
  function later(error: unknown): number {
    const isRefused = error instanceof GatewayError && /^(UNAUTHENTICATED|FORBIDDEN)$/.test(error.code);
    if (isRefused) options.refused(error);
    const asked = error instanceof GatewayError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(delay(), pace.steady, asked);
  }

  async function look(): Promise<void> {
    const targets = options.targets();
    const livestreamIds = [...new Set(targets.flatMap(({ livestreamId }) => livestreamId ?? []))];
    const meetingIds = [...new Set(targets.flatMap((t) => (t.livestreamId === null ? (t.meetingId ?? []) : [])))];
    const isAll = targets.some((target) => target.livestreamId === null && target.meetingId === null);
    const isMany = isAll || livestreamIds.length + meetingIds.length >= MANY;
    const operation = begin();
    if (isMany) {
      const { livestreams, isWhole } = await readActive(upstream, operation);
      if (isWhole) return lookAtGone(new Set(livestreams.map(({ id }) => id)));
    }
    await Promise.all([
      ...livestreamIds.map(async (id) => lookAtLivestream(operation, id)),
      ...meetingIds.map(async (id) => lookAtMeeting(operation, id)),
    ]);
    return undefined;
  }

  /** What readers believe to run is none of those that do. */
  async function lookAtGone(activeIds: ReadonlySet<string>): Promise<void> {
    const operation = begin();
    const gone = options.told().filter(({ livestream }) => isActive(livestream) && !activeIds.has(livestream.id));
    const since = reads.now();
    await Promise.all(gone.map(async ({ livestream }) => reads.livestream.read(operation, livestream.id, since)));
  }

  async function lookAtLivestream(operation: Operation, id: string, since?: Moment): Promise<void> {
    const known = options.told().find(({ livestream }) => livestream.id === id);
    // The answer about the session of one that runs tells the livestream too.
    const hasSession = known !== undefined && (known.sessionId || known.livestream.status === 'LIVE');
    if (!hasSession) return void (await reads.livestream.read(operation, id, since));
    const moment = since ?? reads.now();
    const session = await reads.activeSession.read(operation, id, moment);
    return session === null ? void (await reads.livestream.read(operation, id, moment)) : undefined;
  }

  async function lookAtMeeting(operation: Operation, meetingId: string, since?: Moment): Promise<void> {
    const known = options.told().filter(({ livestream }) => livestream.meetingId === meetingId);
    const running = known.filter(({ livestream }) => isActive(livestream)).map(({ livestream }) => livestream.id);
    // While one runs, no other can: only its end makes room.
    if (running[0] !== undefined && since === undefined) return lookAtLivestream(operation, running[0]);
    const active = await reads.activeLivestream.read(operation, meetingId, since);
    const gone = running.filter((id) => id !== active?.id);
    await Promise.all(gone.map(async (id) => reads.livestream.read(operation, id, since)));
    return undefined;
  }

  return {
    start() {
      if (cancel === null) schedule(delay());
    },
    stop() {
      cancel?.();
      cancel = null;
      arriving.clear();
    },
    hurry() {
      const after = delay();
      if (cancel !== null && dueAt < Infinity && clock.now() + after < dueAt) schedule(after);
    },
    lookAt({ livestreamId, meetingId }, moment) {
      const operation = begin();
      // What cannot be read back now is looked at again in its turn.
      Promise.all([
        livestreamId === null ? null : reads.livestream.read(operation, livestreamId, moment),
        meetingId === null ? null : lookAtMeeting(operation, meetingId, moment),
      ]).catch(() => {});
    },
  };
}
