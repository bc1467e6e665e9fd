import { type ExecutionResult, GraphQLError, type GraphQLErrorOptions } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';

import { GatewayError } from '../../domain/errors.ts';
import type { Log } from '../../lib/log.ts';
import { requestIdOf } from './useRequestId.ts';

/** Characters. */
const LONGEST_MESSAGE = 500;

interface Presenting {
  log: Log;
  isOfEvents: boolean;
}

/** Makes a result's errors such as callers may see them. */
export type FormatErrors = <Result extends ExecutionResult>(result: Result, request: Request) => Result;

/**
 * Each error gets a code and tells whether the request may be repeated. What is neither of our own making nor graphql-js's word about
 * the request is masked, and stands in the log under the request's id. Without `suggestions` it is not told what the schema has that
 * was nearly named.
 */
export function createErrorFormatter(log: Log, suggestions: boolean): FormatErrors {
  const presented = new WeakSet<GraphQLError>();
  const presentOne = (error: GraphQLError, request: Request, isOfEvents: boolean): GraphQLError => {
    if (presented.has(error)) return error;
    const made = present(suggestions ? error : withoutSuggestion(error), request, { log, isOfEvents });
    presented.add(made);
    return made;
  };
  return (result, request) => {
    if (result.errors === undefined) return result;
    // Of a query that ran there is data, if only null.
    const isOfEvents = result.data === undefined;
    return { ...result, errors: result.errors.map((error) => presentOne(error, request, isOfEvents)) };
  };
}

/** The one edge at which errors leave. */
export function useErrorFormatting(present: FormatErrors): Plugin {
  return {
    onResultProcess(hook) {
      const { request, result } = hook;
      // Of a subscription each event is one.
      if (isAsyncIterable(result)) hook.setResult(mapAsyncIterator(result, (event) => present(event, request)));
      else if (!Array.isArray(result)) hook.setResult(present(result, request));
    },
  };
}

/** `isOfEvents`: it is in the place of a subscription's events. */
function present(error: GraphQLError, request: Request, { log, isOfEvents }: Presenting): GraphQLError {
  if (rootCause(error) instanceof GatewayError) return isOfEvents ? asOkResponse(error) : error;
  // Without a path it is about the request, and its words are graphql-js's or Yoga's own. Its status is for those who accept
  // `application/graphql-response+json`; what is no GraphQL request at all has it for everybody (GraphQL-over-HTTP draft, 6.4).
  if (error.path === undefined && rootCause(error) instanceof GraphQLError && error.extensions['unexpected'] !== true) {
    const code = requestCode(error);
    const http = { status: 400, ...asObject(error.extensions['http']), spec: code !== 'BAD_REQUEST' };
    return new GraphQLError(truncate(error.message), {
      ...locationOf(error),
      extensions: { code, retryable: false, http },
    });
  }
  if (!request.signal.aborted) log('error', 'A field failed for an unknown reason.', describe(error, request));
  return masked(error, requestIdOf(request));
}

/** An answer like any other, where Yoga would say 500: clients of event streams would call again at once. */
function asOkResponse(error: GraphQLError): GraphQLError {
  const extensions = { ...error.extensions, http: { status: 200, ...asObject(error.extensions['http']) } };
  return new GraphQLError(error.message, { ...locationOf(error), originalError: rootCause(error), extensions });
}

/** The error that a resolver threw, below the ones that graphql-js put around it. */
function rootCause(error: GraphQLError): Error {
  const original = error.originalError;
  if (original === undefined || original === null) return error;
  return original instanceof GraphQLError ? rootCause(original) : original;
}

/** graphql-js repeats the caller's values, however long they are. */
function truncate(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
}

/** graphql-js ends its word so. */
function withoutSuggestion(error: GraphQLError): GraphQLError {
  const { message, extensions } = error;
  const start = message.endsWith('?') ? message.lastIndexOf(' Did you mean ') : -1;
  const { originalError = null } = error;
  return start === -1
    ? error
    : new GraphQLError(message.slice(0, start), { ...locationOf(error), originalError, extensions });
}

/** Codes for a request that does not become an operation, most of them Apollo's. */
const REQUEST_CODES = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'FORBIDDEN',
];

/** Without a code it is graphql-js's word: about the variables, or about an operation that cannot be told. */
function requestCode({ message, extensions: { code } }: GraphQLError): string {
  const known = REQUEST_CODES.find((name) => name === code);
  if (known !== undefined) return known;
  if (/^(Unknown operation named|Must provide (an operation|operation name))/.test(message))
    return 'OPERATION_RESOLUTION_FAILURE';
  return code === undefined || code === 'BAD_USER_INPUT' ? 'BAD_USER_INPUT' : 'BAD_REQUEST';
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function masked(error: GraphQLError, requestId: string): GraphQLError {
  const message = 'Something went wrong inside the gateway. Its log has the details under this request id.';
  const http = error.path === undefined && { http: { status: 500 } };
  const extensions = { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId, ...http };
  return new GraphQLError(message, { ...locationOf(error), extensions });
}

function locationOf({ nodes, source, positions, path }: GraphQLError): GraphQLErrorOptions {
  return { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
}

function describe(error: GraphQLError, request: Request): Record<string, unknown> {
  const cause = rootCause(error);
  return { requestId: requestIdOf(request), path: error.path?.join('.'), error: cause.stack ?? cause.message };
}
