/** The longest upstream message that is passed on, in characters. */
const LONGEST = 300;
/** The characters of it that are read. */
const MOST_READ = 2000;

/** Web addresses and paths: the API's hold the account's id. */
const ADDRESS = /\b[a-z][a-z0-9+.-]{0,30}(:|%3a)(\/|%2f){2}\S+|\/?accounts(\/|%2f)\S+/gi;
const BEARER = /\bbearer\s+\S+/gi;
/** Whatever looks like a token, a stream key or an account's id: 32 or more characters in one run. */
const LONG_RUN = /[A-Za-z0-9_+=-]{32,}/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Makes a text of upstream's fit to be shown: the `secrets` and all that looks like one are taken out, its length is bounded. */
export function redact(text: string, secrets: readonly string[]): string {
  // What follows takes time; at the cut no half of a secret may be left.
  const begin = text.length > MOST_READ ? text.slice(0, MOST_READ).replace(/\S{0,200}$/, '') : text;
  const known = secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), begin);
  const cleaned = known
    .replaceAll(ADDRESS, '[address]')
    .replaceAll(BEARER, '[redacted]')
    .replaceAll(LONG_RUN, (run) => (UUID.test(run) ? run : '[redacted]'));
  return cleaned.length > LONGEST ? `${cleaned.slice(0, LONGEST)}…` : cleaned;
}
