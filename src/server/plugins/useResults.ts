import { type ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin, processRegularResult } from 'graphql-yoga';

import type { Clock } from '../../lib/clock.ts';
import { errorCodesOf, userErrorCodesOf } from '../../telemetry/errorCodes.ts';
import type { OperationOutcome, ReportOperation } from '../../telemetry/operationReporter.ts';
import type { CacheHeaders } from '../cacheHeaders.ts';
import type { WarnOfOrigin } from '../cors.ts';
import type { FormatErrors } from '../formatErrors.ts';
import { rateLimitFields } from '../rateLimitFields.ts';
import { REQUEST_ID, type ServerContext, stateOf } from '../requestState.ts';
import { GRAPHQL_PATH, pathOf, SCHEMA_PATH } from '../requestTarget.ts';
import { streamEvents, streamResult } from '../streamResponse.ts';

export interface ResultOptions {
  clock: Clock;
  formatErrors: FormatErrors;
  /** Called once per request for an operation, when it is complete. */
  report: ReportOperation;
  /** Null if no cache may store responses. */
  cacheHeaders: CacheHeaders | null;
  /** Warns of requests that pages of other origins send. */
  warnOfOrigin: WarnOfOrigin;
}

/**
 * Formats the errors of every result and of each event of a subscription, and reports the outcome. Responds in the media type that the
 * client prefers, and names the request's id.
 */
export function useResults({
  clock,
  formatErrors,
  report,
  cacheHeaders,
  warnOfOrigin,
}: ResultOptions): Plugin<object, ServerContext> {
  return {
    onResultProcess(hook) {
      const { request, result, serverContext } = hook;
      const { record, responseTypes, isNotModified } = stateOf(serverContext, request);
      // What the client does not accept is sent only to tell it what to accept.
      const type = responseTypes.result ?? 'application/json';
      hook.setResultProcessor((processed, fetchAPI) => {
        if (isNotModified) return new fetchAPI.Response(null, { status: 304 });
        if (isAsyncIterable(processed) && responseTypes.stream !== null)
          return streamEvents(responseTypes.stream, processed, { fetchAPI, clock });
        if (type !== responseTypes.stream) return processRegularResult(processed, fetchAPI, type);
        return streamResult(type, processRegularResult(processed, fetchAPI, 'application/json'), fetchAPI);
      }, type);
      // Batching is off.
      if (Array.isArray(result)) return;
      if (isAsyncIterable(result)) {
        hook.setResult(
          instrumentStream(result, {
            format: (event) => formatErrors(event, record),
            onEnd: (outcome) => report(record, outcome),
            disconnect: () => serverContext.res?.destroy(),
          }),
        );
        return;
      }
      const formatted = formatErrors(result, record);
      hook.setResult(formatted);
      const codes = errorCodesOf(formatted);
      report(record, record.kind === 'mutation' ? { codes, userErrors: userErrorCodesOf(formatted) } : { codes });
    },
    onResponse({ request, response, serverContext }) {
      const state = stateOf(serverContext, request);
      const { record, storable, caller } = state;
      response.headers.set(REQUEST_ID, record.id);
      if (storable === null || cacheHeaders === null) forbidCaching(response);
      else cacheHeaders.write(response.headers, storable, state);
      const share = caller?.account.budget.share();
      if (share) setFields(response, rateLimitFields(share, clock.now()));
      warnOfOrigin((name) => request.headers.get(name));
      const { status } = response;
      const path = pathOf(request.url);
      // A request rejected by its HTTP status alone, for example because of its content type. Unknown files and paths do not count.
      const isRejected = status >= 400 && status !== 404 && (path === GRAPHQL_PATH || path === SCHEMA_PATH);
      if (isRejected) report(record, { codes: [codeOfStatus(status)], status });
    },
  };
}

function setFields({ headers }: Response, fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
}

function codeOfStatus(status: number): string {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 503) return 'UPSTREAM_UNAVAILABLE';
  return status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR';
}

/**
 * Keeps caches from storing a response, which depends on the caller or on the moment, or may contain secrets. The page of GraphiQL, the schema and event
 * streams have headers of their own.
 */
function forbidCaching({ headers }: Response): void {
  const current = headers.get('cache-control');
  if (current !== null && /max-age|no-cache|no-transform/.test(current)) return;
  // Otherwise Yoga's implementation of `set` would send both values, if the name was in another letter case before.
  if (current !== null) headers.delete('cache-control');
  headers.set('cache-control', 'private, no-store');
}

interface StreamHooks {
  format: (event: ExecutionResult) => ExecutionResult;
  /** Called when the subscription ends, fails or is cancelled. */
  onEnd: (outcome: OperationOutcome) => void;
  disconnect: () => void;
}

/**
 * Formats a subscription's events. A subscription that fails with an `AbortError`, as all do when the gateway shuts down, ends without
 * a result and closes the connection, so that clients reconnect. Yoga does not recognize the error, which the executor has wrapped, and
 * the adapter for `node:http` would leave the connection open. Any other failure is the last event.
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
    const originalError = cause instanceof Error ? cause : new Error(String(cause));
    return onEvent({ errors: [new GraphQLError(originalError.message, { originalError })] });
  };
  return mapAsyncIterator(results, onEvent, onError, () => end());
}
