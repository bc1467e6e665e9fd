import { CombinedGraphQLErrors, type ErrorLike } from '@apollo/client';
import type { GraphQLFormattedError } from 'graphql';

/** What the page says about a failure, and what the reader can do. */
export interface Problem {
  /** The gateway's error code, or `NETWORK` if the gateway did not answer. */
  code: string;
  title: string;
  message: string;
  /** Whether the same request can succeed later. */
  isRetryable: boolean;
  /** How long to wait before a retry, in seconds; null if the gateway does not say. */
  retryAfterSeconds: number | null;
}

/** Titles by code, from the gateway's documentation of errors. */
const TITLES: ReadonlyMap<string, string> = new Map([
  ['RATE_LIMITED', 'Waiting for the request budget'],
  ['UPSTREAM_TIMEOUT', 'RealtimeKit takes too long'],
  ['UPSTREAM_UNAVAILABLE', 'RealtimeKit is not available'],
  ['UPSTREAM_INVALID_RESPONSE', 'The gateway gets no usable answer'],
  ['UNAUTHENTICATED', 'You are not signed in'],
  ['FORBIDDEN', 'You are not allowed to do this'],
  ['QUERY_TOO_EXPENSIVE', 'Too much was requested at a time'],
]);

/** Describes an error of Apollo Client. If several fields have failed, the first one that has to be waited for counts. */
export function describeError(error: ErrorLike): Problem {
  if (!CombinedGraphQLErrors.is(error)) {
    return {
      code: 'NETWORK',
      title: 'The gateway does not answer',
      message: 'Is it running? The page tries again when the connection is back.',
      isRetryable: true,
      retryAfterSeconds: null,
    };
  }
  const problems = error.errors.map(describeGraphQLError);
  const toWaitFor = problems.find(({ retryAfterSeconds }) => retryAfterSeconds !== null);
  return toWaitFor ?? problems[0] ?? describeGraphQLError({ message: error.message });
}

/** Describes one of the errors in a response. */
export function describeGraphQLError({ message, extensions = {} }: GraphQLFormattedError): Problem {
  const { code, retryable, retryAfterSeconds } = extensions;
  const knownCode = typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
  return {
    code: knownCode,
    title: TITLES.get(knownCode) ?? 'Something went wrong',
    message,
    isRetryable: retryable === true,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : null,
  };
}
