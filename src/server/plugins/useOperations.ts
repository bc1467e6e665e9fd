import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { GraphQLParams, Plugin } from 'graphql-yoga';

import { checkLength } from '../../graphql/limits/checkDocument.ts';
import { whenReady } from '../../lib/maybePromise.ts';
import { recordOperation } from '../../telemetry/requestRecord.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import { TAGS_HEADER } from '../apolloCacheTags.ts';
import { cachedResult, createOperationExecutor, type Engine, type ExecutionOptions } from '../executeOperation.ts';
import type { PersistedDocuments } from '../persistedDocuments.ts';
import { createCachedCosts } from '../costReport.ts';
import { costRequestOf } from '../costRequest.ts';
import { checkParams } from '../requestParams.ts';
import { callerOf, type ServerContext, stateOf } from '../requestState.ts';

/** The request header that requests a report of the operation's upstream requests, with the value `1`. */
export const REPORT_HEADER = 'x-upstream-report';

export interface OperationOptions extends ExecutionOptions {
  documents: PersistedDocuments;
  /** Whether callers may request a report of the upstream requests. */
  upstreamReport: boolean;
  /** Whether callers may ask what an operation costs. */
  costReport: boolean;
  /** Undefined if tracing is off. */
  tracer: Tracer | undefined;
}

/**
 * Answers GraphQL requests once their parameters are read: from the response cache, without parsing, executing and serializing the
 * operation again, because many viewers poll the same query; otherwise by executing the operation.
 */
export function useOperations(options: OperationOptions): Plugin<object, ServerContext> {
  const { limits, documents, upstreamReport, costReport, tracer, dataSource, cacheHeaders } = options;
  const execute = createOperationExecutor(options);
  const textWithCost = createCachedCosts();
  let engine: Engine;
  return {
    onYogaInit({ yoga }) {
      engine = yoga.getEnveloped({});
    },
    onParams({ request, params: sentParams, context, setParams, setResult, setParamsHandler }) {
      const state = stateOf(context, request);
      const { record } = state;
      if (tracer !== undefined) record.span = tracer.start('GraphQL Operation', request.headers.get('traceparent'));
      checkParams(sentParams);
      const answer = (query: string): MaybePromise<void> => {
        const params = withDocument(sentParams, query);
        setParams(params);
        // Yoga rejects all other types.
        if (typeof params.query === 'string') checkLength(params.query, limits);
        const reportHeader = upstreamReport ? request.headers.get(REPORT_HEADER) : null;
        state.wantsReport = reportHeader === '1';
        state.costRequest = costRequestOf(request, costReport);
        record.isDryRun = state.costRequest === 'estimate';
        if (reportHeader === null && state.costRequest !== 'estimate') {
          const { account, viewer } = callerOf(state);
          state.wantsTags =
            cacheHeaders !== null && state.costRequest === null && request.headers.get(TAGS_HEADER) === '1';
          const key = cacheKeyOf(params, viewer.scopes);
          state.cacheKey = state.wantsTags ? `tags ${key}` : key;
          const response = dataSource.responseCache.get(account.id, state.cacheKey, cacheHeaders?.minFreshMs(request));
          if (response !== undefined) {
            record.fromResponseCache = true;
            // Mutations are never cached.
            recordOperation(record, 'query', response.operationName);
            setResult(cachedResult(textWithCost(response, state)));
            return state.costRequest === null ? cacheHeaders?.apply(state, request, response) : undefined;
          }
        }
        return setParamsHandler((payload) => execute({ ...payload, state }, engine));
      };
      return whenReady(documents.textOf(sentParams, request), answer);
    },
  };
}

function withDocument(params: GraphQLParams, query: string): GraphQLParams {
  if (query === params.query) return params;
  const { operationName, variables, extensions } = params;
  return {
    query,
    ...(operationName != null && { operationName }),
    ...(variables != null && { variables }),
    ...(extensions != null && { extensions }),
  };
}

/** Everything that a response depends on, besides the account. */
function cacheKeyOf({ query, operationName, variables }: GraphQLParams, scopes: ReadonlySet<string>): string {
  // The document comes last, because it is long: as it is, it needs no escaping.
  return JSON.stringify([operationName, variables, sortedScopes(scopes)]) + query;
}

/** Most callers share their set of scopes, which never changes. */
const sortedSets = new WeakMap<ReadonlySet<string>, readonly string[]>();

function sortedScopes(scopes: ReadonlySet<string>): readonly string[] {
  const known = sortedSets.get(scopes) ?? [...scopes].toSorted();
  sortedSets.set(scopes, known);
  return known;
}
