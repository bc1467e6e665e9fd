import type { ExecutionResult } from 'graphql';

/** The distinct codes of a result's errors, in the order of the errors. An error without a code counts as `UNKNOWN`. */
export function errorCodesOf({ errors }: ExecutionResult): string[] {
  if (errors === undefined) return [];
  return [...new Set(errors.map(({ extensions: { code } }) => (typeof code === 'string' ? code : 'UNKNOWN')))];
}

const CODE = /^[A-Z_]{1,40}$/;

/** The distinct codes of a mutation's `userErrors`. Fields that the caller gave an alias are not found. */
export function userErrorCodesOf({ data }: ExecutionResult): string[] {
  const payloads: unknown[] = Object.values(data ?? {});
  const codes = payloads.flatMap((payload) => listOf(payload, 'userErrors')).map((error) => propertyOf(error, 'code'));
  return [...new Set(codes.filter((code) => typeof code === 'string'))].filter((code) => CODE.test(code));
}

function listOf(value: unknown, name: string): unknown[] {
  const list = propertyOf(value, name);
  return Array.isArray(list) ? list : [];
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
