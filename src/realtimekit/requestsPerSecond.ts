import type { CancellationSignal } from '../lib/cancellation.ts';
import type { Clock } from '../lib/clock.ts';
import { sleep } from '../lib/timeout.ts';

/**
 * Creates a throttle for all requests of this process: a token bucket that never lets more than `requestsPerSecond` through in any
 * one second (Cloudflare allows 200 per IP address: "API rate limits" in its documentation). Half of them may be sent in a burst, the
 * others follow at even intervals. 0 turns the throttle off.
 *
 * The returned function takes a token, and returns a promise that resolves when the request may be sent, or undefined if that is now.
 * The promise rejects with the signal's reason; the token is not given back.
 */
export function createTokenBucket(
  requestsPerSecond: number,
  clock: Clock,
): (signal: CancellationSignal | undefined) => Promise<void> | undefined {
  const burst = requestsPerSecond / 2;
  const intervalMs = 1000 / burst;
  /** When the next request would be sent if there were no bursts. */
  let nextAt = 0;
  return (signal) => {
    if (requestsPerSecond === 0) return undefined;
    const now = clock.now();
    const sendAt = Math.max(nextAt, now - (burst - 1) * intervalMs);
    nextAt = sendAt + intervalMs;
    return sendAt <= now ? undefined : sleep(sendAt - now, clock, signal);
  };
}
