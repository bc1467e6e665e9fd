import type { FetchAPI, Plugin } from 'graphql-yoga';

import { badRequest } from '../domain/errors.ts';
import { readBody } from '../lib/readBody.ts';

/** Reads the parameters of a GraphQL request from its body or URL. */
type RequestParser = NonNullable<Parameters<NonNullable<Plugin['onRequestParse']>>[0]['requestParser']>;

/**
 * Returns the parser of a request, whose errors say what is wrong, and which reads no more than `maxBytes`. `parser` is Yoga's for the
 * content type. Throws, before the body is read, if no parser knows the content type or if the body is too long.
 */
export function limitedParser(
  request: Request,
  parser: RequestParser | undefined,
  { maxBytes, fetchAPI }: { maxBytes: number; fetchAPI: FetchAPI },
): RequestParser | undefined {
  const readable = readableParser(request, parser);
  if (request.method !== 'POST' || readable === undefined) return readable;
  const { method, headers } = request;
  // The HTTP server reads no more bytes than this header says.
  const length = headers.get('transfer-encoding') === null ? headers.get('content-length') : null;
  if (length !== null) {
    if (Number(length) > maxBytes) throw tooLong(maxBytes);
    return readable;
  }
  return async ({ url, signal, body }) => {
    if (body === null) return readable(request);
    const bytes = await readBody(body, maxBytes);
    if (bytes === null) throw tooLong(maxBytes);
    const text = new TextDecoder().decode(bytes);
    return readable(new fetchAPI.Request(url, { method, headers, signal, body: text }));
  };
}

function tooLong(maxBytes: number): Error {
  return badRequest(413, `The request's body is longer than ${maxBytes} bytes. Send fewer or shorter values.`);
}

function readableParser({ method, headers }: Request, parser: RequestParser | undefined): RequestParser | undefined {
  const type = headers.get('content-type') ?? '';
  // For JSON bodies, Yoga's own parser reports syntax errors.
  if (parser !== undefined && type.startsWith('application/json')) return parser;
  if (parser !== undefined) return async (request) => withReadableErrors(async () => parser(request));
  if (method !== 'POST') return undefined;
  // Yoga compares case-sensitively, contrary to RFC 9110, section 8.3.1.
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
