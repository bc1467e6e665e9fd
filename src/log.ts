/** Takes one event: what happened, in words that stay the same, and its particulars. No secret may be in either. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** Credentials, wherever one is quoted. */
const BEARER = /\bbearer\s+[^\s"']+/gi;

/** A log in which the `secrets` do not show, whatever an error's words hold. */
export function withoutSecrets(log: Log, secrets: readonly string[]): Log {
  const clean = (text: string): string =>
    secrets
      .reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), text)
      .replaceAll(BEARER, '[redacted]');
  return (level, message, fields = {}) => {
    const cleaned: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields))
      cleaned[name] = typeof value === 'string' ? clean(value) : value;
    log(level, message, cleaned);
  };
}
