/** A document that is sent by its id has no text, which the protocol's machinery insists on. */
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
