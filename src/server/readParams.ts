import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';

import { badRequest } from '../domain/errors.ts';
import { readBody } from '../lib/readBody.ts';
import { parseMediaTypes } from './mediaTypes.ts';
import { DOCUMENT_ID, type OperationParams, parseParams } from './requestParams.ts';

/** Labels of UTF-8, and of ASCII, which is a part of it. */
const UTF8_LABEL = /^(utf-?8|(us-)?ascii)$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The query of a URL. */
const QUERY = /\?([^#]*)/;

/** Turns the text of a body, or of a URL's query, into the parameters of a request. Throws `SyntaxError` for invalid JSON. */
type Parse = (text: string) => unknown;

/** By the media type of the body. */
const PARSERS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['application/json', JSON.parse],
  ['application/graphql+json', JSON.parse],
  ['application/graphql', (query) => ({ query })],
  ['application/x-www-form-urlencoded', parseForm],
]);

/**
 * Reads the parameters of a GraphQL request from its URL (GET) or its body (POST), of which it reads no more than `maxBytes`. Throws
 * `BAD_REQUEST`: before the body is read, if the body is too long or of a type, charset or coding that the gateway does not read.
 */
export async function readParams(request: Request, maxBytes: number): Promise<OperationParams> {
  const { method, url } = request;
  if (method === 'GET') return parseWith(parseForm, QUERY.exec(url)?.[1] ?? '');
  if (method !== 'POST') throw wrongMethod();
  const parse = bodyParserOf(request.headers);
  const bytes = await readBytes(request, maxBytes);
  return parseWith(parse, decode(bytes));
}

/** Throws if the gateway does not read such bodies. */
function bodyParserOf(headers: Headers): Parse {
  if (!/^(identity)?$/i.test(headers.get('content-encoding') ?? ''))
    throw badRequest(415, 'Send the body uncompressed, without "content-encoding".');
  const { isUtf8, parse } = recentTypes.memo(headers.get('content-type') ?? '');
  if (!isUtf8) throw badRequest(415, 'Encode the body in UTF-8, and send no other "charset".');
  if (parse === undefined) throw badRequest(415, 'Send "content-type: application/json".');
  return parse;
}

/** What a `Content-Type` says. All requests of a client have the same one. */
const recentTypes = new LRUCache<string, { isUtf8: boolean; parse: Parse | undefined }>({
  max: 100,
  memoMethod: (header) => {
    const [type] = parseMediaTypes(header);
    return {
      isUtf8: UTF8_LABEL.test(type?.parameters.get('charset') ?? 'utf-8'),
      parse: PARSERS.get(type?.name ?? ''),
    };
  },
});

async function readBytes(request: Request, maxBytes: number): Promise<AllowSharedBufferSource> {
  const { headers } = request;
  // The HTTP server reads no more bytes than this header says.
  const length = headers.get('transfer-encoding') === null ? headers.get('content-length') : null;
  if (Number(length) > maxBytes) throw tooLong(maxBytes);
  const body = length === null ? request.body : null;
  const bytes = body === null ? await request.arrayBuffer() : await readBody(body, maxBytes);
  if (bytes === null) throw tooLong(maxBytes);
  return bytes;
}

/** Decodes UTF-8, with or without a byte order mark. */
function decode(bytes: AllowSharedBufferSource): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw badRequest(400, 'Encode the body in UTF-8.');
  }
}

function parseWith(parse: Parse, text: string): OperationParams {
  let params: unknown;
  try {
    params = parse(text);
  } catch {
    throw badRequest(400, 'The body, "variables" and "extensions" must be valid JSON.');
  }
  if (typeof params === 'object' && params !== null) return parseParams(params);
  throw badRequest(400, 'The body must be a JSON object.');
}

/** An empty parameter means the same as none. */
function parseForm(text: string): object {
  const form = new URLSearchParams(text);
  const textOf = (name: string): string | null => form.get(name) || null;
  const jsonOf = (name: string): unknown => JSON.parse(textOf(name) ?? 'null');
  return {
    query: textOf('query'),
    operationName: textOf('operationName'),
    variables: jsonOf('variables'),
    extensions: jsonOf('extensions'),
    documentId: textOf(DOCUMENT_ID),
  };
}

function wrongMethod(): Error {
  return new GraphQLError('Send GraphQL requests with GET or POST.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: { Allow: 'GET, POST' } } },
  });
}

function tooLong(maxBytes: number): Error {
  return badRequest(413, `The request's body is longer than ${maxBytes} bytes. Send fewer or shorter values.`);
}
