import { type ExecutionArgs, getOperationAST, getVariableValues, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import { costOf } from '../../graphql/limits/cost.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { OperationLimits } from '../../graphql/limits/operationLimits.ts';

/** Rejects operations that could cost too much, or whose variables are invalid, before any upstream request is sent. */
export function useCostLimit(limits: Pick<OperationLimits, 'upstreamRequests' | 'fields'>): Plugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const error = checkCost(args, limits);
      if (error !== null) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = checkCost(args, limits);
      if (error !== null) setResultAndStopExecution({ errors: [error] });
    },
  };
}

function checkCost(
  args: ExecutionArgs,
  limits: Pick<OperationLimits, 'upstreamRequests' | 'fields'>,
): GraphQLError | null {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  // Execution reports an unknown operation name.
  if (!operation) return null;
  // One error is enough: each repeats the whole value.
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}, {
    maxErrors: 1,
  });
  if (coerced.errors !== undefined) return coerced.errors[0] ?? null;
  const { requests, fields } = costOf({ schema, document, operation, variables: coerced.coerced });
  if (requests > limits.upstreamRequests)
    return tooExpensive(
      `The operation could cost ${requests} upstream requests, but the limit is ${limits.upstreamRequests}. Request fewer rows ("first") or fewer fields.`,
    );
  if (fields > limits.fields)
    return tooExpensive(
      `The result could have ${fields} fields, but the limit is ${limits.fields}. Request fewer rows ("first") or fewer fields.`,
    );
  return null;
}

function tooExpensive(message: string): GraphQLError {
  const originalError = new GatewayError('QUERY_TOO_EXPENSIVE', message, { http: { status: 400, spec: true } });
  return new GraphQLError(message, { originalError });
}
