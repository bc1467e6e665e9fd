import type { MaybePromise } from '@whatwg-node/promise-helpers';
import {
  execute,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  subscribe,
} from 'graphql';
import { isAsyncIterable, mapAsyncIterator } from 'graphql-yoga';

import type { DataSource } from '../data/dataSource.ts';
import type { Context } from '../graphql/context.ts';
import { createCostLimit } from '../graphql/limits/costLimit.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import { createPreparedDocuments } from '../graphql/preparedDocuments.ts';
import { followSignal } from '../lib/cancellation.ts';
import { whenReady } from '../lib/maybePromise.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import { recordOperation } from '../telemetry/requestRecord.ts';
import { apolloCacheTags } from './apolloCacheTags.ts';
import type { CacheHeaders } from './cacheHeaders.ts';
import { withCost, withCostInJson } from './costReport.ts';
import { createContext } from './createContext.ts';
import { notAcceptable } from './negotiation.ts';
import type { OperationParams } from './requestParams.ts';
import { callerOf, type RequestState } from './requestState.ts';

export interface ExecutionOptions {
  schema: GraphQLSchema;
  limits: OperationLimits;
  /** Whether to allow introspection and `_service`. */
  introspection: boolean;
  dataSource: DataSource;
  subscriptions: LiveSubscriptions;
  /** Null if no cache in front of the gateway may store responses. */
  cacheHeaders: CacheHeaders | null;
}

/** A GraphQL request for an operation. */
export interface OperationRequest {
  request: Request;
  /** The text of the document. */
  query: string;
  params: OperationParams;
  state: RequestState;
}

/** A result, or the events of a subscription. */
export type OperationResult = ExecutionResult | AsyncIterable<ExecutionResult>;

/**
 * Returns a function that executes the operation of a request, once its document, cost and variables are within the limits. Parsing,
 * validation and limits are worked out once per document. Throws `GraphQLError`s about the request.
 */
export function createOperationExecutor(
  options: ExecutionOptions,
): (operation: OperationRequest) => MaybePromise<OperationResult> {
  const { schema, limits, dataSource, cacheHeaders } = options;
  const prepare = createPreparedDocuments(options);
  const checkCost = createCostLimit(schema, limits, dataSource.paging);
  return ({ request, query, params, state }) => {
    const { document, errors, isStorable } = prepare(query);
    const { variables } = params;
    // Clients send an empty name for no name.
    const operationName = params.operationName === '' ? undefined : params.operationName;
    const operation = getOperationAST(document, operationName);
    if (!operation) throw unknownOperation();
    if (operation.operation === OperationTypeNode.MUTATION && request.method === 'GET') throw mutationByGet();
    if (errors.length > 0) return { errors };
    recordOperation(state.record, operation.operation, operation.name?.value);
    const plan = state.costRequest === 'estimate' ? new Map<string, number>() : undefined;
    const { requests, error } = checkCost({ document, operation, variables }, plan);
    if (error !== null || requests === null || plan !== undefined) {
      const result = error === null ? { data: null } : { errors: [error] };
      return requests === null ? result : withCost(result, state, { requested: requests, actual: 0, plan });
    }
    const { record } = state;
    // Every access to the HTTP server's own signal is slow, and each read takes several.
    const signal = followSignal(record.signal);
    const reading = cacheHeaders?.reading(state, request);
    const contextValue = createContext({ caller: callerOf(state), record, signal, reading }, options);
    const args = { schema, document, contextValue, variableValues: variables, operationName };
    if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
      if (state.responseTypes.stream === null) throw notAcceptable('stream');
      // Keeps the request: the signal of a `Request` that was garbage-collected never aborts.
      const events = subscribe({ ...args, contextValue: Object.assign(contextValue, { request }) });
      return state.costRequest === null ? events : withCosts(events, contextValue, state, requests);
    }
    const { loaders } = contextValue;
    const completion = { request, state, loaders, requested: requests, isStorable, cacheHeaders };
    return whenReady(execute(args), (result) => {
      // What is still being read belongs to fields that an error has removed from the result. Such reads may fail, which adds errors.
      if (result.errors === undefined) return finish(result, completion);
      const complete = { ...result, errors: [...result.errors] };
      signal.abort(new Error('The operation has ended.'));
      return finish(complete, completion);
    });
  };
}

/** A result that is already serialized: Yoga calls `stringify` instead of `JSON.stringify`. */
export function cachedResult(text: string): ExecutionResult {
  return Object.assign({ data: {} }, { stringify: () => text });
}

interface Completion {
  request: Request;
  state: RequestState;
  loaders: Context['loaders'];
  /** The number of upstream requests that the operation costs by the schema's directives. */
  requested: number;
  /** Whether caches in front of the gateway may store what was selected. */
  isStorable: boolean;
  cacheHeaders: CacheHeaders | null;
}

/** Adds the reports that the caller wants. Caches the response without them, and lets other caches store it if it has none. */
function finish(
  result: ExecutionResult,
  { request, state, loaders, requested, isStorable, cacheHeaders }: Completion,
): MaybePromise<ExecutionResult> {
  const { cacheKey, record, wantsReport } = state;
  const cost = { requested, actual: loaders.sentRequests() };
  if (wantsReport) {
    const extensions = { ...result.extensions, upstream: loaders.report() };
    return withCost({ ...result, extensions }, state, cost);
  }
  const isShareable = cacheKey !== null && record.kind === 'query' && result.errors === undefined;
  const isCacheable = isShareable && loaders.isCacheable();
  const isSent = isShareable && isStorable && cacheHeaders !== null && state.costRequest === null;
  if (!isCacheable && !isSent) return withCost(result, state, cost);
  const answer = state.wantsTags
    ? { ...result, extensions: { ...result.extensions, ...apolloCacheTags(loaders) } }
    : result;
  const text = JSON.stringify(answer);
  const contents = { text, operationName: record.name, requestedRequests: requested, isStorable };
  const response = loaders.describeResponse(contents);
  if (isCacheable) loaders.cacheResponse(cacheKey, response);
  const sent = cachedResult(withCostInJson(text, state, cost));
  return isSent ? whenReady(cacheHeaders.apply(state, request, response), () => sent) : sent;
}

/** Adds to each event what it cost: the requests for its fields. Those of polling serve all subscribers, and are none of its own. */
function withCosts(
  events: MaybePromise<OperationResult>,
  context: Context,
  state: RequestState,
  requested: number,
): MaybePromise<OperationResult> {
  const report = (event: ExecutionResult): ExecutionResult =>
    // Each event has loaders of its own.
    withCost(event, state, { requested, actual: context.loaders.sentRequests() });
  return whenReady(events, (opened) =>
    isAsyncIterable<ExecutionResult>(opened) ? mapAsyncIterator(opened, report) : report(opened),
  );
}

function unknownOperation(): GraphQLError {
  const message = 'Send the name of an operation in the document as "operationName", or no name if there is only one.';
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}

function mutationByGet(): GraphQLError {
  return new GraphQLError('Can only perform a mutation operation from a POST request.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: { Allow: 'POST' } } },
  });
}
