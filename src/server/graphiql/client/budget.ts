import { elementOf } from './globals.ts';
import { property } from './json.ts';

/** Needs no upstream request. */
export const BUDGET_QUERY = 'query GraphiqlBudget { upstreamBudget { limit remaining resetsAt } }';

/** Shows, from the result of `BUDGET_QUERY`, how much of the upstream request budget is left; nothing if the caller may not know. */
export function showBudget(result: unknown): void {
  const budget = property(property(result, 'data'), 'upstreamBudget');
  const [limit, remaining, resetsAt] = ['limit', 'remaining', 'resetsAt'].map((name) => property(budget, name));
  const isKnown = typeof limit === 'number' && typeof remaining === 'number' && typeof resetsAt === 'string';
  const element = elementOf('budget');
  element.textContent = isKnown ? `${format(remaining)} of ${format(limit)} upstream requests left` : '';
  element.title = isKnown ? `The full budget is available again at ${new Date(resetsAt).toLocaleTimeString()}.` : '';
}

/** Shows a message instead of the budget. */
export function replaceBudget(message: string): void {
  const element = elementOf('budget');
  element.textContent = message;
  element.title = '';
}

function format(count: number): string {
  return count.toLocaleString('en');
}
