import type { FetchAPI, Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';

import { badRequest } from '../domain/errors.ts';
import { readBody } from '../lib/readBody.ts';
import { parseMediaTypes } from './mediaTypes.ts';

/** Reads the parameters of a GraphQL request from its body or URL. */
type RequestParser = NonNullable<Parameters<NonNullable<Plugin['onRequestParse']>>[0]['requestParser']>;

const JSON_TYPE = /^application\/(graphql\+)?json$/;
/** Labels of UTF-8, and of ASCII, which is a part of it. */
const UTF8_LABEL = /^(utf-?8|(us-)?ascii)$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Returns the parser of a request, whose errors say what is wrong, and which reads no more than `maxBytes`. `parser` is Yoga's for the
 * content type. Throws, before the body is read, if the body is too long or of a type, charset or coding that the gateway does not read.
 */
export function limitedParser(
  request: Request,
  parser: RequestParser | undefined,
  { maxBytes, fetchAPI }: { maxBytes: number; fetchAPI: FetchAPI },
): RequestParser | undefined {
  const { method, headers } = request;
  if (method !== 'POST') return parser && (async () => withReadableErrors(async () => parser(request)));
  const isJson = isJsonBody(headers);
  if (!isJson && parser === undefined) throw badRequest(415, 'Send "content-type: application/json".');
  // The HTTP server reads no more bytes than this header says.
  const length = headers.get('transfer-encoding') === null ? headers.get('content-length') : null;
  if (Number(length) > maxBytes) throw tooLong(maxBytes);
  return async () => {
    const body = length === null ? request.body : null;
    const bytes = body === null ? await request.arrayBuffer() : await readBody(body, maxBytes);
    if (bytes === null) throw tooLong(maxBytes);
    const text = decode(bytes);
    if (isJson || parser === undefined) return parseObject(text);
    const { url, signal } = request;
    return withReadableErrors(async () => parser(new fetchAPI.Request(url, { method, headers, signal, body: text })));
  };
}

/** Whether the body is JSON. Throws if it is compressed, or if the header names a charset other than UTF-8. */
function isJsonBody(headers: Headers): boolean {
  if (!/^(identity)?$/i.test(headers.get('content-encoding') ?? ''))
    throw badRequest(415, 'Send the body uncompressed, without "content-encoding".');
  const { isUtf8, isJson } = recentTypes.memo(headers.get('content-type') ?? '');
  if (!isUtf8) throw badRequest(415, 'Encode the body in UTF-8, and send no other "charset".');
  return isJson;
}

/** What a `Content-Type` says. All requests of a client have the same one. */
const recentTypes = new LRUCache<string, { isUtf8: boolean; isJson: boolean }>({
  max: 100,
  memoMethod: (header) => {
    const [type] = parseMediaTypes(header);
    return {
      isUtf8: UTF8_LABEL.test(type?.parameters.get('charset') ?? 'utf-8'),
      isJson: type !== undefined && JSON_TYPE.test(type.name),
    };
  },
});

/** Decodes UTF-8, with or without a byte order mark. */
function decode(bytes: AllowSharedBufferSource): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw badRequest(400, 'Encode the body in UTF-8.');
  }
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidJson();
  }
  if (typeof value === 'object' && value !== null) return value;
  throw badRequest(400, 'The body must be a JSON object.');
}

async function withReadableErrors<T>(parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    throw error instanceof SyntaxError ? invalidJson() : error;
  }
}

function invalidJson(): Error {
  return badRequest(400, 'The body, "variables" and "extensions" must be valid JSON.');
}

function tooLong(maxBytes: number): Error {
  return badRequest(413, `The request's body is longer than ${maxBytes} bytes. Send fewer or shorter values.`);
}
