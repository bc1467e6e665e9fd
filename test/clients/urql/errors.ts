import { type CombinedError, type Exchange, mapExchange } from '@urql/core';

import { type GatewayError, toGatewayError, userMessage } from '../errors';

/** The errors that the gateway has returned, if it has. */
export const gatewayErrors = (error: CombinedError): GatewayError[] => error.graphQLErrors.map(toGatewayError);

/** What the user is shown for a failed operation: a message for each cause. */
export function userMessages(error: CombinedError): string[] {
  if (error.networkError !== undefined) return ['The server cannot be reached. Check your connection.'];
  return [...new Set(gatewayErrors(error).map(userMessage))];
}

/** Shows the user why an operation failed, whichever component sent it. */
export const createErrorExchange = (show: (message: string) => void): Exchange =>
  mapExchange({ onError: (error) => userMessages(error).forEach(show) });
