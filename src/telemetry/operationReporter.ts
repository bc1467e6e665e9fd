import type { Log } from '../lib/log.ts';
import type { Metrics } from './metrics.ts';
import type { RequestRecord } from './requestRecord.ts';

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
  /** Why a request was rejected before it was parsed. */
  reason?: string;
}

/** Reports the outcome of a request for an operation. Only the first report of a request counts. */
export type ReportOperation = (record: RequestRecord, outcome: OperationOutcome) => void;

/** Creates the reporter: it writes an entry of the log, counts the operation in the metrics (if they are on), and ends its span. */
export function createOperationReporter({
  log,
  metrics,
}: {
  log: Log;
  metrics: Pick<Metrics, 'operation' | 'read'> | undefined;
}): ReportOperation {
  const isLogged = log.isEnabled?.('info') ?? true;
  return (record, outcome) => {
    if (record.isReported) return;
    record.isReported = true;
    const codes = asClientClosed(outcome.codes, record.signal);
    const seconds = (performance.now() - record.startedAt) / 1000;
    const message = MESSAGES[record.isDryRun && record.kind !== null ? 'query' : (record.kind ?? 'none')];
    if (isLogged) log('info', message, logFieldsOf(record, { ...outcome, codes }, seconds));
    // A dry run executes nothing.
    if (!record.isDryRun) metrics?.operation({ name: record.name, kind: record.kind, code: codes[0] ?? 'OK', seconds });
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
function asClientClosed(codes: readonly string[], signal: AbortSignal): readonly string[] {
  return codes.includes('INTERNAL_SERVER_ERROR') && signal.aborted ? ['CLIENT_CLOSED_REQUEST'] : codes;
}

/** Fields that are undefined are not logged. */
function logFieldsOf(
  { id, name, kind, counters, fromResponseCache, isDryRun, span }: RequestRecord,
  { codes, userErrors = [], events, status, reason }: OperationOutcome,
  seconds: number,
): Record<string, unknown> {
  return {
    requestId: id,
    traceId: span?.traceparent.slice(3, 35),
    operation: name,
    kind,
    durationMs: Math.round(seconds * 1e6) / 1000,
    code: codes[0] ?? 'OK',
    codes: codes.length > 1 ? codes : undefined,
    userErrors: userErrors.length > 0 ? userErrors : undefined,
    status,
    reason,
    events,
    fromResponseCache: fromResponseCache || undefined,
    dryRun: isDryRun || undefined,
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
