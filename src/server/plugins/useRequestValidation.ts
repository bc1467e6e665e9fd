import type { Plugin } from 'graphql-yoga';

import { badRequest } from '../../domain/errors.ts';

/** How deep variables may be nested: no type of the schema is deeper, and whatever walks them is safe from running out of stack. */
const MAX_DEPTH = 50;

/** Refuses what is no GraphQL request before anything is made of it, in words that say what is wrong. */
export function useRequestValidation(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      const type = request.headers.get('content-type') ?? '';
      // Of a body of JSON Yoga itself says so.
      if (requestParser !== undefined && type.startsWith('application/json')) return;
      if (requestParser !== undefined)
        setRequestParser(async (sent) => withReadableErrors(async () => requestParser(sent)));
      else if (request.method === 'POST') setRequestParser(parserOf(type));
    },
    onParams({ params }) {
      const operationName: unknown = params.operationName;
      if (operationName != null && typeof operationName !== 'string')
        throw badRequest(400, '"operationName" is to be a text.');
      if (exceedsDepth(params.variables, MAX_DEPTH))
        throw badRequest(400, `"variables" are nested more than ${MAX_DEPTH} levels deep.`);
    },
  };
}

/** Yoga looks for its types in lower case; theirs has none (RFC 9110, 8.3.1). */
function parserOf(type: string): (request: Request) => Promise<object> {
  if (!/^application\/json\s*(;|$)/i.test(type)) throw badRequest(415, 'Send "content-type: application/json".');
  return async (request) => withReadableErrors(async () => readObject(await request.text()));
}

function readObject(text: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null) return value;
  throw badRequest(400, 'The body is to be an object.');
}

async function withReadableErrors<T>(parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    throw error instanceof SyntaxError
      ? badRequest(400, 'The body, "variables" and "extensions" are to be JSON.')
      : error;
  }
}

/** Level by level, so that the depth of what is looked at costs no stack. */
function exceedsDepth(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
