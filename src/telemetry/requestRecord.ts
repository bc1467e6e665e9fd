import type { Span } from './tracer.ts';

/** What one request has cost upstream, counted as it goes. */
export interface Tally {
  /** Requests that were sent. */
  requests: number;
  /** Answers from memory. */
  cacheHits: number;
  /** Answers to requests that were under way already. */
  coalesced: number;
}

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** What is noted of a request for a GraphQL operation while it is served, to be told once it is over. */
export interface Note {
  /** By `performance.now()`: a duration is not to jump with the clock. */
  readonly startedAt: number;
  readonly tally: Tally;
  /** The operation's own name, as its document has it; null: it has none, or there is no operation. */
  name: string | null;
  /** Null: there is no operation. */
  kind: OperationKind | null;
  /** Whether the whole answer was at hand. */
  isKept: boolean;
  /** Undefined: nothing is traced. */
  span: Span | undefined;
  isTold: boolean;
}

/** Characters of an operation's name that are told. */
const LONGEST_NAME = 100;

const notes = new WeakMap<Request, Note>();

/** The note of this request; it begins at the first call. */
export function noteOf(request: Request): Note {
  const known = notes.get(request);
  if (known !== undefined) return known;
  const note: Note = {
    startedAt: performance.now(),
    tally: { requests: 0, cacheHits: 0, coalesced: 0 },
    name: null,
    kind: null,
    isKept: false,
    span: undefined,
    isTold: false,
  };
  notes.set(request, note);
  return note;
}

/** Notes what the operation is. */
export function noteOperation(note: Note, kind: OperationKind, name: string | undefined | null): void {
  note.kind = kind;
  note.name = name?.slice(0, LONGEST_NAME) ?? null;
}
