import { DEFAULT_OPERATION_LIMITS as DEFAULTS } from '../graphql/limits/operationLimits.ts';
import * as env from './env.ts';

const RANGE = { min: 1, max: 100_000_000 };

/** The limits of a single request. */
export const limitSettings = {
  depth: env.integer('QUERY_DEPTH', DEFAULTS.depth, RANGE),
  aliases: env.integer('QUERY_ALIASES', DEFAULTS.aliases, RANGE),
  rootFields: env.integer('QUERY_ROOT_FIELDS', DEFAULTS.rootFields, RANGE),
  directives: env.integer('QUERY_DIRECTIVES', DEFAULTS.directives, RANGE),
  tokens: env.integer('QUERY_TOKENS', DEFAULTS.tokens, RANGE),
  queryBytes: env.integer('QUERY_BYTES', DEFAULTS.queryBytes, RANGE),
  bodyBytes: env.integer('BODY_BYTES', DEFAULTS.bodyBytes, RANGE),
  upstreamRequests: env.integer('QUERY_COST', DEFAULTS.upstreamRequests, RANGE),
  fields: env.integer('QUERY_FIELDS', DEFAULTS.fields, RANGE),
};
