/** Calls `read` once, at the first call, and returns the same result for every later call. */
export function lazy<Result>(read: () => Result): () => Result {
  let cached: { result: Result } | undefined;
  return () => (cached ??= { result: read() }).result;
}
