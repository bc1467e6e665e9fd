import { API_KEY_HEADER } from '../../auth/bearer.ts';

/** The headers that `connection_init` may set. Browsers let pages set no headers of a WebSocket's own request. */
const ALLOWED_PARAMS = ['authorization', API_KEY_HEADER, 'x-upstream-report', 'x-cost'];
/** The headers of the WebSocket's own request that apply to its operations. */
const INHERITED_HEADERS = [...ALLOWED_PARAMS, 'host', 'origin', 'user-agent'];

/** Headers by their names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Returns the request headers for each operation of a connection. `requestHeaders` are those of the WebSocket's own request. `params`
 * is the payload of `connection_init`: its properties, and those of its `headers`, take precedence. Throws a `TypeError` for values
 * that are not valid in a header.
 */
export function createOperationHeaders(
  requestHeaders: RequestHeaders,
  params: Readonly<Record<string, unknown>> | undefined,
): Headers {
  const headers = new Headers({ 'content-type': 'application/json', accept: 'text/event-stream' });
  for (const name of INHERITED_HEADERS) {
    const value = requestHeaders[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  for (const [name, value] of [...entriesOf(params?.['headers']), ...entriesOf(params)])
    if (typeof value === 'string' && ALLOWED_PARAMS.includes(name.toLowerCase())) headers.set(name, value);
  return headers;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
