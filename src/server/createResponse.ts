import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { type FetchAPI, isAsyncIterable, mapAsyncIterator, processRegularResult } from 'graphql-yoga';

import type { Clock } from '../lib/clock.ts';
import { errorCodesOf, userErrorCodesOf } from '../telemetry/errorCodes.ts';
import type { OperationOutcome, ReportOperation } from '../telemetry/operationReporter.ts';
import type { OperationResult } from './executeOperation.ts';
import { type FormatErrors, toGraphQLError } from './formatErrors.ts';
import type { ResponseTypes } from './negotiation.ts';
import { type ServerContext, stateOf } from './requestState.ts';
import { streamEvents, streamResult } from './streamResponse.ts';

export interface ResponderOptions {
  clock: Clock;
  formatErrors: FormatErrors;
  /** Called once per request for an operation, when it is complete. */
  report: ReportOperation;
}

/** Creates the response with the result of a request. */
export type Respond = (result: OperationResult, request: Request, context: ServerContext) => MaybePromise<Response>;

/**
 * Returns a function that formats the errors of a result, or of each event of a subscription, reports the outcome, and writes the result
 * in the media type that the client prefers.
 */
export function createResponder({ clock, formatErrors, report }: ResponderOptions, fetchAPI: FetchAPI): Respond {
  return (result, request, context) => {
    const { record, responseTypes, isNotModified } = stateOf(context, request);
    if (isAsyncIterable(result)) {
      const events = instrumentStream(result, {
        format: (event) => formatErrors(event, record),
        onEnd: (outcome) => report(record, outcome),
        disconnect: () => context.res?.destroy(),
      });
      const response = streamEvents(responseTypes.stream ?? 'text/event-stream', events, { fetchAPI, clock });
      // Nobody reads, and so nobody would cancel, the stream of a client that has left in the meantime.
      if (record.signal.aborted) response.body?.cancel().catch(() => {});
      return response;
    }
    const formatted = formatErrors(result, record);
    const response = isNotModified ? new fetchAPI.Response(null, { status: 304 }) : write(formatted, responseTypes);
    const codes = errorCodesOf(formatted);
    report(record, record.kind === 'mutation' ? { codes, userErrors: userErrorCodesOf(formatted) } : { codes });
    return response;
  };

  function write(result: ExecutionResult, { result: preferred, stream }: ResponseTypes): MaybePromise<Response> {
    // What the client does not accept is sent only to tell it what to accept.
    const type = preferred ?? 'application/json';
    if (type !== stream) return processRegularResult(result, fetchAPI, type);
    return streamResult(type, processRegularResult(result, fetchAPI, 'application/json'), fetchAPI);
  }
}

interface StreamHooks {
  format: (event: ExecutionResult) => ExecutionResult;
  /** Called when the subscription ends, fails or is cancelled. */
  onEnd: (outcome: OperationOutcome) => void;
  disconnect: () => void;
}

/**
 * Formats a subscription's events. A subscription that fails with an `AbortError`, as all do when the gateway shuts down, ends without
 * a result and closes the connection, which the adapter for `node:http` would leave open, so that clients reconnect. Any other failure is
 * the last event.
 */
function instrumentStream(
  results: AsyncIterable<ExecutionResult>,
  { format, onEnd, disconnect }: StreamHooks,
): AsyncIterable<ExecutionResult> {
  const codes = new Set<string>();
  let events = 0;
  const end = (...more: string[]): void => onEnd({ codes: [...codes, ...more], events });
  const onEvent = (event: ExecutionResult): ExecutionResult => {
    events += 1;
    const formatted = format(event);
    for (const code of errorCodesOf(formatted)) codes.add(code);
    return formatted;
  };
  const onError = (error: unknown): ExecutionResult => {
    const cause = error instanceof GraphQLError ? error.originalError : error;
    if (cause instanceof DOMException && cause.name === 'AbortError') {
      end('STREAM_TERMINATED');
      disconnect();
      throw cause;
    }
    return onEvent({ errors: [toGraphQLError(cause)] });
  };
  return mapAsyncIterator(results, onEvent, onError, () => end());
}
