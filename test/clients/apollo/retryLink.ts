import { ApolloLink, CombinedGraphQLErrors, type ErrorLike, ServerError } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { RetryLink } from '@apollo/client/link/retry';
import { OperationTypeNode } from 'graphql';
import { of, throwError } from 'rxjs';

import { toGatewayError } from '../errors';

const MAX_ATTEMPTS = 3;
/** Users do not wait for longer than this: they are shown when to try again instead. */
const MAX_WAIT_SECONDS = 30;

const retryableErrors = (error: CombinedGraphQLErrors) =>
  error.errors.map(toGatewayError).filter(({ retryable }) => retryable);

/** Whether the gateway says so; without a response from it, whether the network or a proxy failed. */
function isRetryable(error: ErrorLike): boolean {
  if (CombinedGraphQLErrors.is(error)) return retryableErrors(error).length > 0;
  return !ServerError.is(error) || error.statusCode >= 500;
}

/** How long the gateway says to wait before the next attempt. */
function retryAfterSeconds(error: ErrorLike): number {
  if (!CombinedGraphQLErrors.is(error)) return 0;
  return Math.max(0, ...retryableErrors(error).map(({ retryAfterSeconds = 0 }) => retryAfterSeconds));
}

/** Repeats queries that failed for a reason that passes. Mutations are never repeated: their first attempt may have worked. */
export function createRetryLink(): ApolloLink {
  const retry = new RetryLink({
    attempts: (attempt, _operation, error) =>
      attempt < MAX_ATTEMPTS && isRetryable(error) && retryAfterSeconds(error) <= MAX_WAIT_SECONDS,
    delay: (attempt, _operation, error) => 1000 * (retryAfterSeconds(error) + Math.random() * 2 ** attempt),
  });
  // RetryLink does not look into results. It gets their errors as if the network had failed, and afterwards they become results again.
  const throwErrors = new ErrorLink(({ error }) => (isRetryable(error) ? throwError(() => error) : undefined));
  const restoreResults = new ErrorLink(({ error }) =>
    CombinedGraphQLErrors.is(error) ? of({ data: error.data ?? null, errors: error.errors }) : undefined,
  );
  return ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.QUERY,
    ApolloLink.from([restoreResults, retry, throwErrors]),
  );
}
