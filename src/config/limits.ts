import { DEFAULT_OPERATION_LIMITS, type OperationLimits } from '../graphql/limits/operationLimits.ts';
import { type Environment, readInteger } from './env.ts';

/** What one request may ask for. */
export function readLimits(environment: Environment): OperationLimits {
  const limit = (variable: string, fallback: number): number =>
    readInteger(environment, variable, { default: fallback, min: 1, max: 100_000_000 });
  return {
    depth: limit('QUERY_DEPTH', DEFAULT_OPERATION_LIMITS.depth),
    aliases: limit('QUERY_ALIASES', DEFAULT_OPERATION_LIMITS.aliases),
    rootFields: limit('QUERY_ROOT_FIELDS', DEFAULT_OPERATION_LIMITS.rootFields),
    directives: limit('QUERY_DIRECTIVES', DEFAULT_OPERATION_LIMITS.directives),
    tokens: limit('QUERY_TOKENS', DEFAULT_OPERATION_LIMITS.tokens),
    queryBytes: limit('QUERY_BYTES', DEFAULT_OPERATION_LIMITS.queryBytes),
    bodyBytes: limit('BODY_BYTES', DEFAULT_OPERATION_LIMITS.bodyBytes),
    cost: limit('QUERY_COST', DEFAULT_OPERATION_LIMITS.cost),
    fields: limit('QUERY_FIELDS', DEFAULT_OPERATION_LIMITS.fields),
  };
}
