import type { Span } from './tracer.ts';

/** What one request has cost upstream, counted as it goes. */
export interface UpstreamCounters {
  /** Requests that were sent. */
  requests: number;
  /** Answers from memory. */
  cacheHits: number;
  /** Answers to requests that were under way already. */
  coalesced: number;
}

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** What is noted of a request for a GraphQL operation while it is served, to be told once it is over. */
export interface RequestRecord {
  /** By `performance.now()`: a duration is not to jump with the clock. */
  readonly startedAt: number;
  readonly counters: UpstreamCounters;
  /** The operation's own name, as its document has it; null: it has none, or there is no operation. */
  name: string | null;
  /** Null: there is no operation. */
  kind: OperationKind | null;
  /** Whether the whole answer was at hand. */
  fromResponseCache: boolean;
  /** Undefined: nothing is traced. */
  span: Span | undefined;
  isReported: boolean;
}

/** Characters of an operation's name that are told. */
const MAX_NAME_LENGTH = 100;

const notes = new WeakMap<Request, RequestRecord>();

/** The note of this request; it begins at the first call. */
export function recordOf(request: Request): RequestRecord {
  const known = notes.get(request);
  if (known !== undefined) return known;
  const note: RequestRecord = {
    startedAt: performance.now(),
    counters: { requests: 0, cacheHits: 0, coalesced: 0 },
    name: null,
    kind: null,
    fromResponseCache: false,
    span: undefined,
    isReported: false,
  };
  notes.set(request, note);
  return note;
}

/** Notes what the operation is. */
export function recordOperation(note: RequestRecord, kind: OperationKind, name: string | undefined | null): void {
  note.kind = kind;
  note.name = name?.slice(0, MAX_NAME_LENGTH) ?? null;
}
