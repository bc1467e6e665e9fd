import type { Plugin } from 'graphql-yoga';

import { badRequest } from '../../domain/errors.ts';

/** The maximum nesting of variables. No input type is nested as deep, and recursive code cannot exhaust the stack. */
const MAX_DEPTH = 50;

/** Rejects malformed GraphQL requests before they are processed, with messages that say what is wrong. */
export function useRequestValidation(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      const type = request.headers.get('content-type') ?? '';
      // For JSON bodies, Yoga's own parser reports syntax errors.
      if (requestParser !== undefined && type.startsWith('application/json')) return;
      if (requestParser !== undefined)
        setRequestParser(async (original) => withReadableErrors(async () => requestParser(original)));
      else if (request.method === 'POST') setRequestParser(parserOf(type));
    },
    onParams({ params }) {
      const operationName: unknown = params.operationName;
      if (operationName != null && typeof operationName !== 'string')
        throw badRequest(400, '"operationName" must be a string.');
      if (exceedsDepth(params.variables, MAX_DEPTH))
        throw badRequest(400, `"variables" must not be nested more than ${MAX_DEPTH} levels deep.`);
    },
  };
}

/** Returns a parser for `application/json` in another case: Yoga compares case-sensitively, contrary to RFC 9110, section 8.3.1. */
function parserOf(type: string): (request: Request) => Promise<object> {
  if (!/^application\/json\s*(;|$)/i.test(type)) throw badRequest(415, 'Send "content-type: application/json".');
  return async (request) => withReadableErrors(async () => readObject(await request.text()));
}

function readObject(text: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null) return value;
  throw badRequest(400, 'The body must be a JSON object.');
}

async function withReadableErrors<T>(parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    throw error instanceof SyntaxError
      ? badRequest(400, 'The body, "variables" and "extensions" must be valid JSON.')
      : error;
  }
}

/** Whether `value` is nested deeper than `levels`. Iterates level by level: recursion could exhaust the stack. */
function exceedsDepth(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
