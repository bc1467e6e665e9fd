import type { Span } from './tracer.ts';

/** How an operation's reads were answered. */
export interface UpstreamCounters {
  /** Upstream requests that were sent. */
  requests: number;
  /** Reads answered from the cache. */
  cacheHits: number;
  /** Reads that joined a request already in flight. */
  coalesced: number;
}

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** Data collected while a GraphQL request is served, and reported when the request is complete. */
export interface RequestRecord {
  /** The request's id in the log. */
  readonly id: string;
  /** Aborts when the caller closes the connection. */
  readonly signal: AbortSignal;
  /** From `performance.now()`, so that a change of the system clock does not distort durations. */
  readonly startedAt: number;
  readonly counters: UpstreamCounters;
  /** Null while the operation is not known. */
  kind: OperationKind | null;
  /** The operation's name as in its document; null for an anonymous operation, or while the operation is not known. */
  name: string | null;
  /** Whether the whole response came from the response cache. */
  fromResponseCache: boolean;
  /** Whether the caller only wants to know what the operation would cost: it is not executed. */
  isDryRun: boolean;
  /** Undefined if tracing is off. */
  span: Span | undefined;
  /** Whether the request was logged and counted already. */
  isReported: boolean;
}

/** Callers may choose names of any length. */
const MAX_NAME_CHARS = 100;

/** Stores the operation's kind and name, of which only the first 100 characters are recorded. */
export function recordOperation(record: RequestRecord, kind: OperationKind, name: string | undefined | null): void {
  record.kind = kind;
  record.name = name?.slice(0, MAX_NAME_CHARS) ?? null;
}

export function createRequestRecord(id: string, signal: AbortSignal): RequestRecord {
  return {
    id,
    signal,
    startedAt: performance.now(),
    counters: { requests: 0, cacheHits: 0, coalesced: 0 },
    kind: null,
    name: null,
    fromResponseCache: false,
    isDryRun: false,
    span: undefined,
    isReported: false,
  };
}
