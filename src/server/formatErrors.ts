import { type ExecutionResult, GraphQLError, type GraphQLErrorOptions } from 'graphql';

import { GatewayError } from '../domain/errors.ts';
import type { Log } from '../lib/log.ts';
import type { RequestRecord } from '../telemetry/requestRecord.ts';

const MAX_MESSAGE_CHARS = 500;

interface FormattingContext {
  log: Log;
  /** Whether the result takes the place of a subscription's event stream. */
  replacesStream: boolean;
}

/** Returns a result with its errors as callers may see them. */
export type FormatErrors = <Result extends ExecutionResult>(result: Result, record: RequestRecord) => Result;

/**
 * Creates the formatter of errors, which gives each error a code and says whether the request may be repeated. An unexpected error is
 * masked, and logged with the request's id; expected errors are `GatewayError`s and graphql-js's own errors about a request. Unless
 * `suggestions` is true, messages do not suggest names from the schema.
 */
export function createErrorFormatter(log: Log, suggestions: boolean): FormatErrors {
  const formatted = new WeakSet<GraphQLError>();
  const formatOnce = (error: GraphQLError, record: RequestRecord, replacesStream: boolean): GraphQLError => {
    if (formatted.has(error)) return error;
    const result = formatError(suggestions ? error : withoutSuggestion(error), record, { log, replacesStream });
    formatted.add(result);
    return result;
  };
  return (result, record) => {
    if (result.errors === undefined) return result;
    // A query that was executed has data, if only null.
    const replacesStream = result.data === undefined;
    return { ...result, errors: result.errors.map((error) => formatOnce(error, record, replacesStream)) };
  };
}

/** Turns anything that was thrown into an error of a result. */
export function toGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

function formatError(
  error: GraphQLError,
  record: RequestRecord,
  { log, replacesStream }: FormattingContext,
): GraphQLError {
  if (rootCause(error) instanceof GatewayError) return replacesStream ? asOkResponse(error) : error;
  // An error without a path is about the request, and its message is from graphql-js or the gateway. Its HTTP status applies only to
  // callers that accept `application/graphql-response+json`, except for a malformed request (GraphQL over HTTP, section 6.4).
  if (error.path === undefined && rootCause(error) instanceof GraphQLError) {
    const code = requestErrorCode(error);
    const http = { status: 400, ...asObject(error.extensions['http']), spec: code !== 'BAD_REQUEST' };
    return new GraphQLError(truncate(error.message), {
      ...locationOf(error),
      extensions: { code, retryable: false, http },
    });
  }
  if (!record.signal.aborted) log('error', 'Unexpected error.', logFieldsOf(error, record));
  return mask(error, record.id);
}

/** Gives the response the status 200, where Yoga would send 500, after which clients of event streams retry at once. */
function asOkResponse(error: GraphQLError): GraphQLError {
  const extensions = { ...error.extensions, http: { status: 200, ...asObject(error.extensions['http']) } };
  return new GraphQLError(error.message, { ...locationOf(error), originalError: rootCause(error), extensions });
}

/** The error that was thrown first, which graphql-js wraps, sometimes several times. */
function rootCause(error: GraphQLError): Error {
  const original = error.originalError;
  if (original === undefined || original === null) return error;
  return original instanceof GraphQLError ? rootCause(original) : original;
}

/** Shortens a message: graphql-js quotes the caller's values in full. */
function truncate(message: string): string {
  return message.length > MAX_MESSAGE_CHARS ? `${message.slice(0, MAX_MESSAGE_CHARS)}…` : message;
}

/** Removes the last sentence of a message if it is graphql-js's "Did you mean …?". */
function withoutSuggestion(error: GraphQLError): GraphQLError {
  const { message, extensions } = error;
  const start = message.endsWith('?') ? message.lastIndexOf(' Did you mean ') : -1;
  const { originalError = null } = error;
  return start === -1
    ? error
    : new GraphQLError(message.slice(0, start), { ...locationOf(error), originalError, extensions });
}

/** The codes of errors about a request. Most of them are Apollo Server's. */
const REQUEST_ERROR_CODES = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_HASH_MISMATCH',
  'FORBIDDEN',
];

/** The code of an error about a request. Errors without a code are from graphql-js, about variables. */
function requestErrorCode({ extensions: { code } }: GraphQLError): string {
  const known = REQUEST_ERROR_CODES.find((name) => name === code);
  if (known !== undefined) return known;
  return code === undefined || code === 'BAD_USER_INPUT' ? 'BAD_USER_INPUT' : 'BAD_REQUEST';
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/** Replaces an unexpected error, whose message may contain secrets. */
function mask(error: GraphQLError, requestId: string): GraphQLError {
  const message = 'Something went wrong inside the gateway. Its log has the details under this request ID.';
  const http = error.path === undefined && { http: { status: 500 } };
  const extensions = { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId, ...http };
  return new GraphQLError(message, { ...locationOf(error), extensions });
}

function locationOf({ nodes, source, positions, path }: GraphQLError): GraphQLErrorOptions {
  return { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
}

function logFieldsOf(error: GraphQLError, { id }: RequestRecord): Record<string, unknown> {
  const cause = rootCause(error);
  return { requestId: id, path: error.path?.join('.'), error: cause.stack ?? cause.message };
}
