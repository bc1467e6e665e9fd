import { badRequest } from '../domain/errors.ts';

/** The request header that asks what an operation costs: `1` beside its result, `estimate` instead of executing it. */
export const COST_HEADER = 'x-cost';

/** `report`: the result must say what the operation cost. `estimate`: what the operation would cost, without executing it. */
export type CostRequest = 'report' | 'estimate';

/**
 * Reads the header `x-cost`. Where the operator does not allow it, `1` has no effect. Throws `BAD_REQUEST` for every other value, and for
 * `estimate` where it is not allowed: ignoring it would execute an operation that the caller does not want to be executed.
 */
export function costRequestOf({ headers }: Request, isAllowed: boolean): CostRequest | null {
  const value = headers.get(COST_HEADER);
  if (value === null) return null;
  if (value === '1') return isAllowed ? 'report' : null;
  if (value !== 'estimate') throw badRequest(400, `The header "${COST_HEADER}" must be "1" or "estimate".`);
  if (isAllowed) return 'estimate';
  throw badRequest(400, 'This gateway estimates no costs. The operator can allow it with COST_REPORT=on.');
}
