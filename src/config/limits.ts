import { DEFAULT_LIMITS, type Limits } from '../graphql/limits/operationLimits.ts';
import { type Environment, readWhole } from './env.ts';

/** What one request may ask for. */
export function readLimits(environment: Environment): Limits {
  const limit = (variable: string, fallback: number): number =>
    readWhole(environment, variable, { default: fallback, least: 1, most: 100_000_000 });
  return {
    depth: limit('QUERY_DEPTH', DEFAULT_LIMITS.depth),
    aliases: limit('QUERY_ALIASES', DEFAULT_LIMITS.aliases),
    rootFields: limit('QUERY_ROOT_FIELDS', DEFAULT_LIMITS.rootFields),
    directives: limit('QUERY_DIRECTIVES', DEFAULT_LIMITS.directives),
    tokens: limit('QUERY_TOKENS', DEFAULT_LIMITS.tokens),
    queryBytes: limit('QUERY_BYTES', DEFAULT_LIMITS.queryBytes),
    bodyBytes: limit('BODY_BYTES', DEFAULT_LIMITS.bodyBytes),
    cost: limit('QUERY_COST', DEFAULT_LIMITS.cost),
    fields: limit('QUERY_FIELDS', DEFAULT_LIMITS.fields),
  };
}
