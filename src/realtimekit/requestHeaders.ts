/** Headers that belong to the connection, and that a request must not set. HTTP clients reject or ignore most of them. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110, section 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, section 5.5. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a request may have these headers: all are valid HTTP, and none belongs to the connection. */
export function hasValidHeaders(headers: Readonly<Record<string, string>>): boolean {
  return Object.entries(headers).every(
    ([name, value]) => NAME.test(name) && VALUE.test(value) && !CONNECTION_HEADERS.has(name.toLowerCase()),
  );
}
