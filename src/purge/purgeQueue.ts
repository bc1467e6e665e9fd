import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { PendingWork } from '../lib/pendingWork.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import { withTimeout } from '../lib/timeout.ts';
import { parseRetryAfter } from '../realtimekit/envelope.ts';
import type { Transport } from '../realtimekit/transport.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { PurgeEndpoint } from './purgeEndpoint.ts';

export interface PurgeContext {
  transport: Transport;
  clock: Clock;
  /** Returns a number from 0 to 1, for the jitter. */
  random: () => number;
  log: Log;
  metrics: Pick<Metrics, 'purge'> | undefined;
  /** Counts each queue as long as it is not empty. */
  pending: PendingWork;
}

/** How long the first tag waits for others, so that a burst of changes is one request. */
const BATCH_DELAY_MS = 100;
/**
 * The pause between two requests. With it, one replica sends at most 1,200 in five minutes, Cloudflare's limit for a token, and at most
 * 4 a second, while plans but the free one allow 5.
 */
const PAUSE_MS = 250;
/** The deadline of one attempt, including the response body. */
const ATTEMPT_TIMEOUT_MS = 5000;
/** The first step of the backoff; it doubles with each failure in a row. */
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** A longer `Retry-After` is not waited for: one wrong response must not end purging. Cloudflare's lockout takes five minutes. */
const MAX_RETRY_AFTER_MS = 600_000;
/** A tag whose purge fails is not tried again if it was last requested longer ago than this. */
const GIVE_UP_AFTER_MS = 60_000;
/** How many tags can wait. The oldest make room for further ones. */
const MAX_WAITING_TAGS = 10_000;
const MAX_RESPONSE_BYTES = 64 * 1024;

/** Why an attempt failed, and how long the endpoint asks to wait. */
interface Failure {
  reason: string;
  retryAfterMs: number;
}

/** The tags that one endpoint has yet to purge. */
export type PurgeQueue = ReturnType<typeof createPurgeQueue>;

/**
 * Sends tags to one endpoint: in batches, with at most one request in flight, and again after a failure. Nobody waits for it, and it
 * throws nothing: a purge that does not succeed in time is logged, and what it concerns stays cached until it expires.
 */
export function createPurgeQueue(endpoint: PurgeEndpoint, context: PurgeContext) {
  const { transport, clock, log, metrics } = context;
  /** When each tag was last requested, in milliseconds since the Unix epoch, in the order in which they are sent. */
  const waiting = new Map<string, number>();
  /** Ends the count of this queue as pending; null while it is empty. */
  let endPending: (() => void) | null = null;
  /** The number of failures since the last success. */
  let failures = 0;
  /** When the next request may be sent, in milliseconds since the Unix epoch. */
  let notBefore = 0;
  const warn = createThrottledWarning(clock, (tags, reason: string) =>
    log('warn', 'Purging cached responses failed: they stay cached until they expire.', {
      endpoint: endpoint.name,
      tags,
      reason,
    }),
  );

  async function attempt(tags: readonly string[]): Promise<Failure | null> {
    const createError = (): Error => new Error(`no response within ${ATTEMPT_TIMEOUT_MS / 1000} s`);
    try {
      const response = await withTimeout({ timeoutMs: ATTEMPT_TIMEOUT_MS, clock, createError }, (signal) =>
        transport({ method: 'POST', ...endpoint.createRequest(tags), signal, maxBodyBytes: MAX_RESPONSE_BYTES }),
      );
      const reason = endpoint.failureOf(response);
      const retryAfterMs = (parseRetryAfter(response.headers['retry-after']) ?? 0) * 1000;
      return reason === null ? null : { reason, retryAfterMs: Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), retryAfterMs: 0 };
    }
  }

  /** Exponential backoff with jitter, between half and all of its step, or the endpoint's `Retry-After` if that is longer. */
  function retryDelayMs({ retryAfterMs }: Failure): number {
    const stepMs = Math.min(MIN_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
    return Math.max(stepMs * (0.5 + context.random() / 2), retryAfterMs);
  }

  /** Sends the oldest tags. A tag that is requested again meanwhile is sent again: the endpoint may have purged it before the change. */
  async function sendBatch(): Promise<void> {
    const batch = waiting.entries().take(endpoint.maxTags).toArray();
    for (const [tag] of batch) waiting.delete(tag);
    const failure = await attempt(batch.map(([tag]) => tag));
    if (failure === null) {
      failures = 0;
      notBefore = clock.now() + PAUSE_MS;
      metrics?.purge(endpoint.name, 'ok');
      return schedule();
    }
    failures += 1;
    notBefore = clock.now() + retryDelayMs(failure);
    metrics?.purge(endpoint.name, 'failed');
    const newer = [...waiting];
    waiting.clear();
    // In front of newer tags, but with the newer time of a tag that was requested again.
    for (const [tag, requestedAt] of [...batch, ...newer]) waiting.set(tag, requestedAt);
    const isOverdue = (tag: string): boolean => clock.now() - (waiting.get(tag) ?? 0) >= GIVE_UP_AFTER_MS;
    const overdue = batch.map(([tag]) => tag).filter(isOverdue);
    for (const tag of overdue) waiting.delete(tag);
    giveUp(overdue.length, failure.reason);
    limitWaiting();
    schedule();
  }

  function limitWaiting(): void {
    const excess = Math.max(0, waiting.size - MAX_WAITING_TAGS);
    for (const tag of waiting.keys().take(excess).toArray()) waiting.delete(tag);
    giveUp(excess, `more than ${MAX_WAITING_TAGS} tags wait`);
  }

  function giveUp(tags: number, reason: string): void {
    if (tags === 0) return;
    metrics?.purge(endpoint.name, 'given_up');
    warn(tags, reason);
  }

  /** Sends what waits as soon as that is allowed. Ends the count of this queue as pending if nothing waits. */
  function schedule(): void {
    if (waiting.size > 0) {
      clock.after(Math.max(BATCH_DELAY_MS, notBefore - clock.now()), () => void sendBatch());
      return;
    }
    endPending?.();
    endPending = null;
  }

  return {
    /** Adds the tags of what has changed. */
    add(tags: readonly string[]): void {
      for (const tag of tags) waiting.set(tag, clock.now());
      limitWaiting();
      if (endPending !== null || waiting.size === 0) return;
      endPending = context.pending.start();
      schedule();
    },
  };
}
