import type { GraphQLParams, Plugin } from 'graphql-yoga';

import type { ResponseCache } from '../../data/cache/responseCache.ts';
import type { Context } from '../../graphql/context.ts';
import { recordOf, recordOperation } from '../../telemetry/requestRecord.ts';
import { callerOf } from './useAuthentication.ts';
import { REPORT_HEADER } from './useUpstreamReport.ts';

/**
 * Serves repeated queries from the response cache, without parsing, executing and serializing them again: many viewers poll the same
 * query. A response is served only to callers of the same account with the same scopes, and only while all parts of it are fresh.
 */
export function useResponseCache(cache: ResponseCache): Plugin<Context> {
  return {
    onParams({ params, request, setResult }) {
      if (request.headers.get(REPORT_HEADER) !== null) return;
      const response = cache.get(callerOf(request).account.id, cacheKeyOf(params, request));
      if (response === undefined) return;
      const record = recordOf(request);
      record.fromResponseCache = true;
      // Mutations are never cached.
      recordOperation(record, 'query', response.operationName);
      setResult(cachedResult(response.text));
    },
    onExecute({ args: { contextValue } }) {
      const { params, request, loaders } = contextValue;
      if (request.headers.get(REPORT_HEADER) !== null) return undefined;
      return {
        onExecuteDone({ result, setResult }) {
          if (!('data' in result) || 'errors' in result || !loaders.isCacheable()) return;
          const text = JSON.stringify(result);
          loaders.cacheResponse(cacheKeyOf(params, request), { text, operationName: recordOf(request).name });
          setResult(cachedResult(text));
        },
      };
    },
  };
}

/** A result that is already serialized: Yoga calls `stringify` instead of `JSON.stringify`. */
function cachedResult(text: string) {
  return { data: {}, stringify: () => text };
}

/** Everything that a response depends on, besides the account. */
function cacheKeyOf({ query, operationName, variables }: GraphQLParams, request: Request): string {
  return JSON.stringify([operationName, variables, [...callerOf(request).viewer.scopes].toSorted(), query]);
}
