import { type TestResponse, matching, type TestGateway } from './gateway.ts';

/** What `text` gives for 0, 1, 2 and so on, `count` times. */
export const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** What there is to see of an answer that may refuse the whole request. */
export function seen(gateway: TestGateway, { status, text, errors }: TestResponse): unknown {
  const told = errors.map(({ message, extensions: { code, retryable } }) => ({ code, retryable, message }));
  return { status, hasData: text.includes('"data":'), errors: told, upstream: gateway.upstream() };
}

/** One that does, for one reason, and has asked nothing upstream. */
export const refusal = (code: string, message: RegExp, status = 200): unknown => ({
  status,
  hasData: false,
  errors: [{ code, retryable: false, message: matching(message) }],
  upstream: [],
});
