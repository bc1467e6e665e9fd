/** How much one request may ask for. */
export interface OperationLimits {
  /** Fields within each other. */
  depth: number;
  /** Fields under another name; what a fragment holds counts wherever the fragment stands. */
  aliases: number;
  /** Fields of an operation's first level. */
  rootFields: number;
  directives: number;
  /** Of GraphQL's grammar: names, values, braces. */
  tokens: number;
  queryBytes: number;
  bodyBytes: number;
  /** The most upstream requests that an operation could cost, by the schema's `@cost` and `@listSize`. */
  cost: number;
  /** The most fields that an answer could have, by the same. */
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
  cost: 500,
  fields: 50_000,
};
