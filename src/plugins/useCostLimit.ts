import type { ExecutionArgs } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import { costOf } from '../cost.ts';
import { GatewayError } from '../errors.ts';

/** Refuses an operation that could cost more upstream requests than `most`, before the first is sent. */
export function useCostLimit(most: number): Plugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = check(args, most);
      if (refusal !== null) setResultAndStopExecution({ errors: [refusal] });
    },
  };
}

function check({ schema, document, operationName, variableValues }: ExecutionArgs, most: number): GraphQLError | null {
  const cost = costOf(schema, { document, operationName, variableValues });
  if (cost <= most) return null;
  const words = `The operation could cost ${cost} upstream requests; ${most} are allowed here. Ask for fewer rows ("first"), or for less of each.`;
  const originalError = new GatewayError('QUERY_TOO_EXPENSIVE', words, { http: { status: 400, spec: true } });
  return new GraphQLError(words, { originalError });
}
