import { type ExecutionArgs, type ExecutionResult, getOperationAST } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';

import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type RequestRecord, recordOf, recordOperation } from '../../telemetry/requestRecord.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import { codesOf, userErrorsOf } from '../../telemetry/errorCodes.ts';
import { requestIdOf } from './useRequestId.ts';

export interface OperationsOptions {
  log: Log;
  metrics: Pick<Metrics, 'operation' | 'answerSource'> | undefined;
  tracer: Tracer | undefined;
}

/** What became of a request. */
interface Outcome {
  /** None: all went well. */
  codes: readonly string[];
  /** What mutations asked their caller to handle. */
  userErrors?: readonly string[];
  /** Of a subscription. */
  events?: number;
  /** The HTTP status, where the answer is no GraphQL. */
  status?: number;
}

/**
 * Tells of each operation once, when it is over: one line of the log, the metrics, the trace. Of what callers sent only the
 * operation's name is told. `begin` stands before all plugins, so that all of a request is timed, and `end` after them, where errors
 * are as callers see them.
 */
export function useOperationTelemetry(options: OperationsOptions): { first: Plugin; last: Plugin } {
  const { tracer } = options;
  const report = createReporter(options);

  function identify({ document, operationName, contextValue }: ExecutionArgs & { contextValue: { request: Request } }) {
    const operation = getOperationAST(document, operationName);
    if (operation) recordOperation(recordOf(contextValue.request), operation.operation, operation.name?.value);
  }

  return {
    first: {
      onRequestParse({ request }) {
        recordOf(request);
      },
      onParams({ request }) {
        if (tracer === undefined) return;
        recordOf(request).span = tracer.start('GraphQL Operation', request.headers.get('traceparent'));
      },
      onExecute: ({ args }) => identify(args),
      onSubscribe: ({ args }) => identify(args),
      onResponse({ request, response }) {
        // Such as a body of an unknown type: nothing but a status says so.
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
  const codes = codesOf(result);
  return kind === 'mutation' ? { codes, userErrors: userErrorsOf(result) } : { codes };
}

/** A subscription is told of when it ends, however that is. */
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
      if (event.errors !== undefined) for (const code of codesOf(event)) codes.add(code);
      return event;
    },
    (error: unknown) => {
      end('BROKEN_OFF');
      throw error;
    },
    () => end(),
  );
}

function createReporter({ log, metrics }: OperationsOptions): (request: Request, outcome: Outcome) => void {
  const isLogged = log.isEnabled?.('info') ?? true;
  return (request, outcome) => {
    const note = recordOf(request);
    if (note.isReported) return;
    note.isReported = true;
    const codes = asClientClosed(outcome.codes, request);
    const [code = 'OK'] = codes;
    const seconds = (performance.now() - note.startedAt) / 1000;
    if (isLogged) log('info', WORDS[note.kind ?? 'none'], logFieldsOf(request, note, { ...outcome, codes }, seconds));
    metrics?.operation({ name: note.name, kind: note.kind, code, seconds });
    if (note.fromResponseCache) metrics?.answerSource('kept');
    endSpan(note, codes[0]);
  };
}

const WORDS = {
  query: 'An operation was answered.',
  mutation: 'An operation was answered.',
  subscription: 'A subscription has ended.',
  none: 'A request was refused.',
} as const;

/** Whoever has left is not given what was read for it: that is no fault of the gateway. */
function asClientClosed(codes: readonly string[], { signal }: { signal: AbortSignal }): readonly string[] {
  const isLeft = codes.includes('INTERNAL_SERVER_ERROR') && signal.aborted;
  return isLeft ? ['CLIENT_CLOSED_REQUEST'] : codes;
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
    ...(fromResponseCache ? { kept: true } : {}),
    upstreamRequests: counters.requests,
    cacheHits: counters.cacheHits,
    coalesced: counters.coalesced,
  };
}

function endSpan({ span, kind, name, fromResponseCache }: RequestRecord, failure: string | undefined): void {
  if (span === undefined) return;
  if (kind === null) return span.end({ failure });
  const named = name === null ? kind : `${kind} ${name}`;
  const about = { 'graphql.operation.type': kind, ...(name === null ? {} : { 'graphql.operation.name': name }) };
  span.end({ name: named, attributes: { ...about, ...(fromResponseCache ? { 'graphql.kept': true } : {}) }, failure });
}
