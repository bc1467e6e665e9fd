import { at, listAt } from '../json.ts';

/** What became of one kind of operation. */
export interface Outcomes {
  sent: number;
  /** Answered without any error. */
  whole: number;
  /** Milliseconds of each, those that were sent again included. */
  milliseconds: number[];
}

/** What the reason of a broken connection begins with that should not have broken. */
export const UNEXPLAINED = 'unexplained: ';

/** What is counted while it runs; what it says about one operation counts once for each code. */
export class Tally {
  readonly kinds = new Map<string, Outcomes>();
  /** Operations and events by the error codes in them. */
  readonly codes = new Map<string, number>();
  /** Connections that broke, by why. */
  readonly broken = new Map<string, number>();
  /** Operations that nobody answered, however often they were sent. */
  givenUp = 0;

  /** An operation has its answer; `body` is the whole GraphQL answer, `problem` what else is wrong with it. */
  answered(kind: string, body: unknown, milliseconds: number, problem: string | null = null): void {
    const outcomes = this.kinds.get(kind) ?? { sent: 0, whole: 0, milliseconds: [] };
    this.kinds.set(kind, outcomes);
    const codes = codesIn(body);
    if (problem !== null && codes.size === 0) codes.add(problem);
    outcomes.sent += 1;
    if (codes.size === 0) outcomes.whole += 1;
    outcomes.milliseconds.push(milliseconds);
    for (const code of codes) countUp(this.codes, code);
  }

  /** A connection broke that carried one of these; `ending`: how its replica had been told to end. */
  broke(ending: string | null, carried: 'operation' | 'subscription', what: string): void {
    countUp(this.broken, ending === null ? `${UNEXPLAINED}${what}` : `${ending}, ${carried}`);
  }
}

/** The codes of an answer's errors and of its mutations' `userErrors`. */
export function codesIn(body: unknown): Set<string> {
  const errors = listAt(body, 'errors').map((error) => codeOf(at(error, 'extensions')));
  const data = at(body, 'data');
  const payloads = typeof data === 'object' && data !== null ? Object.values(data) : [];
  const refusals = payloads.flatMap((payload) => listAt(payload, 'userErrors'));
  return new Set([...errors, ...refusals.map((refusal) => `userErrors: ${codeOf(refusal)}`)]);
}

function codeOf(holder: unknown): string {
  const code = at(holder, 'code');
  return typeof code === 'string' ? code : 'without a code';
}

export function countUp(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
