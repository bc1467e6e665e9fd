import { badRequest } from '../domain/errors.ts';

/** The maximum nesting of variables. No input type is nested as deep, and recursive code cannot exhaust the stack. */
const MAX_DEPTH = 50;

/** Throws if the parameters of a request are malformed in a way that Yoga does not report. */
export function checkParams({ operationName, variables }: { operationName?: unknown; variables?: unknown }): void {
  if (operationName != null && typeof operationName !== 'string')
    throw badRequest(400, '"operationName" must be a string.');
  if (variables != null && exceedsDepth(variables, MAX_DEPTH))
    throw badRequest(400, `"variables" must not be nested more than ${MAX_DEPTH} levels deep.`);
}

/** Whether `value` is nested deeper than `levels`. Iterates level by level: recursion could exhaust the stack. */
function exceedsDepth(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
