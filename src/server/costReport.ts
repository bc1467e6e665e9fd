import type { ExecutionResult } from 'graphql';

import type { BudgetSnapshot } from '../budget/reserve.ts';
import type { CostPlan } from '../graphql/limits/cost.ts';
import { callerOf, type RequestState } from './requestState.ts';

/** A number of upstream requests, unless the name says otherwise. */
interface ReportedBudget {
  remaining: number;
  limit: number;
  /** An RFC 3339 date and time, as in the schema. */
  resetsAt: string;
}

/** What an operation cost, in upstream requests: `extensions.cost` of its result. */
interface CostReport {
  /** The maximum, by the schema's `@cost` and `@listSize`. */
  requested: number;
  /** How many were sent. */
  actual: number;
  budget: ReportedBudget;
}

/** What an operation would cost, in upstream requests: `extensions.cost` of an operation that is not executed. */
interface CostEstimate {
  requested: number;
  /** The fields that cost something. The sum of their requests is `requested`. */
  plan: { path: string; requests: number }[];
  budget: ReportedBudget;
}

/** What is known about an operation's cost. `plan`: only for an estimate. */
interface Cost {
  requested: number;
  actual: number;
  plan?: CostPlan | undefined;
}

/** Adds what the operation costs to its result, if the caller wants to know. */
export function withCost(result: ExecutionResult, state: RequestState, cost: Cost): ExecutionResult {
  if (state.costRequest === null) return result;
  return { ...result, extensions: { ...result.extensions, cost: reportOf(cost, state) } };
}

/** Like `withCost`, for the JSON of a result that has no extensions. */
export function withCostInJson(resultJson: string, state: RequestState, cost: Cost): string {
  if (state.costRequest === null) return resultJson;
  return `${resultJson.slice(0, -1)},"extensions":${JSON.stringify({ cost: reportOf(cost, state) })}}`;
}

function reportOf({ requested, actual, plan }: Cost, state: RequestState): CostReport | CostEstimate {
  const budget = reportBudget(callerOf(state).account.budget.snapshot());
  if (plan === undefined) return { requested, actual, budget };
  return { requested, plan: Array.from(plan, ([path, requests]) => ({ path, requests })), budget };
}

function reportBudget({ remaining, limit, resetsAt }: BudgetSnapshot): ReportedBudget {
  return { remaining, limit, resetsAt: new Date(resetsAt).toISOString() };
}
