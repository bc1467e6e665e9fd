/** What a page, whose browser sends no headers of its choice with a WebSocket, may say of itself in `connection_init`. */
const ALLOWED_PARAMS = ['authorization', 'x-api-key', 'x-upstream-report'];
/** What the request for the WebSocket itself tells besides. */
const FROM_REQUEST = [...ALLOWED_PARAMS, 'host', 'origin', 'user-agent'];

/**
 * The headers with which each operation of a connection is sent: what `params` say, by themselves or as their `headers`, stands above
 * what the request for the WebSocket said. Throws a `TypeError` for what can stand in no header.
 */
export function headersOf(
  sent: Readonly<Record<string, string | string[] | undefined>>,
  params: Readonly<Record<string, unknown>> | undefined,
): Headers {
  const headers = new Headers({ 'content-type': 'application/json', accept: 'text/event-stream' });
  for (const name of FROM_REQUEST) {
    const value = sent[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  for (const [name, value] of [...entriesOf(params?.['headers']), ...entriesOf(params)])
    if (typeof value === 'string' && ALLOWED_PARAMS.includes(name.toLowerCase())) headers.set(name, value);
  return headers;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
