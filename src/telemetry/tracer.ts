export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One piece of work, as a trace tells it. No secret, no id of an account and no value of a caller's may be in it. */
export interface Span {
  /** The span as others are told of it (https://www.w3.org/TR/trace-context/#traceparent-header). */
  readonly traceparent: string;
  /** A piece of this one. `client`: it is a request to somebody else. */
  start(name: string, kind: 'internal' | 'client', attributes: Attributes): Span;
  /** Only the first call counts. */
  end(outcome?: SpanOutcome): void;
}

export interface SpanOutcome {
  /** What it turned out to be. */
  name?: string;
  attributes?: Attributes;
  /** A code for why it failed; undefined: it did not. */
  failure?: string | undefined;
}

/** Makes traces. */
export interface Tracer {
  /** A span for what a caller asked; `parent` is the `traceparent` that came with it, if any. */
  start(name: string, parent: string | null): Span;
}

/** Times `work`, which is many reads, as one piece of `parent`. */
export function withBatchSpan<Value>(
  parent: Span,
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Value>[],
): Promise<Value>[] {
  const span = parent.start(name, 'internal', attributes);
  const values = work(span);
  const isFailed = ({ status }: PromiseSettledResult<Value>): boolean => status === 'rejected';
  void Promise.allSettled(values).then((outcomes) =>
    span.end(outcomes.some(isFailed) ? { failure: 'READ_FAILED' } : {}),
  );
  return values;
}
