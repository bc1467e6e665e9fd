import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { LiveReader } from '../data/liveFeed.ts';
import { GatewayError, isTokenRejected } from '../domain/errors.ts';
import { isActive } from '../domain/livestreamState.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { planSingleReads, usesLists } from './pollPlan.ts';
import type { WatchedLivestream } from './watchedLivestream.ts';
import type { WatchIndex } from './watchIndex.ts';

/*
 * Polls upstream for an account's subscribers: decides how long to wait between two rounds, how to back off after a failure, and when
 * to give up. What a round reads is up to `pollPlan.ts`. The poller does not handle the results: like every other upstream response,
 * they reach the watched livestreams through the data source.
 */

/** The interval while a livestream is starting: its first frames or its playback URL are about to appear. */
const STARTING_INTERVAL_MS = 2000;
/** How long a livestream may be starting before it is polled at the steady interval again. */
const STARTING_TIMEOUT_MS = 120_000;
/** The interval while nothing changes. */
const STEADY_INTERVAL_MS = 10_000;
/** The interval while a livestream is active and webhooks arrive: RealtimeKit sends none for a livestream that fails. */
const ACTIVE_WITH_WEBHOOKS_MS = 15_000;
/** The interval while no livestream is active and webhooks arrive: polling only finds what webhooks do not report, such as a new name. */
const IDLE_WITH_WEBHOOKS_MS = 60_000;
/** The part of the poll interval during which a value that another replica read counts as a poll. */
const PEER_READ_FRACTION = 0.8;
/** The longest `Retry-After` that is waited for: a lockout by RealtimeKit lasts 5 minutes. */
const MAX_PAUSE_MS = 300_000;
/** How many livestreams and meetings are polled at a time. Each of them takes a few requests. */
const BATCH_SIZE = 16;

export interface PollerOptions {
  clock: Clock;
  index: Pick<WatchIndex, 'find' | 'published' | 'topics' | 'watch'>;
  createReader: (maxPeerAgeMs: number) => LiveReader;
  /** Ends polling. */
  signal: CancellationSignal;
  /** The interval below which budget pressure does not allow polling. */
  minPollIntervalMs: () => number;
  /** Whether webhooks report changes at present. */
  hasWebhooks: () => boolean;
  /** The number of replicas, this one included. */
  replicaCount: () => number;
  /** Called when upstream rejects the account's token: polling again would fail in the same way. */
  onAccessDenied: (error: GatewayError) => void;
}

export function createPoller(options: PollerOptions) {
  const { clock, index, signal } = options;
  const exactReader = options.createReader(0);
  /** Null until the poller is started. */
  let cancelTimer: (() => void) | null = null;
  /** When the next round is due; infinite while none is scheduled: before the start, and while a round is in flight. */
  let dueAt = Infinity;
  /** Until then, upstream has asked to wait. */
  let pausedUntil = 0;
  /** Whether a change may have been missed since the last round began. No webhook will report it again, so only polling finds it. */
  let needsCatchUp = false;
  signal.addEventListener('abort', () => cancelTimer?.(), { once: true });

  const idleIntervalMs = (): number => (options.hasWebhooks() ? IDLE_WITH_WEBHOOKS_MS : STEADY_INTERVAL_MS);

  function steadyIntervalMs(): number {
    const isAnyActive = index.published().some(({ published: state }) => state !== null && isActive(state.livestream));
    return options.hasWebhooks() && isAnyActive ? ACTIVE_WITH_WEBHOOKS_MS : idleIntervalMs();
  }

  function nextDelayMs(): number {
    const isAnyStarting = index.published().some((watched) => watched.isStarting(STARTING_TIMEOUT_MS));
    const steadyMs = needsCatchUp ? STEADY_INTERVAL_MS : steadyIntervalMs();
    const intervalMs = isAnyStarting ? STARTING_INTERVAL_MS : steadyMs;
    return Math.max(intervalMs, options.minPollIntervalMs(), pausedUntil - clock.now());
  }

  function schedule(delayMs: number): void {
    cancelTimer?.();
    dueAt = clock.now() + delayMs;
    cancelTimer = clock.after(delayMs, () => {
      dueAt = Infinity;
      needsCatchUp = false;
      void poll(Math.min(delayMs, STEADY_INTERVAL_MS)).then(nextDelayMs, delayAfterFailureMs).then(scheduleIfSooner);
    });
  }

  function scheduleIfSooner(delayMs: number): void {
    if (!signal.aborted && clock.now() + delayMs < dueAt) schedule(delayMs);
  }

  function delayAfterFailureMs(error: unknown): number {
    needsCatchUp = true;
    if (error instanceof GatewayError) {
      if (isTokenRejected(error)) options.onAccessDenied(error);
      pausedUntil = clock.now() + Math.min((error.retryAfterSeconds ?? 0) * 1000, MAX_PAUSE_MS);
    }
    return Math.max(nextDelayMs(), STEADY_INTERVAL_MS);
  }

  function reschedule(): void {
    if (dueAt !== Infinity) scheduleIfSooner(nextDelayMs());
  }

  function catchUp(): void {
    needsCatchUp = true;
    reschedule();
  }

  /**
   * Polls everything that has a subscriber. `intervalMs` is the time between rounds: what another replica read within most of it is
   * not read again. Rejects if the lists fail, or all reads of a batch.
   */
  async function poll(intervalMs: number): Promise<void> {
    const replicaCount = options.replicaCount();
    const topics = index.topics();
    const peerReader = options.createReader(replicaCount > 1 ? intervalMs * PEER_READ_FRACTION : 0);
    // The single reads go on without lists that fail.
    const [lists] = usesLists(topics) ? await Promise.allSettled([peerReader.active()]) : [];
    const active = lists?.status === 'fulfilled' ? lists.value : null;
    signal.throwIfAborted();
    const published = new Map(index.published().flatMap((one) => (one.published ? [[one.id, one.published]] : [])));
    const polledAt = (id: string): number => index.find(id)?.polledAt ?? 0;
    const maxIdleAgeMs = idleIntervalMs();
    const plan = planSingleReads({ topics, active, published, polledAt, now: clock.now(), maxIdleAgeMs, replicaCount });
    // A livestream that the lists lack has probably changed, so that another replica's older read is not good enough.
    const reader = usesLists(topics) ? exactReader : peerReader;
    await runInBatches([
      ...plan.livestreamIds.map((id) => async () => pollLivestream(reader, id)),
      ...plan.meetingIds.map((id) => async () => pollMeeting(reader, id)),
    ]);
    if (lists?.status === 'rejected') throw lists.reason;
    // Not awaited: one whose session cannot be read must delay neither the others nor the next round.
    for (const watched of index.published()) watched.resend().catch(() => {});
  }

  /** A step that fails does not stop the others. If all steps of a batch fail, the remaining batches are not run, to spare upstream. */
  async function runInBatches(steps: (() => Promise<unknown>)[]): Promise<void> {
    for (let start = 0; start < steps.length; start += BATCH_SIZE) {
      signal.throwIfAborted();
      const outcomes = await Promise.allSettled(steps.slice(start, start + BATCH_SIZE).map(async (step) => step()));
      const [first] = outcomes;
      if (first?.status === 'rejected' && outcomes.every(({ status }) => status === 'rejected')) throw first.reason;
    }
  }

  function publishedAsActive(meetingId: string): WatchedLivestream[] {
    const isInMeeting = ({ published: state }: WatchedLivestream): boolean =>
      state !== null && state.livestream.meetingId === meetingId && isActive(state.livestream);
    return index.published().filter(isInMeeting);
  }

  async function pollLivestream(reader: LiveReader, id: string): Promise<void> {
    index.watch(id).polledAt = clock.now();
    await reader.livestreamAndSession(id);
  }

  async function pollMeeting(reader: LiveReader, meetingId: string): Promise<void> {
    const [last] = publishedAsActive(meetingId);
    // A meeting has at most one active livestream: while it goes on, no other one can start.
    const current = last && (await reader.livestreamAndSession(last.id));
    if (current && isActive(current)) return;
    await reader.activeIn(meetingId);
  }

  async function refresh({ livestreamId, meetingId }: ChangedIds, since: HybridTimestamp): Promise<void> {
    if (livestreamId !== null) {
      const livestream = await exactReader.livestream(livestreamId, since);
      // One that does not exist is probably another app's, and so is its meeting, unless somebody subscribes to that.
      const isForeign = livestream === null && !index.topics().meetingIds.includes(meetingId ?? '');
      if (isForeign || (livestream !== null && livestream.meetingId !== null)) return;
    }
    if (meetingId === null) return;
    const active = await exactReader.activeIn(meetingId, since);
    const replaced = publishedAsActive(meetingId).filter(({ id }) => id !== active?.id);
    await Promise.all(replaced.map(async ({ id }) => exactReader.livestream(id, since)));
  }

  return {
    /** Starts polling after the current interval. Does nothing if the poller is running. */
    start(): void {
      if (cancelTimer === null && !signal.aborted) schedule(nextDelayMs());
    },
    /** Moves the next round forward if what was published since asks for a shorter interval. */
    reschedule,
    /** Reads these entities at once, not as they were before `since`. A failure makes the next round come sooner. */
    refreshNow(ids: ChangedIds, since: HybridTimestamp): void {
      refresh(ids, since).catch(catchUp);
    },
    /** Makes the next round come sooner, because a change may have been missed. */
    catchUp,
  };
}
