import { badRequest } from '../domain/errors.ts';

/** The maximum nesting of variables. No input type is nested as deep, and later code that is recursive cannot exhaust the stack. */
const MAX_DEPTH = 50;

/** Throws if the parameters of a request are malformed in a way that Yoga does not report. */
export function checkParams({ operationName, variables }: { operationName?: unknown; variables?: unknown }): void {
  if (operationName != null && typeof operationName !== 'string')
    throw badRequest(400, '"operationName" must be a string.');
  if (exceedsDepth(variables, MAX_DEPTH))
    throw badRequest(400, `"variables" must not be nested more than ${MAX_DEPTH} levels deep.`);
}

/** Whether `value` is nested deeper than `levels`. */
function exceedsDepth(value: unknown, levels: number): boolean {
  if (levels < 0) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((item) => exceedsDepth(item, levels - 1));
}
