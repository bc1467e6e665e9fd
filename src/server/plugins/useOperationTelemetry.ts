import { type ExecutionArgs, type ExecutionResult, getOperationAST } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';

import type { Log } from '../../lib/log.ts';
import { errorCodesOf, userErrorCodesOf } from '../../telemetry/errorCodes.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type RequestRecord, recordOf, recordOperation } from '../../telemetry/requestRecord.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import { requestIdOf } from './useRequestId.ts';

export interface OperationTelemetryOptions {
  log: Log;
  /** Undefined if metrics are off. */
  metrics: Pick<Metrics, 'operation' | 'read'> | undefined;
  /** Undefined if tracing is off. */
  tracer: Tracer | undefined;
}

/** The outcome of a request for an operation. */
interface Outcome {
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
 * Reports each operation once, when it is complete: as a line of the log, in the metrics, and as a span. Of what the caller sent, only
 * the name of the operation is reported.
 *
 * `first` must come before all other plugins, to measure the whole request; `last` after them, to see errors as callers see them.
 */
export function useOperationTelemetry(options: OperationTelemetryOptions): { first: Plugin; last: Plugin } {
  const { tracer } = options;
  const report = createReporter(options);

  function identify({ document, operationName, contextValue }: ExecutionArgs & { contextValue: { request: Request } }) {
    const operation = getOperationAST(document, operationName);
    if (operation) recordOperation(recordOf(contextValue.request), operation.operation, operation.name?.value);
  }

  return {
    first: {
      onRequestParse({ request }) {
        // Starts the record's time.
        recordOf(request);
      },
      onParams({ request }) {
        if (tracer === undefined) return;
        recordOf(request).span = tracer.start('GraphQL Operation', request.headers.get('traceparent'));
      },
      onExecute: ({ args }) => identify(args),
      onSubscribe: ({ args }) => identify(args),
      onResponse({ request, response }) {
        // A request rejected by its HTTP status alone, for example because of its content type.
        if (response.status < 400 || !request.url.includes('/graphql')) return;
        const codes = [response.status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR'];
        report(request, { codes, status: response.status });
      },
    },
    last: {
      onResultProcess(hook) {
        const { request, result } = hook;
        if (isAsyncIterable(result)) hook.setResult(instrumentStream(result, (outcome) => report(request, outcome)));
        else if (!Array.isArray(result)) report(request, outcomeOf(result, recordOf(request)));
      },
    },
  };
}

function outcomeOf(result: ExecutionResult, { kind }: RequestRecord): Outcome {
  const codes = errorCodesOf(result);
  return kind === 'mutation' ? { codes, userErrors: userErrorCodesOf(result) } : { codes };
}

/** Passes a subscription's events through, and calls `onEnd` when the subscription ends, fails or is cancelled. */
function instrumentStream<Event extends ExecutionResult>(
  results: AsyncIterable<Event>,
  onEnd: (outcome: Outcome) => void,
): AsyncIterable<Event> {
  const codes = new Set<string>();
  let events = 0;
  const end = (...more: string[]): void => onEnd({ codes: [...codes, ...more], events });
  return mapAsyncIterator(
    results,
    (event) => {
      events += 1;
      if (event.errors !== undefined) for (const code of errorCodesOf(event)) codes.add(code);
      return event;
    },
    (error: unknown) => {
      end('STREAM_TERMINATED');
      throw error;
    },
    () => end(),
  );
}

/** Returns a function that reports a request's outcome. Only the first report of a request counts. */
function createReporter({ log, metrics }: OperationTelemetryOptions): (request: Request, outcome: Outcome) => void {
  const isLogged = log.isEnabled?.('info') ?? true;
  return (request, outcome) => {
    const record = recordOf(request);
    if (record.isReported) return;
    record.isReported = true;
    const codes = asClientClosed(outcome.codes, request);
    const [code = 'OK'] = codes;
    const seconds = (performance.now() - record.startedAt) / 1000;
    if (isLogged)
      log('info', MESSAGES[record.kind ?? 'none'], logFieldsOf(request, record, { ...outcome, codes }, seconds));
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
  request: Request,
  { name, kind, counters, fromResponseCache, span }: RequestRecord,
  { codes, userErrors = [], events, status }: Outcome,
  seconds: number,
): Record<string, unknown> {
  return {
    requestId: requestIdOf(request),
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
