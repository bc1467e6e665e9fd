/** A value that is at hand, or to be waited for. */
export type MaybePromise<T> = T | Promise<T>;

/** What `use` makes of the value: at once where it is at hand, for a promise that need not be costs more than most fields. */
export function mapMaybePromise<T, Result>(value: MaybePromise<T>, use: (value: T) => Result): MaybePromise<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Reads at the first call, and gives the same at all others. */
export function lazy<T>(read: () => MaybePromise<T>): () => MaybePromise<T> {
  let kept: { value: MaybePromise<T> } | undefined;
  return () => (kept ??= { value: read() }).value;
}
