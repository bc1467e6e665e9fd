import type { OperationKind } from './requestRecord.ts';

/**
 * Where the value of a read came from: a response to a new request (`network`), the cache, the cache although the value was no longer
 * fresh (`stale`), or a request that was already in flight (`coalesced`).
 */
export type ReadSource = 'network' | 'cache' | 'stale' | 'coalesced';

export type WebhookOutcome =
  | 'accepted'
  | 'duplicate'
  | 'ignored'
  | 'unauthorized'
  | 'malformed'
  | 'aborted'
  | 'too_large'
  | 'rate_limited'
  | 'unavailable';

/** What purges the responses that caches in front of the gateway store. */
export type PurgeEndpointName = 'cloudflare' | 'router';

/** How a request to purge responses ended (`given_up`: tags will not be tried again, after failures or for lack of room). */
export const PURGE_OUTCOMES = ['ok', 'failed', 'given_up'] as const;

export type PurgeOutcome = (typeof PURGE_OUTCOMES)[number];

/** Why requests to RealtimeKit fail, if that is for the operator to fix. `realtimekit/upstreamStatus.ts` explains each cause. */
export const UPSTREAM_FAILURE_CAUSES = [
  'dns',
  'refused',
  'unreachable',
  'connect_timeout',
  'tls',
  'proxy',
  'open_files',
  'interrupted',
  'timeout',
  'token',
  'address',
] as const;

export type UpstreamFailureCause = (typeof UPSTREAM_FAILURE_CAUSES)[number];

/** A completed request for an operation. */
export interface CompletedOperation {
  /** The operation's name, as the caller chose it; null for an anonymous operation. */
  name: string | null;
  /** Null if the request was rejected before its operation was known. */
  kind: OperationKind | null;
  /** The code of the first error, or `OK`. */
  code: string;
  seconds: number;
}

/** A completed upstream request. */
export interface CompletedUpstreamRequest {
  method: string;
  /** The path with `{id}` in place of every id. */
  route: string;
  /** The HTTP status; null if there was no response. */
  status: number | null;
  seconds: number;
}

/** The metrics that the gateway records. */
export interface Metrics {
  operation(outcome: CompletedOperation): void;
  upstreamRequest(outcome: CompletedUpstreamRequest): void;
  /** Counts a request that a caller with a share of the budget needed: sent, or held back because the share was used up. */
  callerRequest(caller: string, outcome: 'sent' | 'rate_limited'): void;
  /** Counts a read by the source of its value. `response_cache` counts a whole operation that was served from the response cache. */
  read(source: ReadSource | 'response_cache'): void;
  webhook(outcome: WebhookOutcome): void;
  purge(endpoint: PurgeEndpointName, outcome: PurgeOutcome): void;
  /** Counts a request to RealtimeKit that failed, with all its retries. */
  upstreamFailure(cause: UpstreamFailureCause): void;
  /**
   * Registers a gauge. `name` excludes the common prefix. `read` is called at every scrape; the gauge is left out while `read` returns
   * undefined.
   */
  gauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void;
  /** All metrics in Prometheus' text format. */
  expose(): Promise<{ contentType: string; text: string }>;
}
