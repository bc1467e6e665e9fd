import type { MaybePromise } from '@whatwg-node/promise-helpers';
import {
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';

import type { DataSource } from '../data/dataSource.ts';
import type { Context } from '../graphql/context.ts';
import { createCostLimit } from '../graphql/limits/costLimit.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import { createPreparedDocuments } from '../graphql/preparedDocuments.ts';
import { whenReady } from '../lib/maybePromise.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import { recordOperation } from '../telemetry/requestRecord.ts';
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
    const costError = checkCost({ document, operation, variables });
    if (costError !== null) return { errors: [costError] };
    const contextValue = createContext(callerOf(state), state.record, options);
    const args = { schema, document, contextValue, variableValues: variables, operationName };
    if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
      if (state.responseTypes.stream === null) throw notAcceptable('stream');
      // Keeps the request: the signal of a `Request` that was garbage-collected never aborts.
      return subscribe({ ...args, contextValue: Object.assign(contextValue, { request }) });
    }
    return whenReady(execute(args), (result) => (isResult(result) ? finish(result, contextValue, state) : result));
  };
}

/** A result that is already serialized: Yoga calls `stringify` instead of `JSON.stringify`. */
export function cachedResult(text: string): ExecutionResult {
  return Object.assign({ data: {} }, { stringify: () => text });
}

/** Adds the report of upstream requests, or caches the response, whichever applies. */
function finish(
  result: ExecutionResult,
  { loaders }: Context,
  { cacheKey, record, wantsReport }: RequestState,
): ExecutionResult {
  if (wantsReport) return { ...result, extensions: { ...result.extensions, upstream: loaders.report() } };
  if (cacheKey === null || result.errors !== undefined || !loaders.isCacheable()) return result;
  const text = JSON.stringify(result);
  loaders.cacheResponse(cacheKey, { text, operationName: record.name });
  return cachedResult(text);
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
