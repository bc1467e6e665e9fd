import type { CombinedError } from '@urql/core';

import { OperationError } from '../operationError.ts';

/** Converts urql's error: the errors of the response, or what prevented a response. */
export function toOperationError({ graphQLErrors, networkError }: CombinedError): OperationError {
  const [error] = graphQLErrors;
  return error === undefined ? OperationError.network(networkError) : OperationError.from(error);
}
