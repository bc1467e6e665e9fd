import type { Clock } from '../lib/clock.ts';
import { UpstreamError } from '../domain/errors.ts';
import { sleep } from '../lib/timeout.ts';

/** How often a request is repeated after its first sending. */
const MAX_RETRIES = 2;
/** The longest that a `Retry-After` is waited for, in seconds; a longer one is the caller's to wait for. */
const MAX_RETRY_AFTER_SECONDS = 5;
/** The first backoff, in milliseconds; it doubles with each further one. */
const MIN_BACKOFF_MS = 200;

const RETRYABLE_STATUS = new Set([408, 502, 503, 504]);

export interface RetryOptions {
  /** Whether carrying it out twice does no harm: true for reads alone. */
  idempotent: boolean;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  signal: AbortSignal | undefined;
  /** When all has to be over, in milliseconds since the Unix epoch: nothing is repeated after that. */
  endsAt: number;
}

/** Repeats `attempt` while its failure is a passing one and repeating it is safe; at most twice. */
export async function withRetry<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const delay =
        retries < MAX_RETRIES && isSafe(error, options) ? retryDelay(error, retries, options.random()) : null;
      if (delay === null || options.clock.now() + delay >= options.endsAt) throw error;
      await sleep(delay, options.clock, options.signal);
    }
  }
}

function isSafe(error: unknown, { idempotent, signal }: RetryOptions): error is UpstreamError {
  return signal?.aborted !== true && error instanceof UpstreamError && (idempotent || error.outcome === 'notSent');
}

/**
 * Milliseconds to wait before the request is repeated, or null when repeating would not help. The wait is upstream's
 * `Retry-After` where it tells one, else a backoff with full jitter between half and the whole of its step.
 */
export function retryDelay(error: UpstreamError, retries: number, random: number): number | null {
  if (!isTransient(error)) return null;
  const step = MIN_BACKOFF_MS * 2 ** retries * (0.5 + random / 2);
  return Math.max(step, (error.retryAfterSeconds ?? 0) * 1000);
}

function isTransient({ code, retryAfterSeconds, upstream }: UpstreamError): boolean {
  if (retryAfterSeconds !== undefined && retryAfterSeconds > MAX_RETRY_AFTER_SECONDS) return false;
  if (code === 'RATE_LIMITED') return retryAfterSeconds !== undefined;
  const status = upstream?.status ?? null;
  if (status !== null) return RETRYABLE_STATUS.has(status);
  return code === 'UPSTREAM_TIMEOUT' || code === 'UPSTREAM_UNAVAILABLE';
}
