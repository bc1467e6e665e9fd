/**
 * Adds an empty `query` to a `subscribe` message that has none: a persisted document is sent by its id alone, but graphql-ws requires a
 * query. Returns all other messages unchanged.
 */
export function ensureQuery(text: string): string {
  if (text.includes('"query"')) return text;
  try {
    const message: unknown = JSON.parse(text);
    if (!isSubscribe(message)) return text;
    return JSON.stringify({ ...message, payload: { ...message.payload, query: '' } });
  } catch {
    return text;
  }
}

function isSubscribe(message: unknown): message is { payload: object } {
  if (typeof message !== 'object' || message === null || !('type' in message) || !('payload' in message)) return false;
  return message.type === 'subscribe' && typeof message.payload === 'object';
}
