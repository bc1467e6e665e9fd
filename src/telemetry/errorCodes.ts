import type { ExecutionResult } from 'graphql';

/** The codes of an answer's errors, each once, the first one's first. */
export function codesOf({ errors = [] }: ExecutionResult): string[] {
  return [...new Set(errors.map(({ extensions: { code } }) => (typeof code === 'string' ? code : 'UNKNOWN')))];
}

const CODE = /^[A-Z_]{1,40}$/;

/** The codes of a mutation's `userErrors`, as far as they were asked for by that name. */
export function userErrorsOf({ data }: ExecutionResult): string[] {
  const payloads: unknown[] = Object.values(data ?? {});
  const codes = payloads.flatMap((payload) => listOf(payload, 'userErrors')).map((error) => fieldOf(error, 'code'));
  return [...new Set(codes.filter((code) => typeof code === 'string'))].filter((code) => CODE.test(code));
}

function listOf(value: unknown, name: string): unknown[] {
  const list = fieldOf(value, name);
  return Array.isArray(list) ? list : [];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
