import type { MaybePromise } from '@whatwg-node/promise-helpers';
import {
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import { type GraphQLParams, isAsyncIterable, mapAsyncIterator } from 'graphql-yoga';

import type { DataSource } from '../data/dataSource.ts';
import type { Context } from '../graphql/context.ts';
import { createCostLimit } from '../graphql/limits/costLimit.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import { createPreparedDocuments } from '../graphql/preparedDocuments.ts';
import { whenReady } from '../lib/maybePromise.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import { recordOperation } from '../telemetry/requestRecord.ts';
import { withCost, withCostInJson } from './costReport.ts';
import { createContext } from './createContext.ts';
import { notAcceptable } from './negotiation.ts';
import { callerOf, type RequestState } from './requestState.ts';

export interface ExecutionOptions {
  schema: GraphQLSchema;
  limits: OperationLimits;
  /** Whether to allow introspection and `_service`. */
  introspection: boolean;
  dataSource: DataSource;
  subscriptions: LiveSubscriptions;
}

/** What executes operations that are allowed. */
export interface Engine {
  execute: (args: ExecutionArgs) => OperationResult;
  subscribe: (args: ExecutionArgs) => OperationResult;
}

/** A GraphQL request for an operation. */
export interface OperationRequest {
  request: Request;
  params: GraphQLParams;
  state: RequestState;
}

type OperationResult = MaybePromise<ExecutionResult | AsyncIterable<ExecutionResult>>;

/**
 * Returns a function that executes the operation of a request, once its document, cost and variables are within the limits. Parsing,
 * validation and limits are worked out once per document. Throws `GraphQLError`s about the request.
 */
export function createOperationExecutor(
  options: ExecutionOptions,
): (operation: OperationRequest, engine: Engine) => OperationResult {
  const { schema, limits } = options;
  const prepare = createPreparedDocuments(options);
  const checkCost = createCostLimit(schema, limits);
  return ({ request, params, state }, { execute, subscribe }) => {
    const { document, errors } = prepare(params.query ?? '');
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
    const contextValue = createContext(callerOf(state), state.record, options);
    const args = { schema, document, contextValue, variableValues: variables, operationName };
    if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
      if (state.responseTypes.stream === null) throw notAcceptable('stream');
      // Keeps the request: the signal of a `Request` that was garbage-collected never aborts.
      const events = subscribe({ ...args, contextValue: Object.assign(contextValue, { request }) });
      return state.costRequest === null ? events : withCosts(events, contextValue, state, requests);
    }
    return whenReady(execute(args), (result) =>
      isResult(result) ? finish(result, contextValue, state, requests) : result,
    );
  };
}

/** A result that is already serialized: Yoga calls `stringify` instead of `JSON.stringify`. */
export function cachedResult(text: string): ExecutionResult {
  return Object.assign({ data: {} }, { stringify: () => text });
}

/** Adds the reports that the caller wants, and caches the response without them. */
function finish(
  result: ExecutionResult,
  { loaders }: Context,
  state: RequestState,
  requested: number,
): ExecutionResult {
  const { cacheKey, record, wantsReport } = state;
  const cost = { requested, actual: loaders.sentRequests() };
  if (wantsReport) {
    const extensions = { ...result.extensions, upstream: loaders.report() };
    return withCost({ ...result, extensions }, state, cost);
  }
  if (cacheKey === null || result.errors !== undefined || !loaders.isCacheable()) return withCost(result, state, cost);
  const text = JSON.stringify(result);
  loaders.cacheResponse(cacheKey, { text, operationName: record.name, requestedRequests: requested });
  return cachedResult(withCostInJson(text, state, cost));
}

/** Adds to each event what it cost: the requests for its fields. Those of polling serve all subscribers, and are none of its own. */
function withCosts(events: OperationResult, context: Context, state: RequestState, requested: number): OperationResult {
  const report = (event: ExecutionResult): ExecutionResult =>
    // Each event has loaders of its own.
    withCost(event, state, { requested, actual: context.loaders.sentRequests() });
  return whenReady(events, (opened) =>
    isAsyncIterable<ExecutionResult>(opened) ? mapAsyncIterator(opened, report) : report(opened),
  );
}

function isResult(result: ExecutionResult | AsyncIterable<ExecutionResult>): result is ExecutionResult {
  return 'data' in result;
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
