export interface OperationLimits {
  /** The maximum number of nested levels of fields. */
  depth: number;
  /** The maximum number of aliases. The aliases of a fragment count each time the fragment is spread. */
  aliases: number;
  /** The maximum number of fields on the first level. */
  rootFields: number;
  directives: number;
  /** The maximum number of lexical tokens: names, values, punctuators. */
  tokens: number;
  /** The maximum size of the document. */
  queryBytes: number;
  /** The maximum size of the request body. */
  bodyBytes: number;
  /** The maximum number of upstream requests that the operation could cause, by `@cost` and `@listSize` of the schema. */
  upstreamRequests: number;
  /** The maximum number of fields that the result could have, by `@listSize` of the schema. */
  fields: number;
}

export const DEFAULT_OPERATION_LIMITS: OperationLimits = {
  depth: 12,
  aliases: 50,
  rootFields: 50,
  directives: 50,
  tokens: 2000,
  queryBytes: 20_000,
  bodyBytes: 1_000_000,
  upstreamRequests: 500,
  fields: 50_000,
};
