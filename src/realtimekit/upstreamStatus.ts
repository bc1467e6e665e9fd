import type { FailureReason } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import type { UpstreamFailureCause } from '../telemetry/metrics.ts';

/** Whether the latest request reached RealtimeKit, or why it failed; `unknown` before the first one. */
export type UpstreamState = 'unknown' | 'ok' | UpstreamFailureCause;

/** Tells the operator why requests to RealtimeKit fail. */
export interface UpstreamStatus {
  /** Records a response (null), or why a request failed. Each cause is logged at most once a minute. */
  record(reason: FailureReason | null): void;
  current(): UpstreamState;
}

export function createUpstreamStatus(clock: Clock, log: Log): UpstreamStatus {
  const warnings = new Map<UpstreamFailureCause, (count: number, code: FailureReason['code']) => void>();
  let state: UpstreamState = 'unknown';

  function warningOf(cause: UpstreamFailureCause): (count: number, code: FailureReason['code']) => void {
    const known = warnings.get(cause);
    if (known !== undefined) return known;
    const warn = createThrottledWarning(clock, (requests, code: FailureReason['code']) =>
      log('error', 'Requests to RealtimeKit fail.', { cause, code, ...EXPLANATIONS[cause], requests }),
    );
    warnings.set(cause, warn);
    return warn;
  }

  return {
    record(reason) {
      state = reason === null ? 'ok' : reason.cause;
      if (reason !== null) warningOf(reason.cause)(1, reason.code);
    },
    current: () => state,
  };
}

/** What each cause means, and what the operator should check. */
const EXPLANATIONS: Record<UpstreamFailureCause, { reason: string; check: string }> = {
  token: { reason: 'RealtimeKit rejects the API token', check: 'CLOUDFLARE_API_TOKEN' },
  address: {
    reason: 'RealtimeKit does not know the account or the app',
    check: 'CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID, CLOUDFLARE_BASE_URL',
  },
};
