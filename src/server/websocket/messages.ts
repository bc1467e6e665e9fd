/** The types of messages that clients send. */
const CLIENT_TYPES: ReadonlySet<unknown> = new Set(['connection_init', 'ping', 'pong', 'subscribe', 'complete']);
/** The maximum length of a ping, whose payload is sent back. */
const MAX_PING_CHARS = 1000;

/** A message of a client. */
export interface ClientMessage {
  /** For graphql-ws. Empty if the message is invalid: graphql-ws then closes the connection with code 4400. */
  text: string;
  type?: unknown;
  /** The id of the operation that the message is about. */
  id?: unknown;
}

/**
 * Reads a message, and adds an empty `query` to a `subscribe` message that has none: a persisted document is sent by its id alone, but
 * graphql-ws requires a query. Messages for which graphql-ws would throw an error are invalid.
 */
export function readMessage(text: string): ClientMessage {
  try {
    const message: unknown = JSON.parse(text);
    if (!isClientMessage(message)) return { text: '' };
    const { type, id, payload } = message;
    if (type === 'ping' && text.length > MAX_PING_CHARS) return { text: '' };
    if (type !== 'subscribe' || typeof payload !== 'object' || (payload !== null && 'query' in payload))
      return { text, type, id };
    return { text: JSON.stringify({ ...message, payload: { ...payload, query: '' } }), type, id };
  } catch {
    return { text: '' };
  }
}

function isClientMessage(value: unknown): value is { type: unknown; id?: unknown; payload?: unknown } {
  return typeof value === 'object' && value !== null && 'type' in value && CLIENT_TYPES.has(value.type);
}
