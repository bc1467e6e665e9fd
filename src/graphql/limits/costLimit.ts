import {
  type DocumentNode,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';

import { GatewayError } from '../../domain/errors.ts';
import { costOf, type CostPlan, type OperationCost } from './cost.ts';
import type { OperationLimits } from './operationLimits.ts';
import { createChangeDetector, type PageSizes } from './upstreamPages.ts';

/** An operation with the variables of a request. */
export interface CostedOperation {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** As the caller sent them. */
  variables: Readonly<Record<string, unknown>> | null | undefined;
}

/** What an operation could cost. */
export interface CheckedCost {
  /** The number of upstream requests; null if the variables are invalid. */
  requests: number | null;
  /** Why the operation must not be executed: it could cost too much, or its variables are invalid. Null if it may be. */
  error: GraphQLError | null;
}

/**
 * Returns a function that calculates the cost of an operation and checks it against the limits. It adds what each field costs to `plan`.
 * The cost is calculated once for an operation whose cost does not depend on its variables, until RealtimeKit's pages change.
 */
export function createCostLimit(
  schema: GraphQLSchema,
  limits: Pick<OperationLimits, 'upstreamRequests' | 'fields'>,
  pageSizes: PageSizes,
): (costed: CostedOperation, plan?: CostPlan) => CheckedCost {
  let fixedCosts = new WeakMap<OperationDefinitionNode, CheckedCost>();
  const haveSizesChanged = createChangeDetector(pageSizes);
  return ({ document, operation, variables }, plan) => {
    // One error is enough: each repeats the whole value.
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, {
      maxErrors: 1,
    });
    if (errors !== undefined) return { requests: null, error: errors[0] ?? null };
    if (haveSizesChanged()) fixedCosts = new WeakMap();
    const fixedCost = plan === undefined ? fixedCosts.get(operation) : undefined;
    if (fixedCost !== undefined) return fixedCost;
    let isFixed = true;
    const observed = observeReads(coerced, () => {
      isFixed = false;
    });
    const cost = costOf({ schema, document, operation, variables: observed, pageSizes }, plan);
    const checked = { requests: cost.requests, error: checkCost(cost, limits) };
    if (isFixed) fixedCosts.set(operation, checked);
    return checked;
  };
}

/** Returns `variables` with a call of `onRead` whenever graphql-js reads one. */
function observeReads(variables: Record<string, unknown>, onRead: () => void): Record<string, unknown> {
  return new Proxy(variables, {
    get(target, name): unknown {
      onRead();
      return Reflect.get(target, name);
    },
    getOwnPropertyDescriptor(target, name) {
      onRead();
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
}

function checkCost(
  { requests, fields }: OperationCost,
  limits: Pick<OperationLimits, 'upstreamRequests' | 'fields'>,
): GraphQLError | null {
  let problem: string;
  if (requests > limits.upstreamRequests)
    problem = `The operation could cost ${requests} upstream requests, but the limit is ${limits.upstreamRequests}.`;
  else if (fields > limits.fields)
    problem = `The result could have ${fields} fields, but the limit is ${limits.fields}.`;
  else return null;
  const message = `${problem} Request fewer rows ("first") or fewer fields.`;
  const originalError = new GatewayError('QUERY_TOO_EXPENSIVE', message, { http: { status: 400, spec: true } });
  return new GraphQLError(message, { originalError });
}
