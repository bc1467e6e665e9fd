/** The codes that a run may see, and how each comes about under what is done to it; any other one breaks a promise. */
export const EXPLAINED: ReadonlyMap<string, string> = new Map([
  ['RATE_LIMITED', 'the budget for reads is used up; while Redis is away each replica has a cautious share of it'],
  ['UPSTREAM_TIMEOUT', 'upstream hung, or was slower than an attempt may be'],
  ['UPSTREAM_UNAVAILABLE', 'upstream answered 5xx or broke connections more often than a read is repeated'],
  ['UPSTREAM_INVALID_RESPONSE', 'upstream answered with half of its JSON, too much of it, none, or a redirect'],
  ['userErrors: CONFLICT', 'a start was repeated or double-clicked, and the first one had been carried out'],
  ['userErrors: NOT_FOUND', 'a stop was repeated, and the first one had been carried out'],
  ['userErrors: OUTCOME_UNKNOWN', 'the answer to a mutation was lost, and reading back failed or told nothing'],
]);

/** Those of the codes that nothing explains. */
export function unexplained(codes: Iterable<string>): string[] {
  return [...codes].filter((code) => !EXPLAINED.has(code));
}
