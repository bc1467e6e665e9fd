export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span of a trace. Names and attributes must not contain secrets, account ids or values sent by callers. */
export interface Span {
  /** Identifies the span to other services (https://www.w3.org/TR/trace-context/#traceparent-header). */
  readonly traceparent: string;
  /** Starts a child span. `client` is for a request to another service. */
  start(name: string, kind: 'internal' | 'client', attributes: Attributes): Span;
  /** Ends the span. Further calls are ignored. */
  end(outcome?: SpanOutcome): void;
}

export interface SpanOutcome {
  /** Replaces the name that the span was started with. */
  name?: string;
  /** Added to the attributes that the span was started with. */
  attributes?: Attributes;
  /** Marks the span as failed, with this code as its `error.type`; undefined if the work succeeded. */
  errorCode?: string | undefined;
}

export interface Tracer {
  /** Starts the span of an operation. `parent` is the caller's `traceparent` header, or null. */
  start(name: string, parent: string | null): Span;
}

/** Runs `work`, a batch of reads, in a child span of `parent`. The span ends when all reads are settled. */
export function withBatchSpan<Value>(
  parent: Span,
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Value>[],
): Promise<Value>[] {
  const span = parent.start(name, 'internal', attributes);
  const reads = work(span);
  const isRejected = ({ status }: PromiseSettledResult<Value>): boolean => status === 'rejected';
  void Promise.allSettled(reads).then((results) =>
    span.end(results.some(isRejected) ? { errorCode: 'READ_FAILED' } : {}),
  );
  return reads;
}
