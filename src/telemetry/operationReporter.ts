import type { Log } from '../lib/log.ts';
import type { Metrics } from './metrics.ts';
import { type RequestRecord, recordOf } from './requestRecord.ts';

export interface OperationReporterOptions {
  log: Log;
  /** Undefined if metrics are off. */
  metrics: Pick<Metrics, 'operation' | 'read'> | undefined;
}

/** The outcome of a request for an operation. */
export interface OperationOutcome {
  /** The error codes; empty if there was no error. */
  codes: readonly string[];
  /** The codes of a mutation's `userErrors`. */
  userErrors?: readonly string[];
  /** The number of events of a subscription. */
  events?: number;
  /** The HTTP status of a response that is not a GraphQL response. */
  status?: number;
}

/**
 * Returns a function that reports the outcome of a request for an operation: as an entry of the log, in the metrics, and by ending the
 * span. Only the first report of a request counts.
 */
export function createOperationReporter({
  log,
  metrics,
}: OperationReporterOptions): (request: Request, requestId: string, outcome: OperationOutcome) => void {
  const isLogged = log.isEnabled?.('info') ?? true;
  return (request, requestId, outcome) => {
    const record = recordOf(request);
    if (record.isReported) return;
    record.isReported = true;
    const codes = asClientClosed(outcome.codes, request);
    const [code = 'OK'] = codes;
    const seconds = (performance.now() - record.startedAt) / 1000;
    if (isLogged)
      log('info', MESSAGES[record.kind ?? 'none'], logFieldsOf(requestId, record, { ...outcome, codes }, seconds));
    metrics?.operation({ name: record.name, kind: record.kind, code, seconds });
    if (record.fromResponseCache) metrics?.read('response_cache');
    endSpan(record, codes[0]);
  };
}

const MESSAGES = {
  query: 'Operation completed.',
  mutation: 'Operation completed.',
  subscription: 'Subscription ended.',
  none: 'Request rejected.',
} as const;

/** If the caller has closed the connection, its reads were cancelled: the resulting errors are not the gateway's. */
function asClientClosed(codes: readonly string[], { signal }: { signal: AbortSignal }): readonly string[] {
  return codes.includes('INTERNAL_SERVER_ERROR') && signal.aborted ? ['CLIENT_CLOSED_REQUEST'] : codes;
}

function logFieldsOf(
  requestId: string,
  { name, kind, counters, fromResponseCache, span }: RequestRecord,
  { codes, userErrors = [], events, status }: OperationOutcome,
  seconds: number,
): Record<string, unknown> {
  return {
    requestId,
    ...(span === undefined ? {} : { traceId: span.traceparent.slice(3, 35) }),
    operation: name,
    kind,
    durationMs: Math.round(seconds * 1e6) / 1000,
    code: codes[0] ?? 'OK',
    ...(codes.length > 1 ? { codes } : {}),
    ...(userErrors.length > 0 ? { userErrors } : {}),
    ...(status === undefined ? {} : { status }),
    ...(events === undefined ? {} : { events }),
    ...(fromResponseCache ? { fromResponseCache } : {}),
    upstreamRequests: counters.requests,
    cacheHits: counters.cacheHits,
    coalesced: counters.coalesced,
  };
}

function endSpan({ span, kind, name, fromResponseCache }: RequestRecord, errorCode: string | undefined): void {
  if (span === undefined) return;
  if (kind === null) return span.end({ errorCode });
  const attributes = {
    'graphql.operation.type': kind,
    ...(name === null ? {} : { 'graphql.operation.name': name }),
    ...(fromResponseCache ? { 'graphql.from_response_cache': true } : {}),
  };
  span.end({ name: name === null ? kind : `${kind} ${name}`, attributes, errorCode });
}
