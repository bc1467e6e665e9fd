import { type CombinedError, composeExchanges, type Exchange, makeOperation } from '@urql/core';
import { retryExchange } from '@urql/exchange-retry';
import { delay, filter, fromValue, mergeMap, pipe, share, takeUntil } from 'wonka';

import { gatewayErrors } from './errors';

/** Users do not wait for longer than this: they are shown when to try again instead. */
const MAX_WAIT_SECONDS = 30;

const retryableErrors = (error: CombinedError) => gatewayErrors(error).filter(({ retryable }) => retryable);

/** Whether the gateway says so; without a response from it, whether the network or a proxy failed. */
function isRetryable(error: CombinedError): boolean {
  if (error.networkError === undefined) return retryableErrors(error).length > 0;
  const { status = 500 } = error.response ?? {};
  return status >= 500;
}

/** How long the gateway says to wait before the next attempt. */
const retryAfterSeconds = (error: CombinedError): number =>
  Math.max(0, ...retryableErrors(error).map(({ retryAfterSeconds = 0 }) => retryAfterSeconds));

/** Repeats queries that failed for a reason that passes. Mutations are never repeated: their first attempt may have worked. */
const retry = retryExchange({
  maxNumberAttempts: 3,
  initialDelayMs: 500,
  retryWith(error, operation) {
    const waitSeconds = retryAfterSeconds(error);
    const isRepeated = operation.kind === 'query' && isRetryable(error) && waitSeconds <= MAX_WAIT_SECONDS;
    return isRepeated ? makeOperation('query', operation, { ...operation.context, waitSeconds }) : null;
  },
});

/** Holds an operation back for `context.waitSeconds`: `retryExchange` has no option for the delay of one attempt. */
const wait: Exchange =
  ({ forward }) =>
  (operations$) => {
    const shared$ = share(operations$);
    return pipe(
      shared$,
      mergeMap((operation) => {
        const { waitSeconds = 0, ...context } = operation.context;
        if (!(waitSeconds > 0)) return fromValue(operation);
        const isTornDown = pipe(
          shared$,
          filter(({ kind, key }) => kind === 'teardown' && key === operation.key),
        );
        return pipe(
          fromValue(makeOperation(operation.kind, operation, context)),
          delay(1000 * waitSeconds),
          takeUntil(isTornDown),
        );
      }),
      forward,
    );
  };

export const createRetryExchange = (): Exchange => composeExchanges([retry, wait]);
