/** A value that is at hand, or to be waited for. */
export type AtHand<T> = T | Promise<T>;

/** What `use` makes of the value: at once where it is at hand, for a promise that need not be costs more than most fields. */
export function whenAtHand<T, Result>(value: AtHand<T>, use: (value: T) => Result): AtHand<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Reads at the first call, and gives the same at all others. */
export function once<T>(read: () => AtHand<T>): () => AtHand<T> {
  let kept: { value: AtHand<T> } | undefined;
  return () => (kept ??= { value: read() }).value;
}
