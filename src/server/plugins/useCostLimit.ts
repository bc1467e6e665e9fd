import { type ExecutionArgs, getOperationAST, getVariableValues, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import { costOf } from '../../graphql/limits/cost.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { OperationLimits } from '../../graphql/limits/operationLimits.ts';

/** Refuses an operation that could cost too much, or whose variables are wrong, before the first upstream request is sent. */
export function useCostLimit(limits: Pick<OperationLimits, 'cost' | 'fields'>): Plugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = check(args, limits);
      if (refusal !== null) setResultAndStopExecution({ errors: [refusal] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const refusal = check(args, limits);
      if (refusal !== null) setResultAndStopExecution({ errors: [refusal] });
    },
  };
}

function check(args: ExecutionArgs, limits: Pick<OperationLimits, 'cost' | 'fields'>): GraphQLError | null {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  // The execution says which operations there are.
  if (!operation) return null;
  // Each error repeats the whole value: one is enough.
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}, {
    maxErrors: 1,
  });
  if (coerced.errors !== undefined) return coerced.errors[0] ?? null;
  const { requests, fields } = costOf({ schema, document, operation, variables: coerced.coerced });
  if (requests > limits.cost)
    return tooExpensive(
      `The operation could cost ${requests} upstream requests; ${limits.cost} are allowed here. Ask for fewer rows ("first"), or for less of each.`,
    );
  if (fields > limits.fields)
    return tooExpensive(
      `The answer could have ${fields} fields; ${limits.fields} are allowed here. Ask for fewer rows ("first"), or for less of each.`,
    );
  return null;
}

function tooExpensive(words: string): GraphQLError {
  const originalError = new GatewayError('QUERY_TOO_EXPENSIVE', words, { http: { status: 400, spec: true } });
  return new GraphQLError(words, { originalError });
}
