import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { Livestream } from '../domain/models.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { RequestContext } from '../realtimekit/requestContext.ts';
import type { UpstreamCounters } from '../telemetry/requestRecord.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { Account } from './account.ts';
import type { OperationReport } from './operationReport.ts';

/** What the reads and mutations of one GraphQL operation have in common. */
export interface Operation extends RequestContext {
  account: Account;
  report: OperationReport;
  startedAt: HybridTimestamp;
  /** Called with each livestream found in a response to one of the operation's own requests. */
  onLivestream: (livestream: Livestream) => void;
  /** The maximum age, in milliseconds, at which a value that another replica read is still fresh enough. */
  maxPeerAgeMs?: number;
  /** For how long, in milliseconds, a cached value must be fresh from now on. Otherwise it is read again, if that is possible. */
  minFreshMs?: number;
}

/**
 * Starts an operation. When `signal` is aborted, the operation's reads reject with the signal's reason. `onLivestream` is called with
 * each livestream in a response to one of the operation's own requests.
 */
export type NewOperation = (
  account: Account,
  signal: CancellationSignal,
  onLivestream: (livestream: Livestream) => void,
  origin?: RequestOrigin,
) => Operation;

/** What the HTTP request that contained an operation measures. */
export interface RequestOrigin {
  counters?: UpstreamCounters | undefined;
  /** Receives the tags of what the operation reads. */
  tags?: Set<string> | undefined;
  minFreshMs?: number;
  span?: Span | undefined;
}
