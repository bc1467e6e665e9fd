import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { UpstreamError } from '../domain/errors.ts';
import { sleep } from '../lib/timeout.ts';

/** A longer `Retry-After` is not waited for: the error tells the caller when to retry. */
const MAX_RETRY_AFTER_SECONDS = 5;
/** The first step of the backoff; it doubles with each retry. */
const MIN_BACKOFF_MS = 200;

/** HTTP statuses of transient failures; Cloudflare's own are 520 to 527 and 530. */
const RETRYABLE_STATUS = new Set([408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);

interface RetryOptions {
  /** Whether the request may be carried out twice: true for reads only. */
  idempotent: boolean;
  maxRetries: number;
  clock: Clock;
  /** Returns a number from 0 to 1, for the jitter. */
  random: () => number;
  signal: CancellationSignal | undefined;
  /** The deadline, in milliseconds since the Unix epoch: no retry starts after it. */
  endsAt: number;
  /** Called with the error of the last attempt. */
  onFailure: (error: unknown) => void;
}

/** Runs `attempt`, and retries it while it fails with a transient error and a retry is safe. */
export async function withRetry<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const delayMs =
        retries < options.maxRetries && isSafe(error, options) ? retryDelayMs(error, retries, options.random()) : null;
      if (delayMs === null || options.clock.now() + delayMs >= options.endsAt) {
        options.onFailure(error);
        throw error;
      }
      await sleep(delayMs, options.clock, options.signal);
    }
  }
}

/** Whether a retry cannot carry out the request twice, and the caller still waits for it. */
function isSafe(error: unknown, { idempotent, signal }: RetryOptions): error is UpstreamError {
  return signal?.aborted !== true && error instanceof UpstreamError && (idempotent || error.outcome === 'notSent');
}

/**
 * The delay before a retry in milliseconds, or null if the error is not transient. The delay is exponential backoff with jitter,
 * between half and all of its step, or RealtimeKit's `Retry-After` if that is longer. `retries` is the number of retries so far.
 */
export function retryDelayMs(error: UpstreamError, retries: number, random: number): number | null {
  if (!isTransient(error)) return null;
  const backoffMs = MIN_BACKOFF_MS * 2 ** retries * (0.5 + random / 2);
  return Math.max(backoffMs, (error.retryAfterSeconds ?? 0) * 1000);
}

function isTransient({ code, retryAfterSeconds, scope, upstream }: UpstreamError): boolean {
  // Another caller, which has not used up its share, may be waiting for this read.
  if (scope === 'caller') return false;
  if (retryAfterSeconds !== undefined && retryAfterSeconds > MAX_RETRY_AFTER_SECONDS) return false;
  if (code === 'RATE_LIMITED') return retryAfterSeconds !== undefined;
  const status = upstream?.status ?? null;
  if (status !== null) return RETRYABLE_STATUS.has(status);
  return code === 'UPSTREAM_TIMEOUT' || code === 'UPSTREAM_UNAVAILABLE';
}
