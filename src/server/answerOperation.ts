import { checkLength } from '../graphql/limits/checkDocument.ts';
import { recordOperation } from '../telemetry/requestRecord.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import { TAGS_HEADER } from './apolloCacheTags.ts';
import { createCachedCosts } from './costReport.ts';
import { costRequestOf } from './costRequest.ts';
import {
  cachedResult,
  createOperationExecutor,
  type ExecutionOptions,
  type OperationResult,
} from './executeOperation.ts';
import type { PersistedDocuments } from './persistedDocuments.ts';
import type { OperationParams } from './requestParams.ts';
import { callerOf, type RequestState } from './requestState.ts';

/** The request header that requests a report of the operation's upstream requests, with the value `1`. */
export const REPORT_HEADER = 'x-upstream-report';

export interface AnswerOptions extends ExecutionOptions {
  documents: PersistedDocuments;
  /** Whether callers may request a report of the upstream requests. */
  upstreamReport: boolean;
  /** Whether callers may ask what an operation costs. */
  costReport: boolean;
  /** Undefined if tracing is off. */
  tracer: Tracer | undefined;
}

/** Answers the operation of a request. Throws or rejects with `GraphQLError`s about the request. */
export type AnswerOperation = (
  request: Request,
  params: OperationParams,
  state: RequestState,
) => Promise<OperationResult>;

/**
 * Returns a function that answers operations: from the response cache, without parsing, executing and serializing the operation again,
 * because many viewers poll the same query; otherwise by executing the operation.
 */
export function createOperationAnswer(options: AnswerOptions): AnswerOperation {
  const { limits, documents, upstreamReport, costReport, tracer, dataSource, cacheHeaders } = options;
  const execute = createOperationExecutor(options);
  const textWithCost = createCachedCosts();
  return async (request, params, state) => {
    const { record } = state;
    if (tracer !== undefined) record.span = tracer.start('GraphQL Operation', request.headers.get('traceparent'));
    const query = await documents.textOf(params);
    checkLength(query, limits);
    const reportHeader = upstreamReport ? request.headers.get(REPORT_HEADER) : null;
    state.wantsReport = reportHeader === '1';
    state.costRequest = costRequestOf(request, costReport);
    record.isDryRun = state.costRequest === 'estimate';
    if (reportHeader === null && state.costRequest !== 'estimate') {
      const { account, viewer } = callerOf(state);
      state.wantsTags = cacheHeaders !== null && state.costRequest === null && request.headers.get(TAGS_HEADER) === '1';
      const key = cacheKeyOf(query, params, viewer.scopes);
      state.cacheKey = state.wantsTags ? `tags ${key}` : key;
      const response = dataSource.responseCache.get(account.id, state.cacheKey, cacheHeaders?.minFreshMs(request));
      if (response !== undefined) {
        record.fromResponseCache = true;
        // Mutations are never cached.
        recordOperation(record, 'query', response.operationName);
        if (state.costRequest === null) await cacheHeaders?.apply(state, request, response);
        return cachedResult(textWithCost(response, state));
      }
    }
    return execute({ request, query, params, state });
  };
}

/** Everything that a response depends on, besides the account. */
function cacheKeyOf(query: string, { operationName, variables }: OperationParams, scopes: ReadonlySet<string>): string {
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
