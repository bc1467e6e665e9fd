import type { GraphQLParams, Plugin } from 'graphql-yoga';

import type { Context } from '../../graphql/context.ts';
import { recordOf, recordOperation } from '../../telemetry/requestRecord.ts';
import type { ResponseCache } from '../../data/cache/responseCache.ts';
import { callerOf } from './useAuthentication.ts';
import { REPORT_HEADER } from './useUpstreamReport.ts';

/**
 * Gives an answer as it is to whoever asks the same, from the same account and with the same scopes, while it is true, without
 * parsing, executing and writing it anew: many viewers poll one query.
 */
export function useResponseCache(answers: ResponseCache): Plugin<Context> {
  return {
    onParams({ params, request, setResult }) {
      if (request.headers.get(REPORT_HEADER) !== null) return;
      const answer = answers.get(callerOf(request).account.id, cacheKeyOf(params, request));
      if (answer === undefined) return;
      const note = recordOf(request);
      note.fromResponseCache = true;
      // What changes something is not kept.
      recordOperation(note, 'query', answer.operationName);
      setResult(cachedResult(answer.text));
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

/** An answer whose text is there already: Yoga takes it from `stringify`. */
function cachedResult(text: string) {
  return { data: {}, stringify: () => text };
}

function cacheKeyOf({ query, operationName, variables }: GraphQLParams, request: Request): string {
  return JSON.stringify([operationName, variables, [...callerOf(request).viewer.scopes].toSorted(), query]);
}
