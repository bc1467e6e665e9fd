import { type TestResponse, matching, type TestGateway } from './gateway.ts';

/** Joins `text(0)`, `text(1)` and so on, `count` times. */
export const repeatText = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** Summarizes a response for comparison with `rejection`. */
export function summarize(gateway: TestGateway, { status, text, errors }: TestResponse): unknown {
  const summaries = errors.map(({ message, extensions: { code, retryable } }) => ({ code, retryable, message }));
  return { status, hasData: text.includes('"data":'), errors: summaries, upstream: gateway.upstreamRequests() };
}

/** The summary of a response that rejects the whole request with one error, without an upstream request. */
export const rejection = (code: string, message: RegExp, status = 200): unknown => ({
  status,
  hasData: false,
  errors: [{ code, retryable: false, message: matching(message) }],
  upstream: [],
});
