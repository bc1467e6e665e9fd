/** Longer texts are truncated to this many characters. */
const MAX_LENGTH = 300;
/** Characters of the input that are searched for secrets; the rest is discarded. */
const MAX_INPUT_LENGTH = 2000;

/** URLs, and paths with an account id, percent-encoded or not. */
const ADDRESS = /\b[a-z][a-z0-9+.-]{0,30}(:|%3a)(\/|%2f){2}\S+|\/?accounts(\/|%2f)\S+/gi;
const BEARER = /\bbearer\s+\S+/gi;
/** Anything that looks like a token, a stream key or an account id: a run of 32 or more characters. */
const LONG_RUN = /[A-Za-z0-9_+=-]{32,}/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Makes a text from RealtimeKit safe to show: removes the `secrets` and anything that looks like one, and limits its length. */
export function redact(text: string, secrets: readonly string[]): string {
  // The replacements below take time, so that the input is limited first. The cut must not leave half of a secret.
  const input = text.length > MAX_INPUT_LENGTH ? text.slice(0, MAX_INPUT_LENGTH).replace(/\S{0,200}$/, '') : text;
  const cleaned = secrets
    .reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), input)
    .replaceAll(ADDRESS, '[address]')
    .replaceAll(BEARER, '[redacted]')
    .replaceAll(LONG_RUN, (run) => (UUID.test(run) ? run : '[redacted]'));
  return cleaned.length > MAX_LENGTH ? `${cleaned.slice(0, MAX_LENGTH)}…` : cleaned;
}
