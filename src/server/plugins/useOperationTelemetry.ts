import { type ExecutionArgs, type ExecutionResult, getOperationAST } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';

import { errorCodesOf, userErrorCodesOf } from '../../telemetry/errorCodes.ts';
import {
  createOperationReporter,
  type OperationOutcome,
  type OperationReporterOptions,
} from '../../telemetry/operationReporter.ts';
import { type RequestRecord, recordOf, recordOperation } from '../../telemetry/requestRecord.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import { requestIdOf } from './useRequestId.ts';

export interface OperationTelemetryOptions extends OperationReporterOptions {
  /** Undefined if tracing is off. */
  tracer: Tracer | undefined;
}

/**
 * Reports each operation once, when it is complete: as a line of the log, in the metrics, and as a span. Of what the caller sent, only
 * the name of the operation is reported.
 *
 * `first` must come before all other plugins, to measure the whole request; `last` after them, to see errors as callers see them.
 */
export function useOperationTelemetry(options: OperationTelemetryOptions): { first: Plugin; last: Plugin } {
  const { tracer } = options;
  const reportOperation = createOperationReporter(options);
  const report = (request: Request, outcome: OperationOutcome): void =>
    reportOperation(request, requestIdOf(request), outcome);

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

function outcomeOf(result: ExecutionResult, { kind }: RequestRecord): OperationOutcome {
  const codes = errorCodesOf(result);
  return kind === 'mutation' ? { codes, userErrors: userErrorCodesOf(result) } : { codes };
}

/** Passes a subscription's events through, and calls `onEnd` when the subscription ends, fails or is cancelled. */
function instrumentStream<Event extends ExecutionResult>(
  results: AsyncIterable<Event>,
  onEnd: (outcome: OperationOutcome) => void,
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
