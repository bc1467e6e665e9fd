import { QueryClient } from '@tanstack/query-core';

import { OperationError } from '../operationError.ts';

/** Users do not wait for longer than this: they are shown when to try again instead. */
const MAX_WAIT_SECONDS = 30;

/** Creates the cache. It repeats queries, twice, if that can help; mutations are not queries, and are never repeated. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        retry: (failures, error) =>
          error instanceof OperationError &&
          error.retryable &&
          error.retryAfterSeconds <= MAX_WAIT_SECONDS &&
          failures < 2,
        retryDelay: (failures, error) => {
          const backoffMs = 500 * 2 ** failures * (1 + Math.random());
          return error instanceof OperationError ? Math.max(1000 * error.retryAfterSeconds, backoffMs) : backoffMs;
        },
      },
    },
  });
}
