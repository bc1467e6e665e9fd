import { at, listAt } from '../jsonPath.ts';

/** The results of one kind of operation. */
export interface OperationStats {
  sent: number;
  /** Operations without any error. */
  succeeded: number;
  /** The duration of each operation, including its retries. */
  durationsMs: number[];
}

/** The prefix of the reason if a connection broke although nobody was stopping its replica. */
export const UNEXPECTED_PREFIX = 'unexpected: ';

/** Counts the results of a soak test. */
export class SoakCounters {
  /** By kind of operation. */
  readonly operations = new Map<string, OperationStats>();
  /** The number of operations and events by error code. One result counts once for each code in it. */
  readonly errorCodes = new Map<string, number>();
  /** The number of broken connections by reason. */
  readonly brokenConnections = new Map<string, number>();
  /** Operations without a response after all retries. */
  unanswered = 0;

  /** Counts a GraphQL result. `problem` counts as an error code if the result has no error. */
  recordResult(kind: string, body: unknown, durationMs: number, problem: string | null = null): void {
    const stats = this.operations.get(kind) ?? { sent: 0, succeeded: 0, durationsMs: [] };
    this.operations.set(kind, stats);
    const codes = errorCodesOf(body);
    if (problem !== null && codes.size === 0) codes.add(problem);
    stats.sent += 1;
    if (codes.size === 0) stats.succeeded += 1;
    stats.durationsMs.push(durationMs);
    for (const code of codes) increment(this.errorCodes, code);
  }

  /** Counts a broken connection. `stopSignal` is the signal that its replica had received, or null if there was none. */
  recordBrokenConnection(
    stopSignal: string | null,
    transported: 'operation' | 'subscription',
    description: string,
  ): void {
    const reason = stopSignal === null ? UNEXPECTED_PREFIX + description : `${stopSignal}, ${transported}`;
    increment(this.brokenConnections, reason);
  }
}

/** Returns the codes of a result's `errors` and of its mutations' `userErrors`, the latter with the prefix `userErrors: `. */
export function errorCodesOf(body: unknown): Set<string> {
  const codes = listAt(body, 'errors').map((error) => codeIn(at(error, 'extensions')));
  const data = at(body, 'data');
  const payloads = typeof data === 'object' && data !== null ? Object.values(data) : [];
  const userErrors = payloads.flatMap((payload) => listAt(payload, 'userErrors'));
  return new Set([...codes, ...userErrors.map((userError) => `userErrors: ${codeIn(userError)}`)]);
}

function codeIn(parent: unknown): string {
  const code = at(parent, 'code');
  return typeof code === 'string' ? code : 'no code';
}

/** Adds to the count of a key, which starts at 0. */
export function increment(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
