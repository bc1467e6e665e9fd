import { CombinedGraphQLErrors, type ErrorLike } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';

import { toGatewayError, userMessage } from '../errors';

/** What the user is shown for a failed operation: a message for each cause. */
export function userMessages(error: ErrorLike): string[] {
  if (!CombinedGraphQLErrors.is(error)) return ['The server cannot be reached. Check your connection.'];
  return [...new Set(error.errors.map((graphqlError) => userMessage(toGatewayError(graphqlError))))];
}

/** Shows the user why an operation failed, whichever component sent it. */
export const createErrorLink = (show: (message: string) => void): ErrorLink =>
  new ErrorLink(({ error }) => userMessages(error).forEach(show));
