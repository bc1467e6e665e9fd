import type { Clock } from '../lib/clock.ts';
import { sleep } from '../lib/timeout.ts';

/**
 * Spreads what this process sends, whoever it is for, so that upstream never sees more than `requestsPerSecond` requests in any second
 * (200 per IP: Cloudflare's documents, "API rate limits"). Half of them may leave at once, the others follow evenly: a token bucket. 0: no limit.
 * What it gives resolves when the next request may leave, or is undefined when that is now.
 */
export function createTokenBucket(
  requestsPerSecond: number,
  clock: Clock,
): (signal: AbortSignal | undefined) => Promise<void> | undefined {
  const burst = requestsPerSecond / 2;
  const gap = 1000 / burst;
  /** When the next request would leave if all of them were even. */
  let next = 0;
  return (signal) => {
    if (requestsPerSecond === 0) return undefined;
    const now = clock.now();
    const at = Math.max(next, now - (burst - 1) * gap);
    next = at + gap;
    return at <= now ? undefined : sleep(at - now, clock, signal);
  };
}
