import type { ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';

import type { BudgetSnapshot } from '../budget/reserve.ts';
import type { CachedResponse } from '../data/cache/responseCache.ts';
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

/** The total length of the texts that are kept. */
const MAX_CHARS = 2_000_000;

/** A cached response with its cost, which is true while the budget is this. */
interface CostedText extends BudgetSnapshot {
  text: string;
}

/**
 * Returns a function like `withCostInJson` for cached responses, of which nothing was sent. It keeps the texts: many callers poll the same
 * response, and copying one takes longer than everything else about its cost.
 */
export function createCachedCosts(): (response: CachedResponse, state: RequestState) => string {
  const texts = new LRUCache<CachedResponse, CostedText>({
    maxSize: MAX_CHARS,
    sizeCalculation: ({ text }) => text.length,
  });
  return (response, state) => {
    if (state.costRequest === null) return response.text;
    const { limit, remaining, resetsAt } = callerOf(state).account.budget.snapshot();
    const known = texts.get(response);
    const isCurrent = known?.remaining === remaining && known.resetsAt === resetsAt && known.limit === limit;
    if (isCurrent) return known.text;
    const text = withCostInJson(response.text, state, { requested: response.requestedRequests, actual: 0 });
    texts.set(response, { limit, remaining, resetsAt, text });
    return text;
  };
}

function reportOf({ requested, actual, plan }: Cost, state: RequestState): CostReport | CostEstimate {
  const budget = reportBudget(callerOf(state).account.budget.snapshot());
  if (plan === undefined) return { requested, actual, budget };
  return { requested, plan: Array.from(plan, ([path, requests]) => ({ path, requests })), budget };
}

function reportBudget({ remaining, limit, resetsAt }: BudgetSnapshot): ReportedBudget {
  return { remaining, limit, resetsAt: new Date(resetsAt).toISOString() };
}
